// Features: which parts of WebAssembly an engine accepts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wplug {

enum class Feature : uint8_t {
#define WPLUG_FEATURE(name, text, profile) name,
#include "wplug/features.def"
};

inline constexpr size_t kFeatureCount = 0
#define WPLUG_FEATURE(name, text, profile) +1
#include "wplug/features.def"
    ;

// The name of a feature as messages and command lines have it: "simd", "multi-memory".
constexpr std::string_view to_string(Feature feature) {
  constexpr std::string_view kNames[] = {
#define WPLUG_FEATURE(name, text, profile) text,
#include "wplug/features.def"
  };
  return kNames[static_cast<unsigned>(feature)];
}

// A set of features. WebAssembly 1.0 (`mvp`) is always in it.
class Features {
 public:
  // Everything that the library has as it was built (docs/small.md).
  static Features all();
  // WebAssembly 1.0 alone.
  static constexpr Features none() { return {}; }

  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr Features& enable(Feature feature) {
    bits_ |= bit(feature);
    return *this;
  }
  constexpr Features& disable(Feature feature) {
    if (feature != Feature::mvp) bits_ &= ~bit(feature);
    return *this;
  }
  constexpr bool operator==(const Features&) const = default;

  // The feature of a name; nullopt when there is none.
  static std::optional<Feature> find(std::string_view name);

 private:
  static constexpr uint32_t bit(Feature feature) { return uint32_t{1} << static_cast<unsigned>(feature); }
  uint32_t bits_ = 1;
};

}  // namespace wplug
