// The two bodies of vector operators give the same, on values at the edges of their lanes and on random ones; and a few
// results of both known from the specification.
#include "interp/wasm/simd.h"

#include <doctest/doctest.h>

#include <vector>

namespace wplug::numeric {
namespace {

std::vector<V128> samples() {
  std::vector<V128> all;
  for (uint64_t edge :
       {uint64_t{0}, ~uint64_t{0}, uint64_t{0x8080808080808080}, uint64_t{0x7f7f7f7f7f7f7f7f},
        uint64_t{0x8000800080008000}, uint64_t{0x7fff7fff7fff7fff}, uint64_t{0x8000000080000000},
        uint64_t{0x7fffffff7fffffff}, uint64_t{1} << 63, uint64_t{0x7f8000007fc00001}, uint64_t{0xff800000ff800001},
        uint64_t{0x7ff0000000000001}, uint64_t{0x4f000000cf000001}, uint64_t{0x3f000000bfc00000},
        uint64_t{0x3fe0000000000000}, uint64_t{0xc004000000000000}, uint64_t{0x0f0e0d0c0b0a0910}}) {
    all.push_back(v128_of(edge, edge));
  }
  uint64_t state = 88172645463325252u;
  auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  };
  for (int i = 0; i < 60; ++i) {
    uint64_t low = next();
    all.push_back(v128_of(low, next()));
  }
  return all;
}

bool same(V128 a, V128 b) { return as<U64x2>(a)[0] == as<U64x2>(b)[0] && as<U64x2>(a)[1] == as<U64x2>(b)[1]; }

// Equal lane by lane, where any NaN is as good as another.
template <class F>
bool same_floats(V128 a, V128 b) {
  for (size_t i = 0; i < 16 / sizeof(F{}[0]); ++i) {
    auto x = as<F>(a)[i], y = as<F>(b)[i];
    if (!(x == y && std::signbit(x) == std::signbit(y)) && !(x != x && y != y)) return false;
  }
  return true;
}

TEST_CASE("operators of two vectors have portable bodies that give the same") {
  for (V128 a : samples()) {
    for (V128 b : samples()) {
#define WPLUG_COMPARE(name) CHECK(same(name(a, b), portable::name(a, b)))
      WPLUG_COMPARE(i8x16_add_sat_s);
      WPLUG_COMPARE(i8x16_add_sat_u);
      WPLUG_COMPARE(i8x16_sub_sat_s);
      WPLUG_COMPARE(i8x16_sub_sat_u);
      WPLUG_COMPARE(i16x8_add_sat_s);
      WPLUG_COMPARE(i16x8_add_sat_u);
      WPLUG_COMPARE(i16x8_sub_sat_s);
      WPLUG_COMPARE(i16x8_sub_sat_u);
      WPLUG_COMPARE(i8x16_avgr_u);
      WPLUG_COMPARE(i16x8_avgr_u);
      WPLUG_COMPARE(i8x16_narrow_i16x8_s);
      WPLUG_COMPARE(i8x16_narrow_i16x8_u);
      WPLUG_COMPARE(i16x8_narrow_i32x4_s);
      WPLUG_COMPARE(i16x8_narrow_i32x4_u);
      WPLUG_COMPARE(i16x8_q15mulr_sat_s);
      WPLUG_COMPARE(i32x4_dot_i16x8_s);
      WPLUG_COMPARE(i8x16_swizzle);
#undef WPLUG_COMPARE
    }
  }
}

TEST_CASE("operators of one vector have portable bodies that give the same") {
  for (V128 a : samples()) {
    CHECK(i8x16_bitmask(a) == portable::i8x16_bitmask(a));
    CHECK(i16x8_bitmask(a) == portable::i16x8_bitmask(a));
    CHECK(i32x4_bitmask(a) == portable::i32x4_bitmask(a));
    CHECK(i64x2_bitmask(a) == portable::i64x2_bitmask(a));
    CHECK(same(i32x4_trunc_sat_f32x4_s(a), portable::i32x4_trunc_sat_f32x4_s(a)));
#define WPLUG_COMPARE(name)                                              \
  CHECK(same_floats<F32x4>(f32x4_##name(a), portable::f32x4_##name(a))); \
  CHECK(same_floats<F64x2>(f64x2_##name(a), portable::f64x2_##name(a)))
    WPLUG_COMPARE(ceil);
    WPLUG_COMPARE(floor);
    WPLUG_COMPARE(trunc);
    WPLUG_COMPARE(nearest);
    WPLUG_COMPARE(sqrt);
#undef WPLUG_COMPARE
  }
}

TEST_CASE("lane by lane, vector operators are the scalar ones") {
  for (V128 a : samples()) {
    for (V128 b : samples()) {
      V128 min32 = f32x4_min(a, b), max32 = f32x4_max(a, b), min64 = f64x2_min(a, b), max64 = f64x2_max(a, b);
      V128 product = i64x2_mul(a, b), shifted = i8x16_shr_s(a, static_cast<uint32_t>(b[0]));
      F32x4 f = as<F32x4>(a), g = as<F32x4>(b);
      F64x2 d = as<F64x2>(a), e = as<F64x2>(b);
      V128 expected_min32 =
          v128(F32x4{f32_min(f[0], g[0]), f32_min(f[1], g[1]), f32_min(f[2], g[2]), f32_min(f[3], g[3])});
      V128 expected_max32 =
          v128(F32x4{f32_max(f[0], g[0]), f32_max(f[1], g[1]), f32_max(f[2], g[2]), f32_max(f[3], g[3])});
      CHECK(same_floats<F32x4>(min32, expected_min32));
      CHECK(same_floats<F32x4>(max32, expected_max32));
      CHECK(same_floats<F64x2>(min64, v128(F64x2{f64_min(d[0], e[0]), f64_min(d[1], e[1])})));
      CHECK(same_floats<F64x2>(max64, v128(F64x2{f64_max(d[0], e[0]), f64_max(d[1], e[1])})));
      CHECK(as<U64x2>(product)[1] == as<U64x2>(a)[1] * as<U64x2>(b)[1]);
      CHECK(as<I8x16>(shifted)[5] == static_cast<int8_t>(as<I8x16>(a)[5] >> (b[0] % 8)));
    }
  }
}

TEST_CASE("relaxed operators choose as the deterministic profile does") {
  V128 least = i8x16_splat(0x80);
  CHECK(as<I16x8>(i16x8_relaxed_dot_i8x16_i7x16_s(least, least))[3] == 32767);
  // Fused, 2^-37 would remain.
  F32x4 x = F32x4{} + 0x1.000004p+0f, y = F32x4{} + 0x1.0002p+0f, z = F32x4{} - 0x1.000204p+0f;
  CHECK(as<F32x4>(f32x4_relaxed_madd(v128(x), v128(y), v128(z)))[2] == 0);
}

TEST_CASE("the upper half of a product is exact for signed and unsigned operands") {
  CHECK(i64_mul_high_u(UINT64_MAX, UINT64_MAX) == UINT64_MAX - 1);
  CHECK(i64_mul_high_s(UINT64_MAX, UINT64_MAX) == 0);
  CHECK(i64_mul_high_s(uint64_t{1} << 63, 2) == UINT64_MAX);
  CHECK(i64_mul_high_u(uint64_t{1} << 63, 2) == 1);
}

}  // namespace
}  // namespace wplug::numeric
