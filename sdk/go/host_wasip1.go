//go:build wasip1

package wplug

import "unsafe"

//go:wasmimport env log
func importLog(message unsafe.Pointer, size uint32)

//go:wasmimport env get_config
func importGetConfig(key unsafe.Pointer, keySize uint32, out unsafe.Pointer, capacity uint32) int32

//go:wasmimport env http_get
func importHTTPGet(url unsafe.Pointer, urlSize uint32, out unsafe.Pointer, capacity uint32) int32

//go:wasmimport env set_header
func importSetHeader(key unsafe.Pointer, keySize uint32, value unsafe.Pointer, valueSize uint32)

//go:wasmimport env set_error
func importSetError(message unsafe.Pointer, size uint32)

// The addresses are valid as long as the host function runs: Go's collector does not move memory.
func address(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

func room(out []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(out)), uint32(len(out))
}

func hostLog(message string) { importLog(address(message)) }

func hostGetConfig(key string, out []byte) int32 {
	keyAt, keySize := address(key)
	at, capacity := room(out)
	return importGetConfig(keyAt, keySize, at, capacity)
}

func hostHTTPGet(url string, out []byte) int32 {
	urlAt, urlSize := address(url)
	at, capacity := room(out)
	return importHTTPGet(urlAt, urlSize, at, capacity)
}

func hostSetHeader(key, value string) {
	keyAt, keySize := address(key)
	valueAt, valueSize := address(value)
	importSetHeader(keyAt, keySize, valueAt, valueSize)
}

func hostSetError(message string) { importSetError(address(message)) }
