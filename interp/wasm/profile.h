// What this build has of WebAssembly: the profile column of features.def. Whole files are left out of a build by meson,
// and the folder's left_out.cc stands for them.
#pragma once

#include "wplug/features.h"

#ifndef WPLUG_PROFILE_SMALL
#define WPLUG_PROFILE_SMALL 0
#endif

namespace wplug {

enum class Profile : uint8_t { small, full };
inline constexpr Profile kProfile = WPLUG_PROFILE_SMALL ? Profile::small : Profile::full;

inline constexpr Features kBuiltFeatures = [] {
  Features features = Features::none();
#define WPLUG_FEATURE(name, text, profile) \
  if (Profile::profile <= kProfile) features.enable(Feature::name);
#include "wplug/features.def"
  return features;
}();

constexpr bool in_build(Feature feature) { return kBuiltFeatures.has(feature); }

// The internal code as text, for engine people.
inline constexpr bool kHasPrinter = kProfile != Profile::small;

}  // namespace wplug
