// Shapes a record for its reader: drops, masks, uppercases and renames fields, in that order.
//
//	config = { drop = ["debug"], mask = { card = 4 }, uppercase = ["currency"], rename = { user_id = "userId" } }
//
// mask keeps the last characters, as many as it says, and makes the others `*`; a number or boolean is masked as the text
// it is written as, an array or object becomes "***", null stays. uppercase changes the ASCII letters of strings. Fields
// that are not there are passed over. plugins/transformer/cpp is the same in C++.
package main

import (
	"strings"
	"unicode/utf8"

	wplug "wplug/sdk"
)

type mask struct {
	field string
	keep  int
}

type rename struct{ field, to string }

type plan struct {
	drop      []string
	mask      []mask
	uppercase []string
	rename    []rename
}

// table returns the members of a configured table; none when it is missing or no table.
func table(key string) []wplug.Field {
	members, err := wplug.ParseObject(wplug.Config(key))
	if err != nil {
		return nil
	}
	return members.Fields()
}

func readPlan() *plan {
	p := &plan{drop: wplug.Config("drop").Strings(), uppercase: wplug.Config("uppercase").Strings()}
	for _, field := range table("mask") {
		keep, _ := field.Value.Int()
		p.mask = append(p.mask, mask{field.Key(), int(max(keep, 0))})
	}
	for _, field := range table("rename") {
		p.rename = append(p.rename, rename{field.Key(), field.Value.StringOr("")})
	}
	return p
}

// masked has `*` for every character but the last keep ones.
func masked(text string, keep int) string {
	shown := len(text) // where the last keep characters begin
	for shown > 0 && keep > 0 {
		shown--
		if utf8.RuneStart(text[shown]) {
			keep--
		}
	}
	return strings.Repeat("*", utf8.RuneCountInString(text[:shown])) + text[shown:]
}

func (m *mask) apply(record *wplug.Object) {
	value := record.Get(m.field)
	switch value.Kind() {
	case wplug.Absent, wplug.Null:
	case wplug.Array, wplug.ObjectKind:
		record.SetString(m.field, "***")
	default:
		record.SetString(m.field, masked(value.StringOr(value.Text()), m.keep))
	}
}

func uppercase(record *wplug.Object, field string) {
	text, ok := record.Get(field).Str()
	if !ok {
		return
	}
	upper := []byte(text)
	for i, c := range upper {
		if c >= 'a' && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	record.SetString(field, string(upper))
}

var cached *plan

func transform(input []byte) ([]byte, error) {
	if cached == nil {
		cached = readPlan()
	}
	record, err := wplug.ParseObject(input)
	if err != nil {
		return nil, err
	}
	for _, field := range cached.drop {
		record.Remove(field)
	}
	for i := range cached.mask {
		cached.mask[i].apply(record)
	}
	for _, field := range cached.uppercase {
		uppercase(record, field)
	}
	for _, rename := range cached.rename {
		record.Rename(rename.field, rename.to)
	}
	return record.Bytes(), nil
}

func init() { wplug.Transform(transform) }

func main() {}
