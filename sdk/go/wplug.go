// Package wplug is the Go SDK for wplug plugins: a plugin is one function.
//
//	package main
//
//	import wplug "wplug/sdk"
//
//	func init() { wplug.Transform(greet) }
//
//	func greet(input []byte) ([]byte, error) {
//		record, err := wplug.ParseObject(input)
//		if err != nil {
//			return nil, err
//		}
//		record.SetString("greeting", "hello "+record.Get("name").StringOr("stranger"))
//		return record.Bytes(), nil
//	}
//
//	func main() {}
//
// It builds with Go 1.24 or newer:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o greet.wasm .
//
// A Go plugin needs 6 to 10 MiB of memory, which its stage has to allow: limits = { memory = "10MiB" }.
//
// One instance handles one call at a time, and package variables are seen by later records of the same instance only:
// good for caches, wrong for counts. A panic fails the record with the panic's
// message, and the host makes a fresh instance.
package wplug

import (
	"errors"
	"fmt"
)

var (
	transformer func([]byte) ([]byte, error)
	validator   func([]byte) error
)

// Transform makes function the stage's `transform`: it gets one record, UTF-8 JSON, and returns the record that takes its
// place. The input is valid during the call only; the output may be the input or a part of it. An error fails the record.
// Call it from init.
func Transform(function func(input []byte) ([]byte, error)) { transformer = function }

// Validate makes function the stage's `validate`: a record passes unchanged unless the function returns an error.
// Call it from init.
func Validate(function func(input []byte) error) { validator = function }

// What the host answers when it does not answer with a value; use errors.Is.
var (
	ErrNotFound        = errors.New("not found")
	ErrDenied          = errors.New("domain not allowed")
	ErrExhausted       = errors.New("no http calls left")
	ErrNetwork         = errors.New("network failure")
	ErrTimedOut        = errors.New("timed out")
	ErrInvalidArgument = errors.New("invalid url")
	errUnknown         = errors.New("failed")
)

var hostErrors = map[int32]error{
	-1: ErrNotFound, -2: ErrDenied, -3: ErrExhausted, -4: ErrNetwork, -5: ErrTimedOut, -6: ErrInvalidArgument,
}

const (
	firstConfigBytes = 256
	firstBodyBytes   = 64 * 1024
)

var settings = map[string]Value{}

// Config returns the configured value of a key, nil when there is none. The host is asked once; the value stays the same
// as long as the instance lives.
func Config(key string) Value {
	value, known := settings[key]
	if !known {
		text, code := readGrowing(firstConfigBytes, func(out []byte) int32 { return hostGetConfig(key, out) })
		if code > 0 && Check(text) == nil {
			value = Value(text)
		}
		settings[key] = value
	}
	return value
}

// Log writes a line to the host's log.
func Log(message string) { hostLog(message) }

// Logf writes a formatted line to the host's log.
func Logf(format string, args ...any) { hostLog(fmt.Sprintf(format, args...)) }

// SetHeader sets a header of the response that the record becomes part of.
func SetHeader(key, value string) { hostSetHeader(key, value) }

// HTTPGet returns the body of a URL. The domain must be granted to the stage, and the call counts against its
// `http_calls`; a body over 64 KiB takes two of them.
func HTTPGet(url string) ([]byte, error) {
	body, code := readGrowing(firstBodyBytes, func(out []byte) int32 { return hostHTTPGet(url, out) })
	if code < 0 {
		reason := hostErrors[code]
		if reason == nil {
			reason = errUnknown
		}
		return nil, fmt.Errorf("http_get %s: %w", url, reason)
	}
	return body, nil
}

// readGrowing calls fetch, and once more when the value did not fit. A negative code is the host's.
func readGrowing(capacity int32, fetch func(out []byte) int32) (value []byte, code int32) {
	value = make([]byte, capacity)
	code = fetch(value)
	if code > capacity {
		capacity = code
		value = make([]byte, capacity)
		code = fetch(value)
	}
	if code < 0 {
		return nil, code
	}
	return value[:min(code, capacity)], code
}
