// WASI's C library has no setjmp. This empty file is found instead of the one of the machine's own C library.
#pragma once
