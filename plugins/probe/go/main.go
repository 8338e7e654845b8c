// Shows what a plugin sees of its host, one host function a record: {"op":"config","key":"greeting"} answers with the
// configured value. For trying out a configuration, and for tests. plugins/probe/cpp is the same in C++.
package main

import (
	"errors"

	wplug "wplug/sdk"
)

func fetch(record *wplug.Object) ([]byte, error) {
	body, err := wplug.HTTPGet(record.Get("url").StringOr(""))
	if err != nil {
		return nil, err
	}
	record.SetInt("bytes", int64(len(body)))
	record.SetString("start", string(body[:min(len(body), 40)]))
	return record.Bytes(), nil
}

func probe(input []byte) ([]byte, error) {
	record, err := wplug.ParseObject(input)
	if err != nil {
		return nil, err
	}
	text := func(key string) string { return record.Get(key).StringOr("") }
	switch text("op") {
	case "config":
		value := wplug.Config(text("key"))
		if value == nil {
			value = wplug.Value("null")
		}
		record.SetRaw("value", value)
	case "http":
		return fetch(record)
	case "log":
		wplug.Log(text("message"))
	case "header":
		wplug.SetHeader(text("key"), text("value"))
	case "fail":
		return nil, errors.New(text("message"))
	}
	return record.Bytes(), nil
}

func init() { wplug.Transform(probe) }

func main() {}
