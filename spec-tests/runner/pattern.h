// Patterns: what a script expects of a result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug::spec {

enum class NanClass : uint8_t {
  none,        // the bits count
  canonical,   // quiet bit alone, any sign
  arithmetic,  // quiet bit set, any sign and rest
};

// A number, or one lane of a vector: bits of the lane's width, or a class of NaNs.
struct LanePattern {
  uint64_t bits = 0;
  NanClass nan = NanClass::none;
};

enum class PatternKind : uint8_t {
  lanes,     // a number (one lane) or a vector
  null_ref,  // a null reference
  host_ref,  // the host reference with a given number
  any_ref,   // any reference to something, of the pattern's heap type
  any,       // any value of the type
  either,    // one of the alternatives
};

struct Pattern {
  PatternKind kind = PatternKind::any;
  // Of the value; bottom where every reference type fits (a bare null).
  ValType type = ValType::i32();
  uint32_t lane_bits = 32;  // 8, 16, 32 or 64
  bool lanes_are_floats = false;
  std::vector<LanePattern> lanes;  // from the lowest
  uint64_t host_value = 0;
  std::vector<Pattern> alternatives;

  bool matches(const Value& value) const;
  // "f32 nan:canonical", "i32 7", "either(…)".
  std::string to_string() const;
};

// The value as messages print it: numbers by value and floats by bits too ("f32 0x7fc00000 (nan)").
std::string print_value(const Value& value);

}  // namespace wplug::spec
