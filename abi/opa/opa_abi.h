// The ABI of Open Policy Agent's compiled policies (opa build -t wasm), ABI 1.0 to 1.3: an imported memory, a document of
// data that stays, an input for each evaluation, and the set of results as JSON.
//
// The record is the input; `data` of the configuration is the data; the entry is the name of an entrypoint
// ("example/allow"). The heap goes back to where it was after the data for each evaluation.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& opa_abi();

}  // namespace wplug
