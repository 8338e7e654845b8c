// Lua without setjmp, which WebAssembly 1.0 cannot express: an error ends the program. The native program is built the
// same.
#pragma once
#include <stdlib.h>
#define LUAI_THROW(state, buffer) abort()
#define LUAI_TRY(state, buffer, action) {action}
#define luai_jmpbuf int
