// The host module that every conformance script may import (spec interpreter/host/spectest.ml).
#pragma once

#include "wplug/error.h"
#include "wplug/linker.h"
#include "wplug/store.h"

namespace wplug::spec {

// Makes the objects of `spectest` in the store and names them in the linker. What the engine has no types for yet
// (a table addressed by i64, a shared memory) is left out.
Result<void> define_spectest(Store& store, Linker& linker);

}  // namespace wplug::spec
