// What `wplug bench --dispatch` prints of a module that has run.
#pragma once

#include <cstdint>

#include "wplug/module.h"

namespace wplug {

// `functions`: of how many the code is shown.
void print_dispatches(const Module& module, uint64_t instructions, uint64_t functions);

}  // namespace wplug
