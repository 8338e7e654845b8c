//go:build wasip1

// Whether a TCP server answers, in the shape of reglet's earlier plugins. plugins/reglet-tcp/cpp says how it is configured.
package main

import (
	"encoding/json"
	"fmt"

	"wplug/plugins/reglet/guest"
)

//go:wasmimport reglet_host tcp_connect
func tcpConnect(request uint64) uint64

type request struct {
	Host      string        `json:"host"`
	Port      string        `json:"port"`
	TimeoutMs int           `json:"timeout_ms,omitempty"`
	TLS       bool          `json:"tls"`
	Context   guest.Context `json:"context"`
}

type answer struct {
	Connected      bool               `json:"connected"`
	RemoteAddr     string             `json:"remote_addr"`
	ResponseTimeMs int64              `json:"response_time_ms"`
	TLSVersion     string             `json:"tls_version"`
	Error          *guest.ErrorDetail `json:"error"`
}

func observe(text []byte) guest.Evidence {
	var r request
	if err := json.Unmarshal(text, &r); err != nil || r.Host == "" {
		return guest.Failure("config", fmt.Sprintf("host is missing: %v", err))
	}
	var got answer
	if problem := guest.Ask(tcpConnect, r, &got); problem != nil {
		return guest.Evidence{Error: problem}
	}
	return guest.Of(got.Error, map[string]any{"connected": got.Connected, "remote_addr": got.RemoteAddr,
		"response_time_ms": got.ResponseTimeMs, "tls_version": got.TLSVersion})
}

func init() {
	guest.Register(guest.Description{Name: "tcp", Version: "1.1.0", Description: "connects to a TCP server",
		Capabilities: []guest.Capability{{Kind: "network", Pattern: "outbound:*"}}},
		`{"type":"object","properties":{"host":{"type":"string"},"port":{"type":"string"}},"required":["host","port"]}`,
		observe)
}

func main() {}
