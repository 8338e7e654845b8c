//go:build wasip1

// Package guest is what reglet plugins in Go share: the exports of the earlier form (describe, schema, observe), memory
// that the host writes answers to, and calls of the host.
package guest

import (
	"encoding/json"
	"time"
	"unsafe"
)

// Capability is one line of what describe declares.
type Capability struct {
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
}

// Description is what describe says.
type Description struct {
	Name         string       `json:"name"`
	Version      string       `json:"version"`
	Description  string       `json:"description"`
	Capabilities []Capability `json:"capabilities"`
	SDKVersion   string       `json:"sdk_version,omitempty"`
}

// ErrorDetail is `error` in answers and evidence.
type ErrorDetail struct {
	Message    string `json:"message"`
	Type       string `json:"type"`
	Code       string `json:"code"`
	IsTimeout  bool   `json:"is_timeout,omitempty"`
	IsNotFound bool   `json:"is_not_found,omitempty"`
}

// Evidence is what observe gives, with its keys as Go writes them.
type Evidence struct {
	Status    bool
	Error     *ErrorDetail
	Timestamp time.Time
	Data      map[string]any
	Raw       *string
}

// Context goes with every request.
type Context struct {
	Deadline  *time.Time `json:"deadline,omitempty"`
	TimeoutMs int64      `json:"timeout_ms,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
	Canceled  bool
}

var (
	description Description
	schemaText  []byte
	observer    func(config []byte) Evidence
	// What the host may write to or has yet to read: kept from the garbage collector.
	pinned = map[uint32][]byte{}
)

// Register tells what the exports give; for init.
func Register(d Description, schema string, observe func(config []byte) Evidence) {
	description, schemaText, observer = d, []byte(schema), observe
}

// Failure is evidence that something could not be observed.
func Failure(kind, message string) Evidence {
	return Evidence{Error: &ErrorDetail{Message: message, Type: kind, Code: "failed"}}
}

// Of is the evidence of an answer.
func Of(err *ErrorDetail, data map[string]any) Evidence {
	return Evidence{Status: err == nil, Error: err, Data: data}
}

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	buffer := make([]byte, size)
	at := uint32(uintptr(unsafe.Pointer(&buffer[0])))
	pinned[at] = buffer
	return at
}

//go:wasmexport deallocate
func deallocate(at, size uint32) { delete(pinned, at) }

func give(text []byte) uint64 {
	at := allocate(uint32(len(text)))
	copy(pinned[at], text)
	return uint64(at)<<32 | uint64(len(text))
}

func giveJSON(value any) uint64 {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(Failure("internal", err.Error()))
	}
	return give(text)
}

func take(packed uint64) []byte {
	at, length := uint32(packed>>32), uint32(packed)
	buffer := pinned[at]
	delete(pinned, at)
	if uint32(len(buffer)) < length {
		return nil
	}
	return buffer[:length]
}

// Ask sends a request to a host function and reads its answer.
func Ask(function func(uint64) uint64, request, answer any) *ErrorDetail {
	text, err := json.Marshal(request)
	if err != nil {
		return &ErrorDetail{Message: err.Error(), Type: "internal"}
	}
	packed := give(text)
	got := take(function(packed))
	deallocate(uint32(packed>>32), uint32(packed))
	if err := json.Unmarshal(got, answer); err != nil {
		return &ErrorDetail{Message: err.Error(), Type: "internal"}
	}
	return nil
}

//go:wasmexport describe
func describe() uint64 { return giveJSON(description) }

// Bytes become base64.
//
//go:wasmexport schema
func schema() uint64 { return giveJSON(schemaText) }

//go:wasmexport observe
func observe(at, length uint32) uint64 {
	evidence := observer(pinned[at][:length])
	evidence.Timestamp = time.Now().UTC()
	return giveJSON(evidence)
}
