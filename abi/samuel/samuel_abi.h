// ABI 4, `samuel`: plugins with any number of entries without parameters, called by name.
//
// Exports of a plugin: entries () -> …, health() -> i32 (0: healthy), samuel_protocol_version() -> u32 (missing: 1),
// samuel_alloc(size) -> ptr where it wants bytes from the host. Host functions are listed in functions.def.
//
// What the documents leave open, decided here:
//   - A call's input (a record) is what config_get gives for the key `input`. Configured values are texts as they are, and
//     JSON for what is no text.
//   - A call's result is the payload of the last callback named `output`; without one the entry's results as JSON: null,
//     a number, or an array of several.
//   - The size of what fs_read and config_get give is the one that samuel_alloc was asked for.
//   - The entry to call when none is named: `run`, else the only one there is.
//   - A program (`_start`), as TinyGo builds it, runs once before the first call; it may end with exit code 0.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& samuel_abi();

}  // namespace wplug
