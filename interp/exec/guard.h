// Guard pages: out-of-bounds accesses that fault instead of being compared.
#pragma once

namespace wplug {

// True where this build and machine can turn a fault into a trap: tail dispatch on x86-64 Linux, optimized and without sanitizers, so that
// handlers keep the machine's state in known registers.
bool guard_pages_supported();

// Installs the process's SIGSEGV and SIGBUS handler, once; faults that are not a guest's go to the handler that was there before.
// Called when an engine with guard pages is made. Safe from any thread.
void install_guard_handler();

}  // namespace wplug
