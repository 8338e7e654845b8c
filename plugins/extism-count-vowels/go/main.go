// An Extism plugin without a PDK: counts vowels, and keeps the total of all calls in a variable.
package main

import (
	"fmt"
	"strconv"
	"strings"
)

//go:wasmimport extism:host/env alloc
func extismAlloc(length uint64) uint64

//go:wasmimport extism:host/env length
func extismLength(block uint64) uint64

//go:wasmimport extism:host/env load_u8
func extismLoad(offset uint64) uint32

//go:wasmimport extism:host/env store_u8
func extismStore(offset uint64, b uint32)

//go:wasmimport extism:host/env input_length
func extismInputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func extismInputLoad(index uint64) uint32

//go:wasmimport extism:host/env output_set
func extismOutputSet(offset, length uint64)

//go:wasmimport extism:host/env config_get
func extismConfigGet(key uint64) uint64

//go:wasmimport extism:host/env var_get
func extismVarGet(key uint64) uint64

//go:wasmimport extism:host/env var_set
func extismVarSet(key, value uint64)

func blockOf(text string) uint64 {
	block := extismAlloc(uint64(len(text)))
	for i := range len(text) {
		extismStore(block+uint64(i), uint32(text[i]))
	}
	return block
}

func textOf(block uint64) string {
	text := make([]byte, extismLength(block))
	for i := range text {
		text[i] = byte(extismLoad(block + uint64(i)))
	}
	return string(text)
}

//go:wasmexport count_vowels
func countVowels() int32 {
	vowels := textOf(extismConfigGet(blockOf("vowels")))
	if vowels == "" {
		vowels = "aeiouAEIOU"
	}
	count := 0
	for i, n := uint64(0), extismInputLength(); i < n; i++ {
		if strings.IndexByte(vowels, byte(extismInputLoad(i))) >= 0 {
			count++
		}
	}
	before, _ := strconv.Atoi(textOf(extismVarGet(blockOf("total"))))
	total := before + count
	extismVarSet(blockOf("total"), blockOf(strconv.Itoa(total)))
	answer := fmt.Sprintf(`{"count":%d,"total":%d,"vowels":%q}`, count, total, vowels)
	extismOutputSet(blockOf(answer), uint64(len(answer)))
	return 0
}

func main() {}
