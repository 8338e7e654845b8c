// A plugin that misbehaves on request, to show that a host survives it: {"op":"loop"} loops for ever. An op it does not
// know makes it a plugin that returns its input.
package main

import (
	"errors"
	"os"
	"strings"
	"time"

	wplug "wplug/sdk"
)

var (
	calls int64
	kept  [][]byte
	none  map[string]int
)

var operations = map[string]func(record *wplug.Object) error{
	"panic": func(*wplug.Object) error { panic("out of patience") },
	"index": func(record *wplug.Object) error {
		record.SetInt("at", int64([]int{1}[len(record.Fields())]))
		return nil
	},
	"nil_map":     func(*wplug.Object) error { none["x"] = 1; return nil },
	"nil_pointer": func(*wplug.Object) error { var record *wplug.Object; record.SetInt("x", 1); return nil },
	"panic_elsewhere": func(*wplug.Object) error {
		done := make(chan bool)
		go func() { defer close(done); panic("in a goroutine") }()
		<-done
		return nil
	},
	"deadlock": func(*wplug.Object) error { select {} },
	"loop": func(*wplug.Object) error {
		for {
			calls += 0
		}
	},
	"hog": func(*wplug.Object) error {
		for {
			kept = append(kept, make([]byte, 1<<16))
		}
	},
	"recurse":    func(record *wplug.Object) error { record.SetInt("depth", deeper(1)); return nil },
	"sleep_long": func(*wplug.Object) error { time.Sleep(time.Hour); return nil },
	"exit":       func(*wplug.Object) error { os.Exit(41); return nil },
	"http_denied": func(*wplug.Object) error {
		_, err := wplug.HTTPGet("https://not-allowed.example/secret")
		if !errors.Is(err, wplug.ErrDenied) {
			return errors.New("the host did not deny it")
		}
		return err
	},
	"log_flood": func(*wplug.Object) error {
		for line := strings.Repeat("x", 100_000); ; {
			wplug.Log(line)
		}
	},
	"open_files": func(record *wplug.Object) error {
		opened := int64(0)
		for _, path := range []string{"/etc/passwd", "../../../../etc/passwd", ".", "/"} {
			if _, err := os.Open(path); err == nil {
				opened++
			}
		}
		record.SetInt("opened", opened)
		return nil
	},
	"print": func(*wplug.Object) error { os.Stdout.WriteString("{\"forged\":true}\n"); return nil },
	"count": func(record *wplug.Object) error { calls++; record.SetInt("calls", calls); return nil },
	"fail":  func(*wplug.Object) error { return errors.New("refused \"politely\"\nin two lines") },
}

//go:noinline
func deeper(depth int64) int64 { return deeper(depth+1) + 1 }

func misbehave(input []byte) ([]byte, error) {
	record, err := wplug.ParseObject(input)
	if err != nil {
		return nil, err
	}
	if operation := operations[record.Get("op").StringOr("")]; operation != nil {
		if err := operation(record); err != nil {
			return nil, err
		}
	}
	return record.Bytes(), nil
}

func init() { wplug.Transform(misbehave) }

func main() {}
