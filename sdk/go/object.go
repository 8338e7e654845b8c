package wplug

import (
	"slices"
	"strconv"
)

// A Field is one field of an object.
type Field struct {
	rawKey []byte // between the quotes, escapes as written
	Value  Value
	tag    uint32
}

// Keys are compared by tag first: their size and last byte, or escapedTag for one that is written with escapes and must be
// read to be compared. A field that is not the one looked for costs one comparison.
const escapedTag = 0xffffffff

func tagOf(size int, last byte) uint32 { return uint32(size&0x3fffff)<<8 | uint32(last) }

func tagOfString(key string) uint32 {
	if key == "" {
		return 0
	}
	return tagOf(len(key), key[len(key)-1])
}

func tagOfRaw(key []byte) uint32 {
	if len(key) == 0 {
		return 0
	}
	return tagOf(len(key), key[len(key)-1])
}

// Key returns the characters of the field's name.
func (f *Field) Key() string { return unescape(f.rawKey) }

// hasKey is for a field whose tag is that of key, or escapedTag. The loops around it stay small.
//
//go:noinline
func (f *Field) hasKey(key string) bool {
	if f.tag == escapedTag {
		return f.Key() == key
	}
	return string(f.rawKey) == key
}

// An Object is the top-level fields of a JSON object, in order. A record is read once, checked in full (RFC 8259, UTF-8, at
// most 256 levels), and kept as the texts of its fields. What a plugin does not touch goes out as it came in: the order of
// the fields, the digits of a number, the escapes of a string, the inside of a nested value. Lookups are linear, which is
// cheap for the tens of fields a record has.
//
// A key that occurs more than once is one field: lookups see the last one, and set, rename and remove act on all of them,
// so a masked field cannot slip through as a duplicate.
//
// An object made during a call is valid until the call ends.
type Object struct {
	fields []Field
	kept   []byte // texts that are not in the input
	out    []byte
}

// Objects are used again by the next call: a record costs the collector nothing.
var objects []*Object
var objectsInUse int

const (
	usualFields   = 24
	usualBytes    = 1024
	mostObjects   = 8
	largestObject = 64 * 1024
)

func reclaimObjects() { objectsInUse = 0 }

func newObject() *Object {
	if objectsInUse < len(objects) {
		object := objects[objectsInUse]
		objectsInUse++
		object.fields, object.kept = object.fields[:0], object.kept[:0]
		return object
	}
	object := &Object{fields: make([]Field, 0, usualFields), kept: make([]byte, 0, usualBytes)}
	if len(objects) < mostObjects {
		objects = append(objects, object)
		objectsInUse++
	}
	return object
}

// ParseObject reads text, which must stay as it is while the object is used. The error is a *SyntaxError.
func ParseObject(text []byte) (*Object, error) {
	object := newObject()
	s := scanner{text: text}
	if !s.readObject(object) || !s.end() {
		object.fields = object.fields[:0]
		return nil, s.err()
	}
	return object, nil
}

func (s *scanner) readObject(object *Object) bool {
	s.skipSpace()
	if !s.take('{') {
		return s.expected("expected an object")
	}
	s.skipSpace()
	if s.take('}') {
		return true
	}
	for {
		s.skipSpace()
		key, escapes := s.at+1, s.escapes
		if !s.skipString() {
			return false
		}
		rawKey, escaped := s.text[key:s.at-1], s.escapes != escapes
		s.skipSpace()
		if !s.take(':') {
			return s.expected("expected ':'")
		}
		s.skipSpace()
		value := s.at
		if !s.skipValue() {
			return false
		}
		tag := tagOfRaw(rawKey)
		if escaped {
			tag = escapedTag
		}
		object.fields = append(object.fields, Field{rawKey, s.text[value:s.at:s.at], tag})
		s.skipSpace()
		if !s.take(',') {
			return s.take('}') || s.expected("expected ',' or '}'")
		}
	}
}

// find is the place of the first field with a key from a place on; the number of fields when there is none.
func (o *Object) find(key string, from int) int {
	fields, tag := o.fields, tagOfString(key)
	for at := from; at < len(fields); at++ {
		if found := fields[at].tag; (found == tag || found == escapedTag) && fields[at].hasKey(key) {
			return at
		}
	}
	return len(fields)
}

// Get returns the value of a key, nil when there is none.
func (o *Object) Get(key string) Value {
	fields, tag := o.fields, tagOfString(key)
	for at := len(fields) - 1; at >= 0; at-- {
		if found := fields[at].tag; (found == tag || found == escapedTag) && fields[at].hasKey(key) {
			return fields[at].Value
		}
	}
	return nil
}

// Has is true when there is such a field.
func (o *Object) Has(key string) bool { return o.Get(key).Present() }

// Fields returns the fields in order.
func (o *Object) Fields() []Field { return o.fields }

// SetString sets a field in its place, or as the last one when it is new. So do the other setters.
func (o *Object) SetString(key, value string) {
	first := len(o.kept)
	o.kept = append(o.kept, '"')
	o.kept = appendEscaped(o.kept, value)
	o.kept = append(o.kept, '"')
	o.set(key, o.keptFrom(first))
}

// SetInt sets a field to a number.
func (o *Object) SetInt(key string, value int64) {
	first := len(o.kept)
	o.kept = strconv.AppendInt(o.kept, value, 10)
	o.set(key, o.keptFrom(first))
}

// SetBool sets a field to true or false.
func (o *Object) SetBool(key string, value bool) {
	first := len(o.kept)
	o.kept = strconv.AppendBool(o.kept, value)
	o.set(key, o.keptFrom(first))
}

// SetRaw sets a field to a JSON value.
func (o *Object) SetRaw(key string, value Value) {
	first := len(o.kept)
	o.kept = append(o.kept, value...)
	o.set(key, o.keptFrom(first))
}

// keptFrom is what was appended to kept since it had the given size. Growing kept later leaves it where it is.
func (o *Object) keptFrom(first int) []byte { return o.kept[first:len(o.kept):len(o.kept)] }

func (o *Object) fieldOf(key string, value Value) Field {
	first := len(o.kept)
	o.kept = appendEscaped(o.kept, key)
	rawKey := o.keptFrom(first)
	if len(rawKey) != len(key) {
		return Field{rawKey, value, escapedTag}
	}
	return Field{rawKey, value, tagOfRaw(rawKey)}
}

func (o *Object) set(key string, value Value) {
	if at := o.find(key, 0); at < len(o.fields) {
		o.replace(at, key, Field{o.fields[at].rawKey, value, o.fields[at].tag})
	} else {
		o.fields = append(o.fields, o.fieldOf(key, value))
	}
}

// replace puts by in the place of the first field with a key, which is at, and takes out the others.
func (o *Object) replace(at int, key string, by Field) {
	o.fields[at] = by
	for other := o.find(key, at+1); other < len(o.fields); other = o.find(key, other) {
		o.fields = slices.Delete(o.fields, other, other+1)
	}
}

// Remove returns true when there was such a field.
func (o *Object) Remove(key string) bool {
	before := len(o.fields)
	for at := o.find(key, 0); at < len(o.fields); at = o.find(key, at) {
		o.fields = slices.Delete(o.fields, at, at+1)
	}
	return len(o.fields) < before
}

// Rename gives the field a new name in its place; a field that had the name goes. It returns true when there was such a
// field.
func (o *Object) Rename(key, to string) bool {
	value := o.Get(key)
	if value == nil || key == to {
		return value != nil
	}
	o.Remove(to)
	o.replace(o.find(key, 0), key, o.fieldOf(to, value))
	return true
}

// Bytes returns the object as compact JSON, valid until the call ends or the object is used again.
func (o *Object) Bytes() []byte {
	out := append(o.out[:0], '{')
	for i := range o.fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, o.fields[i].rawKey...)
		out = append(out, '"', ':')
		out = append(out, o.fields[i].Value...)
	}
	out = append(out, '}')
	o.out = out
	if cap(out) > largestObject {
		o.out = nil // a record of megabytes does not keep its room for ever
	}
	return out
}
