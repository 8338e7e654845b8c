// A target for libFuzzer: WPLUG_FUZZ_TARGET names it.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wplug::fuzz::WPLUG_FUZZ_TARGET({data, size});
  return 0;
}
