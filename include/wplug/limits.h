// What a plugin may use.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace wplug {

namespace limit_kind {
using duration = std::chrono::nanoseconds;
using size = uint64_t;
using count = uint64_t;
}  // namespace limit_kind

// Limits of one plugin; the budgets are those of a single call. All are checked by the host, none by the guest. The
// values here are those of the transform ABI; another ABI has its own (PluginAbi::default_limits).
struct PluginLimits {
#define WPLUG_LIMIT(name, kind, value, least, most, doc) limit_kind::kind name = limit_kind::kind(value);
#include "wplug/limits.def"
};

// The limits that somebody set; the others are left to the ABI.
struct LimitSettings {
#define WPLUG_LIMIT(name, kind, value, least, most, doc) std::optional<limit_kind::kind> name;
#include "wplug/limits.def"

  // `defaults` with what is set here in its place.
  PluginLimits over(PluginLimits defaults) const {
#define WPLUG_LIMIT(name, kind, value, least, most, doc) \
  if (name) defaults.name = *name;
#include "wplug/limits.def"
    return defaults;
  }
  // These settings, and `others` where they have none.
  LimitSettings or_else(const LimitSettings& others) const {
    LimitSettings result = *this;
#define WPLUG_LIMIT(name, kind, value, least, most, doc) \
  if (!result.name) result.name = others.name;
#include "wplug/limits.def"
    return result;
  }
};

}  // namespace wplug
