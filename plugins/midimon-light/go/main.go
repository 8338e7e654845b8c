// A plugin of the midimon ABI: switches a lamp, prints what it did, and counts its actions in its data directory.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"
)

const metadata = `{"name":"light","version":"1.0.0","description":"switches a lamp","author":"wplug","license":"Apache-2.0",` +
	`"type":"action","capabilities":["filesystem"]}`

type request struct {
	Action  string `json:"action"`
	Context struct {
		Velocity *uint8            `json:"velocity"`
		Metadata map[string]string `json:"metadata"`
	} `json:"context"`
}

// What the host was given and has not given back.
var buffers = map[uint32][]byte{}

var described = []byte(metadata)

func address(data []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(data)))) }

//go:wasmexport init
func describe() uint64 { return uint64(address(described))<<32 | uint64(len(described)) }

//go:wasmexport alloc
func alloc(size uint32) uint32 {
	data := make([]byte, max(size, 1))
	buffers[address(data)] = data
	return address(data)
}

//go:wasmexport dealloc
func dealloc(at, _ uint32) { delete(buffers, at) }

// Adds one to the number in the file; 0 when there is no place to keep it.
func countUp() int {
	text, _ := os.ReadFile("/counter")
	count, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if os.WriteFile("/counter", []byte(strconv.Itoa(count+1)+"\n"), 0o600) != nil {
		return 0
	}
	return count + 1
}

// 1: the request has no action; 3: there is no such action.
//
//go:wasmexport execute
func execute(at, length uint32) int32 {
	var asked request
	if json.Unmarshal(buffers[at][:length], &asked) != nil || asked.Action == "" {
		return 1
	}
	if asked.Action != "on" && asked.Action != "off" {
		fmt.Fprintln(os.Stderr, "there is no action", asked.Action)
		return 3
	}
	fmt.Print(asked.Context.Metadata["lamp"], ": ", asked.Action)
	if asked.Context.Velocity != nil {
		fmt.Printf(", %d%%", int(*asked.Context.Velocity)*100/127)
	}
	if count := countUp(); count > 0 {
		fmt.Print(", action ", count)
	}
	fmt.Println()
	return 0
}

func main() {}
