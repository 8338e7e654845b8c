// Lets a record pass when it keeps the configured rules, and else says which ones it breaks, all of them.
//
//	config = { required = ["user_id"], types = { amount = "number" }, ranges = { amount = [0, 10000] },
//	           one_of = { currency = ["EUR", "USD"] } }
//
// A required field is there and not null. Types are null, boolean, number, integer, string, array, object; an integer is
// a number written without fraction and exponent. Ranges include both ends and apply to numbers, one_of to strings; a
// field that is not there, or null, breaks none of these three. plugins/validator/cpp is the same in C++.
package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	wplug "wplug/sdk"
)

type rules struct {
	required []string
	types    []typeRule
	ranges   []rangeRule
	choices  []choiceRule
	problem  error // with the configuration; then every record fails with it
}

type typeRule struct{ field, name string }

type rangeRule struct {
	field     string
	low, high wplug.Value
}

type choiceRule struct {
	field   string
	choices []string
}

var typeNames = []string{"null", "boolean", "number", "integer", "string", "array", "object"}

// readTable calls read for each member of a configured object; it returns false for a value of the wrong shape.
func (r *rules) readTable(key, shape string, read func(field string, value wplug.Value) bool) {
	table := wplug.Config(key)
	if !table.Present() {
		return
	}
	members, err := wplug.ParseObject(table)
	good := err == nil
	if good {
		for _, member := range members.Fields() {
			good = good && read(member.Key(), member.Value)
		}
	}
	if !good && r.problem == nil {
		r.problem = errors.New("config " + key + ": want " + shape)
	}
}

func readRules() *rules {
	r := &rules{required: wplug.Config("required").Strings()}
	r.readTable("types", "a type name for each field", func(field string, value wplug.Value) bool {
		name := value.StringOr("")
		r.types = append(r.types, typeRule{field, name})
		return slices.Contains(typeNames, name)
	})
	r.readTable("ranges", "[low, high] for each field", func(field string, value wplug.Value) bool {
		ends := value.Items()
		if len(ends) != 2 || ends[0].Kind() != wplug.Number || ends[1].Kind() != wplug.Number {
			return false
		}
		r.ranges = append(r.ranges, rangeRule{field, ends[0], ends[1]})
		return true
	})
	r.readTable("one_of", "a list of strings for each field", func(field string, value wplug.Value) bool {
		r.choices = append(r.choices, choiceRule{field, value.Strings()})
		return len(value.Strings()) > 0
	})
	return r
}

func hasType(value wplug.Value, name string) bool {
	if name == "integer" {
		return value.Kind() == wplug.Number && !bytes.ContainsAny(value, ".eE")
	}
	return value.Kind().String() == name
}

func given(value wplug.Value) bool { return value.Present() && value.Kind() != wplug.Null }

// Findings are the rules that a record breaks, as one line.
type findings struct{ message strings.Builder }

func (f *findings) add(field, text string) {
	if f.message.Len() > 0 {
		f.message.WriteString("; ")
	}
	f.message.WriteString("field " + wplug.Quote(field).Text() + text)
}

func (f *findings) err() error {
	if f.message.Len() == 0 {
		return nil
	}
	return errors.New(f.message.String())
}

func (f *findings) checkRange(rule *rangeRule, value wplug.Value) {
	if value.Kind() == wplug.Number &&
		(wplug.CompareNumbers(value, rule.low) < 0 || wplug.CompareNumbers(value, rule.high) > 0) {
		f.add(rule.field, ": "+value.Text()+" is outside "+rule.low.Text()+" to "+rule.high.Text())
	}
}

func (f *findings) checkChoice(rule *choiceRule, value wplug.Value) {
	if text, ok := value.Str(); ok && !slices.Contains(rule.choices, text) {
		f.add(rule.field, ": "+wplug.Quote(text).Text()+" is not an allowed value")
	}
}

var cached *rules

func validate(input []byte) error {
	if cached == nil {
		cached = readRules()
	}
	if cached.problem != nil {
		return cached.problem
	}
	record, err := wplug.ParseObject(input)
	if err != nil {
		return err
	}
	var found findings
	for _, field := range cached.required {
		if !given(record.Get(field)) {
			found.add(field, " is missing")
		}
	}
	for _, rule := range cached.types {
		if value := record.Get(rule.field); given(value) && !hasType(value, rule.name) {
			found.add(rule.field, ": want "+rule.name+", found "+value.Kind().String())
		}
	}
	for i := range cached.ranges {
		found.checkRange(&cached.ranges[i], record.Get(cached.ranges[i].field))
	}
	for i := range cached.choices {
		found.checkChoice(&cached.choices[i], record.Get(cached.choices[i].field))
	}
	return found.err()
}

func init() { wplug.Validate(validate) }

func main() {}
