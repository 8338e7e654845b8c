// Stores within a call: for host code that has to throw away instances while the store it serves lives on.
#pragma once

#include "wplug/error.h"
#include "wplug/store.h"

namespace wplug {

// A store for work that is part of a call in `outer`: its engine and limits, what is left of its fuel, its deadline and
// notice, and whoever interrupts `outer` stops this one too. Errors: as of Store::create.
Result<Store> make_nested_store(const Store& outer);

// Adds what `inner` used to the counts of `outer`: instructions, refusals of memory, and its peak of memory on top of what
// `outer` holds now. Once for each nested store.
void absorb_nested_store(Store& outer, const Store& inner);

}  // namespace wplug
