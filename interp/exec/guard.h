// Guard pages: out-of-bounds accesses that fault instead of being compared.
#pragma once

namespace wplug {

// True where this build and machine can turn a fault into a trap: tail dispatch on x86-64 Linux without sanitizers, whose handlers keep the
// machine's state in known registers.
bool guard_pages_supported();

}  // namespace wplug
