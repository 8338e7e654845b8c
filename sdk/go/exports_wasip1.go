//go:build wasip1

package wplug

import "unsafe"

// Inputs are buffers that the host owns between malloc and free. The map keeps them alive, for the collector cannot see
// the host's pointer, and a freed one is kept for the next record.
var (
	inputs = map[unsafe.Pointer][]byte{}
	spare  []byte
	output []byte // what the last entry returned, kept alive until the next one
)

const (
	smallestInput = 1024
	largestSpare  = 64 * 1024
	largestInput  = 1 << 30
)

//go:wasmexport malloc
func exportMalloc(size uint32) unsafe.Pointer {
	if size > largestInput {
		return nil
	}
	buffer := spare
	spare = nil
	if uint32(len(buffer)) < size || buffer == nil {
		buffer = make([]byte, max(size, smallestInput))
	}
	at := unsafe.Pointer(unsafe.SliceData(buffer))
	inputs[at] = buffer
	return at
}

//go:wasmexport free
func exportFree(at unsafe.Pointer) {
	if buffer := inputs[at]; len(buffer) <= largestSpare {
		spare = buffer
	}
	delete(inputs, at)
}

//go:wasmexport get_output_len
func exportGetOutputLen() uint32 { return uint32(len(output)) }

//go:wasmexport transform
func exportTransform(at unsafe.Pointer, size uint32) unsafe.Pointer {
	if transformer == nil && validator == nil {
		return fail("this plugin has no transform: call wplug.Transform from init")
	}
	if transformer == nil {
		return exportValidate(at, size)
	}
	return enter(at, size, transformer)
}

//go:wasmexport validate
func exportValidate(at unsafe.Pointer, size uint32) unsafe.Pointer {
	if validator == nil {
		return fail("this plugin has no validate: call wplug.Validate from init")
	}
	return enter(at, size, func(input []byte) ([]byte, error) { return input, validator(input) })
}

func enter(at unsafe.Pointer, size uint32, function func([]byte) ([]byte, error)) unsafe.Pointer {
	reclaimObjects()
	result, err := function(unsafe.Slice((*byte)(at), size))
	if err != nil {
		return fail(err.Error())
	}
	if result == nil {
		result = []byte{} // a null pointer would say that the call failed; an empty slice has an address
	}
	output = result
	return unsafe.Pointer(unsafe.SliceData(result))
}

func fail(message string) unsafe.Pointer {
	output = nil
	hostSetError(message)
	return nil
}
