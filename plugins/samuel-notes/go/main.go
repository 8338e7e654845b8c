// A plugin of the samuel ABI: keeps records as the lines of a file, and runs a command over it. Configured: `file`, and
// `command` for publish.
package main

import (
	"strconv"
	"strings"
	"unsafe"
)

//go:wasmimport samuel log
func hostLog(level, text string)

//go:wasmimport samuel fs_read
func fsRead(path string) uint64

//go:wasmimport samuel fs_write
func fsWrite(path, body string) uint32

//go:wasmimport samuel exec
func exec(command string) uint32

//go:wasmimport samuel config_get
func configGet(key string) uint64

//go:wasmimport samuel callback
func callback(name, payload string) uint32

// What the host asked for last: it is what it then gives.
var allocated []byte

//go:wasmexport samuel_protocol_version
func protocolVersion() uint32 { return 1 }

//go:wasmexport samuel_alloc
func alloc(size uint32) uint32 {
	allocated = make([]byte, max(size, 1))
	address := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(allocated))))
	allocated = allocated[:size]
	return address
}

// Takes over what the host put into alloc's memory; empty for 0.
func take(at uint64) string {
	if at == 0 {
		return ""
	}
	return string(allocated)
}

func config(key string) string { return take(configGet(key)) }

// Healthy when it knows its file.
//
//go:wasmexport health
func health() int32 {
	if config("file") == "" {
		return 1
	}
	return 0
}

// Adds the call's input as a line. The code of fs_write.
//
//go:wasmexport run
func run() int32 {
	path := config("file")
	notes := take(fsRead(path))
	record := strings.ReplaceAll(config("input"), "\n", " ")
	notes += record + "\n"
	code := fsWrite(path, notes)
	if code == 0 {
		hostLog("info", "noted "+record)
		callback("output", `{"notes":`+strconv.Itoa(strings.Count(notes, "\n"))+`}`)
	}
	return int32(code)
}

// Runs the configured command. The code of exec.
//
//go:wasmexport publish
func publish() int32 { return int32(exec(config("command"))) }

func main() {}
