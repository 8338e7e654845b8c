// WASI's C library knows one rounding mode. The others only decide how QuickJS prints numbers that are halfway between
// two.
#pragma once
#include <fenv.h>
#ifndef FE_DOWNWARD
#define FE_DOWNWARD FE_TONEAREST
#define FE_UPWARD FE_TONEAREST
#endif
