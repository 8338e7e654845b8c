#include "spec-tests/runner/pattern.h"

#include <array>
#include <cstdio>

namespace wplug::spec {
namespace {

// References fall into four families without common values (spec 3.0, section 3.3.3).
enum class Family : uint8_t { func, extern_, any, exn, unknown };

Family family_of(ValType type) {
  switch (type.heap()) {
    case HeapKind::func:
    case HeapKind::nofunc:
      return Family::func;
    case HeapKind::extern_:
    case HeapKind::noextern:
      return Family::extern_;
    case HeapKind::exn:
    case HeapKind::noexn:
      return Family::exn;
    case HeapKind::concrete:
      return Family::unknown;
    default:
      return Family::any;
  }
}

bool same_family(ValType pattern, ValType actual) {
  if (!actual.is_ref()) return false;
  if (pattern.is_bottom()) return true;
  const Family family = family_of(actual);
  return family == Family::unknown || family == family_of(pattern);
}

uint64_t low_mask(uint32_t bits) { return bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1; }

bool matches_nan(uint64_t bits, uint32_t width, NanClass nan) {
  const uint64_t sign = uint64_t{1} << (width - 1);
  // Exponent and quiet bit.
  const uint64_t quiet = width == 32 ? 0x7fc0'0000u : 0x7ff8'0000'0000'0000u;
  return nan == NanClass::canonical ? (bits & ~sign) == quiet : (bits & quiet) == quiet;
}

uint64_t lane_of(const Value& value, size_t index, uint32_t width) {
  const size_t bit = index * width;
  return (value.bits(static_cast<int>(bit / 64)) >> (bit % 64)) & low_mask(width);
}

bool matches_lanes(const Pattern& pattern, const Value& value) {
  if (value.type() != pattern.type) return false;
  for (size_t i = 0; i < pattern.lanes.size(); ++i) {
    const LanePattern& lane = pattern.lanes[i];
    const uint64_t bits = lane_of(value, i, pattern.lane_bits);
    if (lane.nan != NanClass::none ? !matches_nan(bits, pattern.lane_bits, lane.nan) : bits != lane.bits) return false;
  }
  return true;
}

// Any reference of a heap type.
bool matches_any_ref(const Pattern& pattern, const Value& value) {
  if (!same_family(pattern.type, value.type()) || value.ref().is_null()) return false;
  const uint64_t bits = value.ref().bits();
  switch (pattern.type.heap()) {
    case HeapKind::i31:
      return (bits & 1) != 0;
    case HeapKind::eq:
      return !value.ref().is_host();
    case HeapKind::func:
      return (bits & 7) == 0;
    case HeapKind::struct_:
    case HeapKind::array: {
      // The session says which of the two an object is.
      const HeapKind actual = value.type().heap();
      const bool is_other = actual != pattern.type.heap() && (actual == HeapKind::struct_ || actual == HeapKind::array);
      return (bits & 7) == 0 && !is_other;
    }
    default:
      return true;
  }
}

std::string hex(uint64_t bits, uint32_t width) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%0*llx", static_cast<int>(width / 4),
                static_cast<unsigned long long>(bits));
  return text.data();
}

std::string print_float(uint64_t bits, uint32_t width) {
  const double number = width == 32 ? static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)))
                                    : std::bit_cast<double>(bits);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*g", width == 32 ? 9 : 17, number);
  return hex(bits, width) + " (" + text.data() + ")";
}

std::string print_lane(const LanePattern& lane, uint32_t width, bool is_float) {
  if (lane.nan == NanClass::canonical) return "nan:canonical";
  if (lane.nan == NanClass::arithmetic) return "nan:arithmetic";
  return is_float ? print_float(lane.bits, width) : std::to_string(lane.bits);
}

std::string print_lanes(const Pattern& pattern) {
  std::string text = pattern.type.to_string();
  for (const LanePattern& lane : pattern.lanes) {
    text += " " + print_lane(lane, pattern.lane_bits, pattern.lanes_are_floats);
  }
  return text;
}

std::string print_alternatives(const Pattern& pattern) {
  std::string text = "either(";
  for (const Pattern& alternative : pattern.alternatives) {
    if (text.back() != '(') text += ", ";
    text += alternative.to_string();
  }
  return text + ")";
}

std::string print_ref(const Value& value) {
  if (value.ref().is_null()) return value.type().to_string() + " null";
  if (value.ref().is_host()) return value.type().to_string() + " " + std::to_string(value.ref().host_value());
  return value.type().to_string() + " of the store";
}

}  // namespace

bool Pattern::matches(const Value& value) const {
  switch (kind) {
    case PatternKind::lanes:
      return matches_lanes(*this, value);
    case PatternKind::null_ref:
      return same_family(type, value.type()) && value.ref().is_null();
    case PatternKind::host_ref:
      return same_family(type, value.type()) && value.ref() == Ref::host(host_value);
    case PatternKind::any_ref:
      return matches_any_ref(*this, value);
    case PatternKind::any:
      return value.type() == type;
    case PatternKind::either:
      for (const Pattern& alternative : alternatives) {
        if (alternative.matches(value)) return true;
      }
      return false;
  }
  return false;
}

std::string Pattern::to_string() const {
  switch (kind) {
    case PatternKind::lanes:
      return print_lanes(*this);
    case PatternKind::null_ref:
      return type.is_bottom() ? "null" : type.to_string() + " null";
    case PatternKind::host_ref:
      return type.to_string() + " " + std::to_string(host_value);
    case PatternKind::any_ref:
      return "any non-null " + type.to_string();
    case PatternKind::any:
      return "any " + type.to_string();
    case PatternKind::either:
      return print_alternatives(*this);
  }
  return {};
}

std::string print_value(const Value& value) {
  const ValType type = value.type();
  if (type.is_ref()) return print_ref(value);
  const std::string name = type.to_string() + " ";
  if (type.is_vec()) return name + hex(value.bits(1), 64) + "'" + hex(value.bits(0), 64).substr(2);
  if (type == ValType::f32()) return name + print_float(value.bits() & low_mask(32), 32);
  if (type == ValType::f64()) return name + print_float(value.bits(), 64);
  return name + std::to_string(type == ValType::i32() ? value.bits() & low_mask(32) : value.bits());
}

}  // namespace wplug::spec
