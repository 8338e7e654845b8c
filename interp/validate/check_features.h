// Which features a module needs.
#pragma once

#include "interp/wasm/module_def.h"
#include "wplug/error.h"
#include "wplug/features.h"

namespace wplug {

// Error `invalid`, with the feature's name and the offset, when a decoded module uses what is not in `features`. A pass of its
// own over the whole module, bodies included, so that an engine with everything switched on spends nothing on it. A body
// that is malformed is looked at up to there; the rest is the validator's.
Result<void> check_features(const ModuleDef& module, Features features);

}  // namespace wplug
