// ABI 3, `midimon`: an action in, text on stdout out.
//
// Exports of a plugin: init() -> u64 (packed JSON metadata), execute(ptr, len) -> i32 (0, or the plugin's error code),
// alloc(size) -> ptr, dealloc(ptr, size), a memory. It imports nothing but WASI. A call:
//
//     at = alloc(len); write the request there; code = execute(at, len); dealloc(at, len); what it printed is the result
//
// What the documents leave open, decided here:
//   - The request is the input as it is when that is an object with an "action"; `context`, `context.timestamp` (now) and
//     `context.metadata` are added where they are missing. Any other input is a record: the action is the configured
//     `action`, the record's members are the context's metadata, as texts.
//   - Metadata names capabilities. `filesystem` declares every file, so that what is granted counts: the plugin's data
//     directory at `/`, writable, and granted directories under their own names. The other names stand for services that a
//     plugin of this ABI has no way to use here.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& midimon_abi();

}  // namespace wplug
