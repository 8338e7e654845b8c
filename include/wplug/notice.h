// Notices: for host code that wants to know that a guest takes long, and lets it go on.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "wplug/store.h"

namespace wplug {

// Calls `notice` once, on the thread that runs the guest, when guest code of `store` is found running at this time; then the
// guest goes on. It must not use the store and not throw. nullopt: none. Replaces the notice before it; stores made by
// make_nested_store have the same one.
void set_notice(Store& store, std::optional<std::chrono::steady_clock::time_point> at, std::function<void()> notice = {});

}  // namespace wplug
