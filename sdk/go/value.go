package wplug

import (
	"bytes"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// A Kind is what a JSON value is.
type Kind uint8

// The kinds. Absent is the kind of a field that is not there.
const (
	Absent Kind = iota
	Null
	Boolean
	Number
	String
	Array
	ObjectKind
)

func (k Kind) String() string {
	return [...]string{"absent", "null", "boolean", "number", "string", "array", "object"}[k]
}

// A Value is the text of one JSON value, or nil when there is none. A value read from the input is valid as long as the
// input is.
type Value []byte

// Kind tells what the value is.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Absent
	}
	switch v[0] {
	case '"':
		return String
	case '{':
		return ObjectKind
	case '[':
		return Array
	case 't', 'f':
		return Boolean
	case 'n':
		return Null
	}
	return Number
}

// Present is true for a value that is there, null included.
func (v Value) Present() bool { return len(v) > 0 }

// Text is the JSON text of the value.
func (v Value) Text() string { return string(v) }

// Str returns the characters of a string, and false for another kind. A lone surrogate escape reads as U+FFFD.
func (v Value) Str() (string, bool) {
	if v.Kind() != String {
		return "", false
	}
	return unescape(v[1 : len(v)-1]), true
}

// StringOr returns the characters of a string, and otherwise for another kind.
func (v Value) StringOr(otherwise string) string {
	if text, ok := v.Str(); ok {
		return text
	}
	return otherwise
}

// Int returns a number without fraction or exponent that fits, and false for others.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	number, err := strconv.ParseInt(string(v), 10, 64)
	return number, err == nil
}

// Bool returns a boolean, and false as its second value for another kind.
func (v Value) Bool() (value, ok bool) { return len(v) > 0 && v[0] == 't', v.Kind() == Boolean }

// Items returns the values of an array, in order; none for another kind.
func (v Value) Items() []Value {
	if v.Kind() != Array {
		return nil
	}
	var items []Value
	s := scanner{text: v, at: 1}
	s.skipSpace()
	for !s.take(']') {
		s.skipSpace()
		first := s.at
		if !s.skipValue() {
			break
		}
		items = append(items, v[first:s.at:s.at])
		s.skipSpace()
		s.take(',')
	}
	return items
}

// Strings returns the strings among the values of an array.
func (v Value) Strings() []string {
	var out []string
	for _, item := range v.Items() {
		if text, ok := item.Str(); ok {
			out = append(out, text)
		}
	}
	return out
}

func hexValue(c byte) rune {
	if c <= '9' {
		return rune(c - '0')
	}
	return rune(c|0x20) - 'a' + 10
}

func readHex4(raw []byte) rune {
	return hexValue(raw[0])<<12 | hexValue(raw[1])<<8 | hexValue(raw[2])<<4 | hexValue(raw[3])
}

// readCode reads the \u escape that raw starts with, with the second half of a surrogate pair, and its size.
func readCode(raw []byte) (code rune, size int) {
	code = readHex4(raw[2:])
	if code >= 0xd800 && code < 0xdc00 && len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if low := readHex4(raw[8:]); low >= 0xdc00 && low < 0xe000 {
			return 0x10000 + (code-0xd800)<<10 + (low - 0xdc00), 12
		}
	}
	return code, 6 // utf8.AppendRune writes U+FFFD for a surrogate
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hasEscape(raw []byte) bool { return bytes.IndexByte(raw, '\\') >= 0 }

// unescape returns the characters of the checked inside of a string.
func unescape(raw []byte) string {
	if !hasEscape(raw) {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		switch {
		case raw[i] != '\\':
			out = append(out, raw[i])
			i++
		case raw[i+1] == 'u':
			code, size := readCode(raw[i:])
			out = utf8.AppendRune(out, code)
			i += size
		default:
			out = append(out, simpleEscape(raw[i+1]))
			i += 2
		}
	}
	return string(out)
}

const hexDigits = "0123456789abcdef"

func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '\b':
		return append(out, '\\', 'b')
	case '\f':
		return append(out, '\\', 'f')
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	case '"', '\\':
		return append(out, '\\', c)
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendEscaped appends text as the inside of a JSON string.
func appendEscaped(out []byte, text string) []byte {
	raw := unsafe.Slice(unsafe.StringData(text), len(text)) // read only
	for at := 0; ; {
		plain := plainEnd(raw, at)
		out = append(out, text[at:plain]...)
		if plain == len(text) {
			return out
		}
		if c := text[plain]; c < utf8.RuneSelf {
			out = appendEscape(out, c)
		} else {
			out = append(out, c)
		}
		at = plain + 1
	}
}

// Quote returns text as a JSON string with its quotes; it escapes only what JSON demands.
func Quote(text string) Value {
	out := append(make([]byte, 0, len(text)+2), '"')
	return append(appendEscaped(out, text), '"')
}
