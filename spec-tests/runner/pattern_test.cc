#include "spec-tests/runner/pattern.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>

namespace wplug::spec {
namespace {

Value f32_bits(uint32_t bits) { return Value::f32(std::bit_cast<float>(bits)); }
Value f64_bits(uint64_t bits) { return Value::f64(std::bit_cast<double>(bits)); }

Pattern scalar(ValType type, uint32_t bits, LanePattern lane) {
  Pattern pattern;
  pattern.kind = PatternKind::lanes;
  pattern.type = type;
  pattern.lane_bits = bits;
  pattern.lanes_are_floats = type.is_float();
  pattern.lanes = {lane};
  return pattern;
}

Pattern reference(PatternKind kind, ValType type, uint64_t host_value = 0) {
  Pattern pattern;
  pattern.kind = kind;
  pattern.type = type;
  pattern.host_value = host_value;
  return pattern;
}

// A reference to an object of a store, without a store.
Value object(ValType type) { return Value::ref(type, Ref::from_bits(0x1000)); }

TEST_CASE("numbers match by type and by every bit") {
  const Pattern seven = scalar(ValType::i32(), 32, {7, NanClass::none});
  CHECK(seven.matches(Value::i32(7)));
  CHECK_FALSE(seven.matches(Value::i32(8)));
  CHECK_FALSE(seven.matches(Value::i64(7)));
  const Pattern minus_one = scalar(ValType::i32(), 32, {0xffff'ffff, NanClass::none});
  CHECK(minus_one.matches(Value::i32(-1)));
  const Pattern zero = scalar(ValType::f32(), 32, {0, NanClass::none});
  CHECK(zero.matches(Value::f32(0.0f)));
  CHECK_FALSE(zero.matches(Value::f32(-0.0f)));
  CHECK_FALSE(zero.matches(Value::i32(0)));
  const Pattern wide = scalar(ValType::i64(), 64, {1ull << 40, NanClass::none});
  CHECK(wide.matches(Value::i64(1ll << 40)));
  CHECK_FALSE(wide.matches(Value::i64(0)));
}

TEST_CASE("a canonical NaN has the quiet bit alone and any sign") {
  const Pattern canonical32 = scalar(ValType::f32(), 32, {0, NanClass::canonical});
  CHECK(canonical32.matches(f32_bits(0x7fc0'0000)));
  CHECK(canonical32.matches(f32_bits(0xffc0'0000)));
  CHECK_FALSE(canonical32.matches(f32_bits(0x7fc0'0001)));
  CHECK_FALSE(canonical32.matches(f32_bits(0x7fa0'0000)));
  CHECK_FALSE(canonical32.matches(f32_bits(0x7f80'0000)));
  CHECK_FALSE(canonical32.matches(f64_bits(0x7ff8'0000'0000'0000)));
  const Pattern canonical64 = scalar(ValType::f64(), 64, {0, NanClass::canonical});
  CHECK(canonical64.matches(f64_bits(0xfff8'0000'0000'0000)));
  CHECK_FALSE(canonical64.matches(f64_bits(0x7ff8'0000'0000'0001)));
  CHECK_FALSE(canonical64.matches(f64_bits(0x7ff0'0000'0000'0000)));
}

TEST_CASE("an arithmetic NaN has the quiet bit and any payload") {
  const Pattern arithmetic32 = scalar(ValType::f32(), 32, {0, NanClass::arithmetic});
  CHECK(arithmetic32.matches(f32_bits(0x7fc0'0000)));
  CHECK(arithmetic32.matches(f32_bits(0xffff'ffff)));
  CHECK_FALSE(arithmetic32.matches(f32_bits(0x7fa0'0000)));
  CHECK_FALSE(arithmetic32.matches(f32_bits(0x7f80'0000)));
  const Pattern arithmetic64 = scalar(ValType::f64(), 64, {0, NanClass::arithmetic});
  CHECK(arithmetic64.matches(f64_bits(0x7ff8'0000'0000'1234)));
  CHECK_FALSE(arithmetic64.matches(f64_bits(0x7ff4'0000'0000'0000)));
}

TEST_CASE("every lane of a vector counts") {
  Pattern pattern;
  pattern.kind = PatternKind::lanes;
  pattern.type = ValType::v128();
  pattern.lane_bits = 32;
  pattern.lanes_are_floats = true;
  pattern.lanes = {{1, NanClass::none}, {0, NanClass::canonical}, {3, NanClass::none}, {0, NanClass::arithmetic}};
  std::array<uint64_t, 2> slots = {0x7fc0'0000'0000'0001, 0x7fc0'1234'0000'0003};
  CHECK(pattern.matches(Value::from_slots(ValType::v128(), slots.data())));
  for (int lane = 0; lane < 4; ++lane) {
    std::array<uint64_t, 2> changed = slots;
    // In a NaN lane the exponent, elsewhere any bit.
    changed[static_cast<size_t>(lane / 2)] ^= uint64_t{1} << (lane % 2 == 1 ? 62 : 5);
    CHECK_FALSE(pattern.matches(Value::from_slots(ValType::v128(), changed.data())));
  }
}

TEST_CASE("references match by family, nullness and host value") {
  const ValType extern_type = ValType::externref();
  const Value five = Value::externref(Ref::host(5));
  const Value null_extern = Value::externref(Ref::null());
  const Value null_func = Value::zero(ValType::funcref());
  const Pattern host_five = reference(PatternKind::host_ref, extern_type, 5);
  CHECK(host_five.matches(five));
  CHECK_FALSE(host_five.matches(Value::externref(Ref::host(6))));
  CHECK_FALSE(host_five.matches(null_extern));
  const Pattern zero = reference(PatternKind::host_ref, extern_type, 0);
  CHECK(zero.matches(Value::externref(Ref::host(0))));
  CHECK_FALSE(zero.matches(null_extern));
  const Pattern extern_null = reference(PatternKind::null_ref, extern_type);
  CHECK(extern_null.matches(null_extern));
  CHECK_FALSE(extern_null.matches(five));
  CHECK_FALSE(extern_null.matches(null_func));
  CHECK_FALSE(extern_null.matches(Value::i32(0)));
  const Pattern any_null = reference(PatternKind::null_ref, ValType::bottom());
  CHECK(any_null.matches(null_extern));
  CHECK(any_null.matches(null_func));
  CHECK_FALSE(any_null.matches(five));
}

TEST_CASE("a bare reference type matches everything of it but null") {
  const Pattern func = reference(PatternKind::any_ref, ValType::funcref());
  CHECK(func.matches(object(ValType::funcref())));
  CHECK(func.matches(object(ValType::ref_to(3, false))));
  CHECK_FALSE(func.matches(Value::zero(ValType::funcref())));
  CHECK_FALSE(func.matches(Value::externref(Ref::host(1))));
  const Pattern external = reference(PatternKind::any_ref, ValType::externref());
  CHECK(external.matches(Value::externref(Ref::host(1))));
  CHECK_FALSE(external.matches(Value::externref(Ref::null())));
  const ValType any_type = ValType::ref(HeapKind::any, true);
  const Pattern i31 = reference(PatternKind::any_ref, ValType::ref(HeapKind::i31, true));
  CHECK(i31.matches(Value::ref(any_type, Ref::from_bits(7))));
  CHECK_FALSE(i31.matches(object(any_type)));
  const Pattern eq = reference(PatternKind::any_ref, ValType::ref(HeapKind::eq, true));
  CHECK(eq.matches(object(any_type)));
  CHECK_FALSE(eq.matches(Value::ref(any_type, Ref::host(1))));
}

TEST_CASE("either matches when one alternative does") {
  Pattern pattern;
  pattern.kind = PatternKind::either;
  pattern.alternatives = {scalar(ValType::i32(), 32, {1, NanClass::none}),
                          scalar(ValType::i32(), 32, {2, NanClass::none})};
  CHECK(pattern.matches(Value::i32(1)));
  CHECK(pattern.matches(Value::i32(2)));
  CHECK_FALSE(pattern.matches(Value::i32(3)));
  CHECK(pattern.to_string() == "either(i32 1, i32 2)");
}

TEST_CASE("floats are printed by bits and by value") {
  CHECK(print_value(Value::f32(1.5f)) == "f32 0x3fc00000 (1.5)");
  CHECK(print_value(Value::f64(-2.0)) == "f64 0xc000000000000000 (-2)");
  CHECK(print_value(Value::i32(-1)) == "i32 4294967295");
  CHECK(print_value(Value::externref(Ref::null())) == "externref null");
  CHECK(print_value(Value::externref(Ref::host(4))) == "externref 4");
  CHECK(scalar(ValType::f32(), 32, {0, NanClass::canonical}).to_string() == "f32 nan:canonical");
}

}  // namespace
}  // namespace wplug::spec
