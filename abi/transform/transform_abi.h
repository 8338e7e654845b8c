// ABI 1, `transform`: a record in, a record out.
//
// Exports of a plugin: malloc(size) -> ptr, free(ptr), get_output_len() -> len, a memory, and entries
// (ptr, len) -> result ptr, by default `transform`, else `validate`. A call:
//
//     at = malloc(len); write the record there; result = entry(at, len); read get_output_len() bytes at result; free(at)
//
// The result belongs to the plugin. A result of 0 or a set_error during the call is the plugin's refusal. Host functions
// are listed in functions.def; WASI is there too, with nothing in it but what grants name.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& transform_abi();

}  // namespace wplug
