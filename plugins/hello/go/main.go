// The smallest useful plugin: greets whoever the record names.
package main

import wplug "wplug/sdk"

func init() { wplug.Transform(greet) }

func greet(input []byte) ([]byte, error) {
	record, err := wplug.ParseObject(input)
	if err != nil {
		return nil, err
	}
	greeting := wplug.Config("greeting").StringOr("hello")
	record.SetString("greeting", greeting+" "+record.Get("name").StringOr("stranger"))
	return record.Bytes(), nil
}

func main() {}
