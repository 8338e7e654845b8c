//go:build wasip1

// Reads a file, or writes one, in the shape of reglet's earlier plugins. plugins/reglet-file/cpp says how it is configured.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"wplug/plugins/reglet/guest"
)

//go:wasmimport reglet_host fs_read
func fsRead(request uint64) uint64

//go:wasmimport reglet_host fs_write
func fsWrite(request uint64) uint64

type config struct {
	Path    string        `json:"path"`
	Through string        `json:"through"`
	Write   []byte        `json:"write"`
	Context guest.Context `json:"context"`
}

type request struct {
	Path    string        `json:"path"`
	Data    []byte        `json:"data,omitempty"`
	Context guest.Context `json:"context"`
}

type answer struct {
	Data  []byte             `json:"data"`
	Error *guest.ErrorDetail `json:"error"`
}

func throughHost(function func(uint64) uint64, c config) guest.Evidence {
	var got answer
	if problem := guest.Ask(function, request{c.Path, c.Write, c.Context}, &got); problem != nil {
		return guest.Evidence{Error: problem}
	}
	if got.Error != nil {
		return guest.Of(got.Error, nil)
	}
	return guest.Of(nil, map[string]any{"path": c.Path, "content": string(got.Data)})
}

func observe(text []byte) guest.Evidence {
	var c config
	if err := json.Unmarshal(text, &c); err != nil || c.Path == "" {
		return guest.Failure("config", fmt.Sprintf("path is missing: %v", err))
	}
	if len(c.Write) > 0 {
		return throughHost(fsWrite, c)
	}
	if c.Through == "host" {
		return throughHost(fsRead, c)
	}
	content, err := os.ReadFile(c.Path)
	if os.IsNotExist(err) {
		return guest.Of(nil, map[string]any{"path": c.Path, "exists": false})
	}
	if err != nil {
		return guest.Failure("fs", err.Error())
	}
	return guest.Of(nil, map[string]any{"path": c.Path, "exists": true, "size": len(content), "content": string(content)})
}

func init() {
	guest.Register(guest.Description{Name: "file", Version: "1.1.0", Description: "reads and writes files",
		Capabilities: []guest.Capability{{Kind: "fs", Pattern: "read:**"}, {Kind: "fs", Pattern: "write:**"}}},
		`{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}`, observe)
}

func main() {}
