// For kernels that exist twice: with vectors where the compiler has them for wasm (-msimd128, kVectors is 1), else in
// scalar code of the same result.
#pragma once

#include "kernel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
enum { kVectors = 1 };
#else
enum { kVectors = 0 };
#endif
