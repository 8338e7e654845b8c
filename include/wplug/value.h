// Values as the embedder passes them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "wplug/types.h"

namespace wplug {

// A reference: null, a number of 31 bits (i31ref), a host value (externref), or an object of a store. Eight bytes, as in
// frames and tables. How long objects live: ref.h.
//   0             null
//   ...xxx000     address of a store object (function, structure, array, exception)
//   ...xxxxx1     i31
//   ...xxxx10     host value v, as v << 2 | 2
class Ref {
 public:
  constexpr Ref() = default;
  static constexpr Ref null() { return Ref(); }
  static constexpr Ref from_bits(uint64_t bits) { Ref r; r.bits_ = bits; return r; }
  // `value` below 2^62.
  static constexpr Ref host(uint64_t value) { return from_bits(value << 2 | 2); }

  // The low 31 bits of `value`.
  static constexpr Ref i31(uint32_t value) { return from_bits(static_cast<uint32_t>(value << 1 | 1)); }

  constexpr bool is_null() const { return bits_ == 0; }
  constexpr bool is_host() const { return (bits_ & 3) == 2; }
  constexpr uint64_t host_value() const { return bits_ >> 2; }
  constexpr bool is_i31() const { return (bits_ & 1) != 0; }
  // Sign-extended.
  constexpr int32_t i31_value() const { return static_cast<int32_t>(static_cast<uint32_t>(bits_)) >> 1; }
  constexpr uint64_t bits() const { return bits_; }
  constexpr bool operator==(const Ref&) const = default;

 private:
  uint64_t bits_ = 0;
};

// A typed value. References into a store are valid as long as that store.
class Value {
 public:
  Value() : Value(ValType::i32(), 0) {}
  static Value i32(int32_t v) { return {ValType::i32(), static_cast<uint32_t>(v)}; }
  static Value i64(int64_t v) { return {ValType::i64(), static_cast<uint64_t>(v)}; }
  static Value f32(float v) { return {ValType::f32(), std::bit_cast<uint32_t>(v)}; }
  static Value f64(double v) { return {ValType::f64(), std::bit_cast<uint64_t>(v)}; }
  // Low and high half: lanes 0 and 1 of i64x2.
  static Value v128(uint64_t low, uint64_t high) {
    Value v(ValType::v128(), low);
    v.bits_[1] = high;
    return v;
  }
  static Value ref(ValType type, Ref r) { return {type, r.bits()}; }
  static Value externref(Ref r) { return ref(ValType::externref(), r); }
  // The zero or null of a type.
  static Value zero(ValType type) { return {type, 0}; }
  // From the 8-byte frame slots of a value (two for v128). The high half of an f32's slot means nothing.
  static Value from_slots(ValType type, const uint64_t* slots) {
    Value v(type, type == ValType::f32() ? static_cast<uint32_t>(slots[0]) : slots[0]);
    if (type.is_vec()) v.bits_[1] = slots[1];
    return v;
  }
  void to_slots(uint64_t* slots) const {
    slots[0] = bits_[0];
    if (type_.is_vec()) slots[1] = bits_[1];
  }

  ValType type() const { return type_; }
  int32_t i32() const { return static_cast<int32_t>(bits_[0]); }
  int64_t i64() const { return static_cast<int64_t>(bits_[0]); }
  float f32() const { return std::bit_cast<float>(static_cast<uint32_t>(bits_[0])); }
  double f64() const { return std::bit_cast<double>(bits_[0]); }
  Ref ref() const { return Ref::from_bits(bits_[0]); }
  // Raw bits: low and high half (the high half is zero but for v128).
  uint64_t bits(int half = 0) const { return bits_[static_cast<size_t>(half)]; }

 private:
  Value(ValType type, uint64_t low) : type_(type), bits_{low, 0} {}
  ValType type_;
  std::array<uint64_t, 2> bits_;
};

}  // namespace wplug
