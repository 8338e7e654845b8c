// Adds fields that follow from others.
//
//	config = { region = { from = "phone", prefixes = { "+49" = "de", "+1" = "us" }, otherwise = "other" },
//	           priority = { from = "amount", high = 1000, medium = 100 },
//	           bucket = { from = "user_id", count = 64 }, constants = { source = "edge" } }
//
// region: the value of the longest prefix that the text starts with. priority: "high", "medium" or "low" by two bounds;
// "low" for what is not a number. bucket: FNV-1a of the text modulo count, for a record that has the field; a number
// counts as the text it is written as. constants: any JSON values, as they are. A table that is not configured adds
// nothing. plugins/enricher/cpp is the same in C++.
package main

import (
	"strings"

	wplug "wplug/sdk"
)

type prefix struct{ prefix, region string }

type constant struct {
	key   string
	value wplug.Value
}

type plan struct {
	regionFrom   string
	prefixes     []prefix
	otherwise    string
	priorityFrom string
	high, medium wplug.Value
	bucketFrom   string
	buckets      int64
	constants    []constant
}

// table returns the members of a configured table; none when it is missing or no table.
func table(value wplug.Value) *wplug.Object {
	members, err := wplug.ParseObject(value)
	if err != nil {
		return &wplug.Object{}
	}
	return members
}

func numberOr(value wplug.Value, otherwise string) wplug.Value {
	if value.Kind() == wplug.Number {
		return value
	}
	return wplug.Value(otherwise)
}

func readPlan() *plan {
	p := &plan{}
	region := table(wplug.Config("region"))
	p.regionFrom = region.Get("from").StringOr("")
	p.otherwise = region.Get("otherwise").StringOr("other")
	for _, field := range table(region.Get("prefixes")).Fields() {
		p.prefixes = append(p.prefixes, prefix{field.Key(), field.Value.StringOr("")})
	}
	priority := table(wplug.Config("priority"))
	p.priorityFrom = priority.Get("from").StringOr("")
	p.high = numberOr(priority.Get("high"), "1000")
	p.medium = numberOr(priority.Get("medium"), "100")
	bucket := table(wplug.Config("bucket"))
	p.bucketFrom = bucket.Get("from").StringOr("")
	p.buckets = 64
	if count, ok := bucket.Get("count").Int(); ok {
		p.buckets = count
	}
	for _, field := range table(wplug.Config("constants")).Fields() {
		p.constants = append(p.constants, constant{field.Key(), field.Value})
	}
	return p
}

// words returns what a value says: the characters of a string, the text of anything else.
func words(value wplug.Value) string {
	if text, ok := value.Str(); ok {
		return text
	}
	return value.Text()
}

func (p *plan) regionOf(text string) string {
	region, length := p.otherwise, -1
	for _, candidate := range p.prefixes {
		if len(candidate.prefix) > length && strings.HasPrefix(text, candidate.prefix) {
			region, length = candidate.region, len(candidate.prefix)
		}
	}
	return region
}

func (p *plan) priorityOf(value wplug.Value) string {
	switch {
	case value.Kind() != wplug.Number:
		return "low"
	case wplug.CompareNumbers(value, p.high) >= 0:
		return "high"
	case wplug.CompareNumbers(value, p.medium) >= 0:
		return "medium"
	}
	return "low"
}

func fnv1a(text string) uint32 {
	hash := uint32(2166136261)
	for i := 0; i < len(text); i++ {
		hash = (hash ^ uint32(text[i])) * 16777619
	}
	return hash
}

var cached *plan

func enrich(input []byte) ([]byte, error) {
	if cached == nil {
		cached = readPlan()
	}
	record, err := wplug.ParseObject(input)
	if err != nil {
		return nil, err
	}
	if cached.regionFrom != "" {
		record.SetString("region", cached.regionOf(words(record.Get(cached.regionFrom))))
	}
	if cached.priorityFrom != "" {
		record.SetString("priority", cached.priorityOf(record.Get(cached.priorityFrom)))
	}
	if cached.bucketFrom != "" && cached.buckets > 0 && record.Has(cached.bucketFrom) {
		record.SetInt("bucket", int64(fnv1a(words(record.Get(cached.bucketFrom))))%cached.buckets)
	}
	for _, constant := range cached.constants {
		record.SetRaw(constant.key, constant.value)
	}
	return record.Bytes(), nil
}

func init() { wplug.Transform(enrich) }

func main() {}
