// The vector operators of WebAssembly as pure functions (spec 3.0, section 4.3.5 "Vector Operations"), written once. A
// function is named as its instruction. Relaxed operators do what the deterministic profile says (appendix A.2.4) and
// so are those of plain SIMD, but for the few at the end.
//
// Written with the compilers' vector types, whose arithmetic wraps when lanes are unsigned and whose comparisons give
// masks. Where x86-64 has an instruction that compilers do not find by themselves there are two bodies, the portable
// one in namespace `portable`; simd_test.cc compares them.
#pragma once

#include <bit>
#include <cstdint>

#include "interp/wasm/numeric.h"

#if defined(__SSE4_1__) && defined(__SSSE3__)
#define WPLUG_SSE 1
#include <smmintrin.h>
#else
#define WPLUG_SSE 0
#endif

#define WPLUG_VECTOR_FUNCTION inline __attribute__((always_inline))

namespace wplug {

// A value of type v128. Lane 0 of any shape is in the lowest bytes.
using V128 = uint8_t __attribute__((vector_size(16)));

namespace numeric {

using I8x16 = int8_t __attribute__((vector_size(16)));
using U8x16 = uint8_t __attribute__((vector_size(16)));
using I16x8 = int16_t __attribute__((vector_size(16)));
using U16x8 = uint16_t __attribute__((vector_size(16)));
using I32x4 = int32_t __attribute__((vector_size(16)));
using U32x4 = uint32_t __attribute__((vector_size(16)));
using I64x2 = int64_t __attribute__((vector_size(16)));
using U64x2 = uint64_t __attribute__((vector_size(16)));
using F32x4 = float __attribute__((vector_size(16)));
using F64x2 = double __attribute__((vector_size(16)));
// Halves of the above.
using I8x8 = int8_t __attribute__((vector_size(8)));
using U8x8 = uint8_t __attribute__((vector_size(8)));
using I16x4 = int16_t __attribute__((vector_size(8)));
using U16x4 = uint16_t __attribute__((vector_size(8)));
using I32x2 = int32_t __attribute__((vector_size(8)));
using U32x2 = uint32_t __attribute__((vector_size(8)));
using F32x2 = float __attribute__((vector_size(8)));

// The same bits as lanes of another shape.
template <class T>
WPLUG_VECTOR_FUNCTION T as(V128 v) {
  return std::bit_cast<T>(v);
}
template <class T>
WPLUG_VECTOR_FUNCTION V128 v128(T lanes) {
  return std::bit_cast<V128>(lanes);
}
WPLUG_VECTOR_FUNCTION V128 v128_of(uint64_t low, uint64_t high) { return v128(U64x2{low, high}); }

template <class T>
WPLUG_VECTOR_FUNCTION T low_half(V128 v) {
  return std::bit_cast<T>(as<U64x2>(v)[0]);
}
template <class T>
WPLUG_VECTOR_FUNCTION T high_half(V128 v) {
  return std::bit_cast<T>(as<U64x2>(v)[1]);
}
#if WPLUG_SSE
WPLUG_VECTOR_FUNCTION __m128i sse(V128 v) { return std::bit_cast<__m128i>(v); }
WPLUG_VECTOR_FUNCTION __m128 sse_f32(V128 v) { return std::bit_cast<__m128>(v); }
WPLUG_VECTOR_FUNCTION __m128d sse_f64(V128 v) { return std::bit_cast<__m128d>(v); }
#endif

// ---- bits

WPLUG_VECTOR_FUNCTION V128 v128_not(V128 a) { return ~a; }
WPLUG_VECTOR_FUNCTION V128 v128_and(V128 a, V128 b) { return a & b; }
WPLUG_VECTOR_FUNCTION V128 v128_andnot(V128 a, V128 b) { return a & ~b; }
WPLUG_VECTOR_FUNCTION V128 v128_or(V128 a, V128 b) { return a | b; }
WPLUG_VECTOR_FUNCTION V128 v128_xor(V128 a, V128 b) { return a ^ b; }
WPLUG_VECTOR_FUNCTION V128 v128_bitselect(V128 a, V128 b, V128 mask) { return (a & mask) | (b & ~mask); }
WPLUG_VECTOR_FUNCTION uint32_t v128_any_true(V128 a) {
#if WPLUG_SSE
  return _mm_testz_si128(sse(a), sse(a)) == 0;
#else
  return (as<U64x2>(a)[0] | as<U64x2>(a)[1]) != 0;
#endif
}

// ---- integers of any shape: p its name, U and S its vectors, E the unsigned lane, n the number of lanes

#define WPLUG_LANE_OPERATORS(p, U, S, E, n)                                                                  \
  WPLUG_VECTOR_FUNCTION V128 p##_add(V128 a, V128 b) { return v128<U>(as<U>(a) + as<U>(b)); }                \
  WPLUG_VECTOR_FUNCTION V128 p##_sub(V128 a, V128 b) { return v128<U>(as<U>(a) - as<U>(b)); }                \
  WPLUG_VECTOR_FUNCTION V128 p##_neg(V128 a) { return v128<U>(U{} - as<U>(a)); }                             \
  WPLUG_VECTOR_FUNCTION V128 p##_abs(V128 a) { return v128<U>(as<S>(a) < S{} ? U{} - as<U>(a) : as<U>(a)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_eq(V128 a, V128 b) { return v128<S>(as<U>(a) == as<U>(b)); }                \
  WPLUG_VECTOR_FUNCTION V128 p##_ne(V128 a, V128 b) { return v128<S>(as<U>(a) != as<U>(b)); }                \
  WPLUG_VECTOR_FUNCTION V128 p##_lt_s(V128 a, V128 b) { return v128<S>(as<S>(a) < as<S>(b)); }               \
  WPLUG_VECTOR_FUNCTION V128 p##_gt_s(V128 a, V128 b) { return v128<S>(as<S>(a) > as<S>(b)); }               \
  WPLUG_VECTOR_FUNCTION V128 p##_le_s(V128 a, V128 b) { return v128<S>(as<S>(a) <= as<S>(b)); }              \
  WPLUG_VECTOR_FUNCTION V128 p##_ge_s(V128 a, V128 b) { return v128<S>(as<S>(a) >= as<S>(b)); }              \
  WPLUG_VECTOR_FUNCTION V128 p##_shl(V128 a, uint32_t b) {                                                   \
    return v128<U>(as<U>(a) << static_cast<E>(b % (128 / n)));                                               \
  }                                                                                                          \
  WPLUG_VECTOR_FUNCTION V128 p##_shr_u(V128 a, uint32_t b) {                                                 \
    return v128<U>(as<U>(a) >> static_cast<E>(b % (128 / n)));                                               \
  }                                                                                                          \
  WPLUG_VECTOR_FUNCTION V128 p##_shr_s(V128 a, uint32_t b) {                                                 \
    return v128<S>(as<S>(a) >> static_cast<std::make_signed_t<E>>(b % (128 / n)));                           \
  }                                                                                                          \
  WPLUG_VECTOR_FUNCTION uint32_t p##_all_true(V128 a) { return !v128_any_true(v128<S>(as<U>(a) == U{})); }   \
  namespace portable {                                                                                       \
  WPLUG_VECTOR_FUNCTION uint32_t p##_bitmask(V128 a) {                                                       \
    uint32_t mask = 0;                                                                                       \
    for (int i = 0; i < n; ++i) mask |= static_cast<uint32_t>(as<S>(a)[i] < 0) << i;                         \
    return mask;                                                                                             \
  }                                                                                                          \
  }

WPLUG_LANE_OPERATORS(i8x16, U8x16, I8x16, uint8_t, 16)
WPLUG_LANE_OPERATORS(i16x8, U16x8, I16x8, uint16_t, 8)
WPLUG_LANE_OPERATORS(i32x4, U32x4, I32x4, uint32_t, 4)
WPLUG_LANE_OPERATORS(i64x2, U64x2, I64x2, uint64_t, 2)
#undef WPLUG_LANE_OPERATORS

// What all shapes but i64x2 have.
#define WPLUG_NARROW_OPERATORS(p, U, S)                                                                               \
  WPLUG_VECTOR_FUNCTION V128 p##_lt_u(V128 a, V128 b) { return v128<S>(as<U>(a) < as<U>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_gt_u(V128 a, V128 b) { return v128<S>(as<U>(a) > as<U>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_le_u(V128 a, V128 b) { return v128<S>(as<U>(a) <= as<U>(b)); }                       \
  WPLUG_VECTOR_FUNCTION V128 p##_ge_u(V128 a, V128 b) { return v128<S>(as<U>(a) >= as<U>(b)); }                       \
  WPLUG_VECTOR_FUNCTION V128 p##_min_s(V128 a, V128 b) { return v128<S>(as<S>(a) < as<S>(b) ? as<S>(a) : as<S>(b)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_min_u(V128 a, V128 b) { return v128<U>(as<U>(a) < as<U>(b) ? as<U>(a) : as<U>(b)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_max_s(V128 a, V128 b) { return v128<S>(as<S>(a) > as<S>(b) ? as<S>(a) : as<S>(b)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_max_u(V128 a, V128 b) { return v128<U>(as<U>(a) > as<U>(b) ? as<U>(a) : as<U>(b)); }

WPLUG_NARROW_OPERATORS(i8x16, U8x16, I8x16)
WPLUG_NARROW_OPERATORS(i16x8, U16x8, I16x8)
WPLUG_NARROW_OPERATORS(i32x4, U32x4, I32x4)
#undef WPLUG_NARROW_OPERATORS

WPLUG_VECTOR_FUNCTION V128 i16x8_mul(V128 a, V128 b) { return v128<U16x8>(as<U16x8>(a) * as<U16x8>(b)); }
WPLUG_VECTOR_FUNCTION V128 i32x4_mul(V128 a, V128 b) { return v128<U32x4>(as<U32x4>(a) * as<U32x4>(b)); }
WPLUG_VECTOR_FUNCTION V128 i64x2_mul(V128 a, V128 b) { return v128<U64x2>(as<U64x2>(a) * as<U64x2>(b)); }

WPLUG_VECTOR_FUNCTION V128 i8x16_popcnt(V128 a) {
  U8x16 v = a - ((a >> uint8_t{1}) & uint8_t{0x55});
  v = (v & uint8_t{0x33}) + ((v >> uint8_t{2}) & uint8_t{0x33});
  return (v + (v >> uint8_t{4})) & uint8_t{0x0f};
}

namespace portable {

// The lanes of `a` narrowed, or limited to what the lane can hold: computed in a wider type.
template <class Lanes>
WPLUG_VECTOR_FUNCTION auto saturate(int32_t value) {
  using E = std::remove_cvref_t<decltype(Lanes{}[0])>;
  constexpr int32_t low = std::numeric_limits<E>::min(), high = std::numeric_limits<E>::max();
  return static_cast<E>(value < low ? low : value > high ? high : value);
}

#define WPLUG_SATURATING(name, L, n, op)                                                          \
  WPLUG_VECTOR_FUNCTION V128 name(V128 a, V128 b) {                                               \
    L r{};                                                                                        \
    for (int i = 0; i < n; ++i) r[i] = saturate<L>(int32_t{as<L>(a)[i]} op int32_t{as<L>(b)[i]}); \
    return v128(r);                                                                               \
  }
WPLUG_SATURATING(i8x16_add_sat_s, I8x16, 16, +)
WPLUG_SATURATING(i8x16_add_sat_u, U8x16, 16, +)
WPLUG_SATURATING(i8x16_sub_sat_s, I8x16, 16, -)
WPLUG_SATURATING(i8x16_sub_sat_u, U8x16, 16, -)
WPLUG_SATURATING(i16x8_add_sat_s, I16x8, 8, +)
WPLUG_SATURATING(i16x8_add_sat_u, U16x8, 8, +)
WPLUG_SATURATING(i16x8_sub_sat_s, I16x8, 8, -)
WPLUG_SATURATING(i16x8_sub_sat_u, U16x8, 8, -)
#undef WPLUG_SATURATING

#define WPLUG_ROUNDING_AVERAGE(name, L, n)                                                                            \
  WPLUG_VECTOR_FUNCTION V128 name(V128 a, V128 b) {                                                                   \
    L r{};                                                                                                            \
    for (int i = 0; i < n; ++i) {                                                                                     \
      r[i] =                                                                                                          \
          static_cast<std::remove_cvref_t<decltype(r[0])>>((uint32_t{as<L>(a)[i]} + uint32_t{as<L>(b)[i]} + 1) >> 1); \
    }                                                                                                                 \
    return v128(r);                                                                                                   \
  }
WPLUG_ROUNDING_AVERAGE(i8x16_avgr_u, U8x16, 16)
WPLUG_ROUNDING_AVERAGE(i16x8_avgr_u, U16x8, 8)
#undef WPLUG_ROUNDING_AVERAGE

#define WPLUG_NARROWING(name, From, To, n)                               \
  WPLUG_VECTOR_FUNCTION V128 name(V128 a, V128 b) {                      \
    To r{};                                                              \
    for (int i = 0; i < n; ++i) r[i] = saturate<To>(as<From>(a)[i]);     \
    for (int i = 0; i < n; ++i) r[n + i] = saturate<To>(as<From>(b)[i]); \
    return v128(r);                                                      \
  }
WPLUG_NARROWING(i8x16_narrow_i16x8_s, I16x8, I8x16, 8)
WPLUG_NARROWING(i8x16_narrow_i16x8_u, I16x8, U8x16, 8)
WPLUG_NARROWING(i16x8_narrow_i32x4_s, I32x4, I16x8, 4)
WPLUG_NARROWING(i16x8_narrow_i32x4_u, I32x4, U16x8, 4)
#undef WPLUG_NARROWING

WPLUG_VECTOR_FUNCTION V128 i16x8_q15mulr_sat_s(V128 a, V128 b) {
  I16x8 r{};
  for (int i = 0; i < 8; ++i)
    r[i] = saturate<I16x8>((int32_t{as<I16x8>(a)[i]} * int32_t{as<I16x8>(b)[i]} + 0x4000) >> 15);
  return v128(r);
}

WPLUG_VECTOR_FUNCTION V128 i32x4_dot_i16x8_s(V128 a, V128 b) {
  U32x4 r{};
  for (int i = 0; i < 4; ++i) {
    r[i] = static_cast<uint32_t>(int32_t{as<I16x8>(a)[2 * i]} * int32_t{as<I16x8>(b)[2 * i]}) +
           static_cast<uint32_t>(int32_t{as<I16x8>(a)[2 * i + 1]} * int32_t{as<I16x8>(b)[2 * i + 1]});
  }
  return v128(r);
}

WPLUG_VECTOR_FUNCTION V128 i8x16_swizzle(V128 a, V128 lanes) {
  V128 r{};
  for (int i = 0; i < 16; ++i) r[i] = lanes[i] < 16 ? a[lanes[i] & 15] : uint8_t{0};
  return r;
}

#define WPLUG_ROUNDING(name, L, n, f)                  \
  WPLUG_VECTOR_FUNCTION V128 name(V128 a) {            \
    L r{};                                             \
    for (int i = 0; i < n; ++i) r[i] = f(as<L>(a)[i]); \
    return v128(r);                                    \
  }
WPLUG_ROUNDING(f32x4_ceil, F32x4, 4, f32_ceil)
WPLUG_ROUNDING(f32x4_floor, F32x4, 4, f32_floor)
WPLUG_ROUNDING(f32x4_trunc, F32x4, 4, f32_trunc)
WPLUG_ROUNDING(f32x4_nearest, F32x4, 4, f32_nearest)
WPLUG_ROUNDING(f32x4_sqrt, F32x4, 4, f32_sqrt)
WPLUG_ROUNDING(f64x2_ceil, F64x2, 2, f64_ceil)
WPLUG_ROUNDING(f64x2_floor, F64x2, 2, f64_floor)
WPLUG_ROUNDING(f64x2_trunc, F64x2, 2, f64_trunc)
WPLUG_ROUNDING(f64x2_nearest, F64x2, 2, f64_nearest)
WPLUG_ROUNDING(f64x2_sqrt, F64x2, 2, f64_sqrt)
#undef WPLUG_ROUNDING

WPLUG_VECTOR_FUNCTION V128 i32x4_trunc_sat_f32x4_s(V128 a) {
  U32x4 r{};
  for (int i = 0; i < 4; ++i) r[i] = i32_trunc_sat_f32_s(as<F32x4>(a)[i]);
  return v128(r);
}

}  // namespace portable

#if WPLUG_SSE

#define WPLUG_SSE_BINARY(name, intrinsic) \
  WPLUG_VECTOR_FUNCTION V128 name(V128 a, V128 b) { return v128(intrinsic(sse(a), sse(b))); }
WPLUG_SSE_BINARY(i8x16_add_sat_s, _mm_adds_epi8)
WPLUG_SSE_BINARY(i8x16_add_sat_u, _mm_adds_epu8)
WPLUG_SSE_BINARY(i8x16_sub_sat_s, _mm_subs_epi8)
WPLUG_SSE_BINARY(i8x16_sub_sat_u, _mm_subs_epu8)
WPLUG_SSE_BINARY(i16x8_add_sat_s, _mm_adds_epi16)
WPLUG_SSE_BINARY(i16x8_add_sat_u, _mm_adds_epu16)
WPLUG_SSE_BINARY(i16x8_sub_sat_s, _mm_subs_epi16)
WPLUG_SSE_BINARY(i16x8_sub_sat_u, _mm_subs_epu16)
WPLUG_SSE_BINARY(i8x16_avgr_u, _mm_avg_epu8)
WPLUG_SSE_BINARY(i16x8_avgr_u, _mm_avg_epu16)
WPLUG_SSE_BINARY(i8x16_narrow_i16x8_s, _mm_packs_epi16)
WPLUG_SSE_BINARY(i8x16_narrow_i16x8_u, _mm_packus_epi16)
WPLUG_SSE_BINARY(i16x8_narrow_i32x4_s, _mm_packs_epi32)
WPLUG_SSE_BINARY(i16x8_narrow_i32x4_u, _mm_packus_epi32)
WPLUG_SSE_BINARY(i32x4_dot_i16x8_s, _mm_madd_epi16)
#undef WPLUG_SSE_BINARY
WPLUG_VECTOR_FUNCTION V128 i16x8_q15mulr_sat_s(V128 a, V128 b) {
  V128 product = v128(_mm_mulhrs_epi16(sse(a), sse(b)));
  // -1 times -1 is the one product that does not fit; the instruction leaves it as 0x8000.
  return product ^ v128<I16x8>(as<U16x8>(product) == (U16x8{} + uint16_t{0x8000}));
}
// Adding 0x70 sets the top bit of every index above 15, which the instruction takes for "zero".
WPLUG_VECTOR_FUNCTION V128 i8x16_swizzle(V128 a, V128 lanes) {
  return v128(_mm_shuffle_epi8(sse(a), _mm_adds_epu8(sse(lanes), _mm_set1_epi8(0x70))));
}
WPLUG_VECTOR_FUNCTION uint32_t i8x16_bitmask(V128 a) { return static_cast<uint32_t>(_mm_movemask_epi8(sse(a))); }
WPLUG_VECTOR_FUNCTION uint32_t i16x8_bitmask(V128 a) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(sse(a), _mm_setzero_si128())));
}
WPLUG_VECTOR_FUNCTION uint32_t i32x4_bitmask(V128 a) { return static_cast<uint32_t>(_mm_movemask_ps(sse_f32(a))); }
WPLUG_VECTOR_FUNCTION uint32_t i64x2_bitmask(V128 a) { return static_cast<uint32_t>(_mm_movemask_pd(sse_f64(a))); }
#define WPLUG_SSE_ROUNDING(name, mode)                                 \
  WPLUG_VECTOR_FUNCTION V128 f32x4_##name(V128 a) {                    \
    return v128(_mm_round_ps(sse_f32(a), (mode) | _MM_FROUND_NO_EXC)); \
  }                                                                    \
  WPLUG_VECTOR_FUNCTION V128 f64x2_##name(V128 a) { return v128(_mm_round_pd(sse_f64(a), (mode) | _MM_FROUND_NO_EXC)); }
WPLUG_SSE_ROUNDING(ceil, _MM_FROUND_TO_POS_INF)
WPLUG_SSE_ROUNDING(floor, _MM_FROUND_TO_NEG_INF)
WPLUG_SSE_ROUNDING(trunc, _MM_FROUND_TO_ZERO)
WPLUG_SSE_ROUNDING(nearest, _MM_FROUND_TO_NEAREST_INT)
#undef WPLUG_SSE_ROUNDING
WPLUG_VECTOR_FUNCTION V128 f32x4_sqrt(V128 a) { return v128(_mm_sqrt_ps(sse_f32(a))); }
WPLUG_VECTOR_FUNCTION V128 f64x2_sqrt(V128 a) { return v128(_mm_sqrt_pd(sse_f64(a))); }
// The instruction gives 0x80000000 for what does not fit: right below the range, to be inverted above, zero for a NaN.
WPLUG_VECTOR_FUNCTION V128 i32x4_trunc_sat_f32x4_s(V128 a) {
  F32x4 f = as<F32x4>(a);
  I32x4 above = f >= (F32x4{} + 2147483648.0f);
  I32x4 ordered = f == f;
  return v128<I32x4>((std::bit_cast<I32x4>(_mm_cvttps_epi32(sse_f32(a))) ^ above) & ordered);
}

#else

using portable::f32x4_ceil;
using portable::f32x4_floor;
using portable::f32x4_nearest;
using portable::f32x4_sqrt;
using portable::f32x4_trunc;
using portable::f64x2_ceil;
using portable::f64x2_floor;
using portable::f64x2_nearest;
using portable::f64x2_sqrt;
using portable::f64x2_trunc;
using portable::i16x8_add_sat_s;
using portable::i16x8_add_sat_u;
using portable::i16x8_avgr_u;
using portable::i16x8_bitmask;
using portable::i16x8_narrow_i32x4_s;
using portable::i16x8_narrow_i32x4_u;
using portable::i16x8_q15mulr_sat_s;
using portable::i16x8_sub_sat_s;
using portable::i16x8_sub_sat_u;
using portable::i32x4_bitmask;
using portable::i32x4_dot_i16x8_s;
using portable::i32x4_trunc_sat_f32x4_s;
using portable::i64x2_bitmask;
using portable::i8x16_add_sat_s;
using portable::i8x16_add_sat_u;
using portable::i8x16_avgr_u;
using portable::i8x16_bitmask;
using portable::i8x16_narrow_i16x8_s;
using portable::i8x16_narrow_i16x8_u;
using portable::i8x16_sub_sat_s;
using portable::i8x16_sub_sat_u;
using portable::i8x16_swizzle;

#endif

// ---- lanes moved about

// i8x16.swizzle with its operands exchanged.
WPLUG_VECTOR_FUNCTION V128 i8x16_lookup(V128 lanes, V128 table) { return i8x16_swizzle(table, lanes); }

// i8x16.shuffle by two masks: lane i of the result is lane from_a[i] of a, or lane from_b[i] of b; the mask that does
// not choose has 0x80 there.
WPLUG_VECTOR_FUNCTION V128 shuffle(V128 a, V128 b, V128 from_a, V128 from_b) {
#if WPLUG_SSE
  return v128(_mm_or_si128(_mm_shuffle_epi8(sse(a), sse(from_a)), _mm_shuffle_epi8(sse(b), sse(from_b))));
#else
  return i8x16_swizzle(a, from_a) | i8x16_swizzle(b, from_b);
#endif
}

WPLUG_VECTOR_FUNCTION V128 i8x16_splat(uint32_t a) { return U8x16{} + static_cast<uint8_t>(a); }
WPLUG_VECTOR_FUNCTION V128 i16x8_splat(uint32_t a) { return v128<U16x8>(U16x8{} + static_cast<uint16_t>(a)); }
WPLUG_VECTOR_FUNCTION V128 i32x4_splat(uint32_t a) { return v128<U32x4>(U32x4{} + a); }
WPLUG_VECTOR_FUNCTION V128 i64x2_splat(uint64_t a) { return v128<U64x2>(U64x2{} + a); }
// By bits: a signalling NaN stays one.
WPLUG_VECTOR_FUNCTION V128 f32x4_splat(float a) { return i32x4_splat(std::bit_cast<uint32_t>(a)); }
WPLUG_VECTOR_FUNCTION V128 f64x2_splat(double a) { return i64x2_splat(std::bit_cast<uint64_t>(a)); }

// The 64 bits that begin with bit `bit`, of which those above 64 - bit % 64 are zero.
WPLUG_VECTOR_FUNCTION uint64_t bits_from(V128 v, uint32_t bit) {
  U64x2 halves = as<U64x2>(v);
  return (bit < 64 ? halves[0] : halves[1]) >> (bit % 64);
}
// The vector with lane `lane` of the type E set to `value`.
template <class L, class E>
WPLUG_VECTOR_FUNCTION V128 replace_lane(V128 v, uint32_t lane, E value) {
  L numbers{};
  for (int i = 0; i < static_cast<int>(16 / sizeof(E)); ++i) numbers[i] = static_cast<E>(i);
  V128 mask = std::bit_cast<V128>(numbers == (L{} + static_cast<E>(lane)));
  return (v & ~mask) | (v128<L>(L{} + value) & mask);
}

// ---- widening

#define WPLUG_WIDENING(narrow, wide, Narrow, Wide, SNarrow, SWide)                                                  \
  WPLUG_VECTOR_FUNCTION V128 wide##_extend_low_##narrow##_s(V128 a) {                                               \
    return v128<SWide>(__builtin_convertvector(low_half<SNarrow>(a), SWide));                                       \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extend_low_##narrow##_u(V128 a) {                                               \
    return v128<Wide>(__builtin_convertvector(low_half<Narrow>(a), Wide));                                          \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extend_high_##narrow##_s(V128 a) {                                              \
    return v128<SWide>(__builtin_convertvector(high_half<SNarrow>(a), SWide));                                      \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extend_high_##narrow##_u(V128 a) {                                              \
    return v128<Wide>(__builtin_convertvector(high_half<Narrow>(a), Wide));                                         \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extmul_low_##narrow##_s(V128 a, V128 b) {                                       \
    return v128<Wide>(as<Wide>(wide##_extend_low_##narrow##_s(a)) * as<Wide>(wide##_extend_low_##narrow##_s(b)));   \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extmul_low_##narrow##_u(V128 a, V128 b) {                                       \
    return v128<Wide>(as<Wide>(wide##_extend_low_##narrow##_u(a)) * as<Wide>(wide##_extend_low_##narrow##_u(b)));   \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extmul_high_##narrow##_s(V128 a, V128 b) {                                      \
    return v128<Wide>(as<Wide>(wide##_extend_high_##narrow##_s(a)) * as<Wide>(wide##_extend_high_##narrow##_s(b))); \
  }                                                                                                                 \
  WPLUG_VECTOR_FUNCTION V128 wide##_extmul_high_##narrow##_u(V128 a, V128 b) {                                      \
    return v128<Wide>(as<Wide>(wide##_extend_high_##narrow##_u(a)) * as<Wide>(wide##_extend_high_##narrow##_u(b))); \
  }
WPLUG_WIDENING(i8x16, i16x8, U8x8, U16x8, I8x8, I16x8)
WPLUG_WIDENING(i16x8, i32x4, U16x4, U32x4, I16x4, I32x4)
WPLUG_WIDENING(i32x4, i64x2, U32x2, U64x2, I32x2, I64x2)
#undef WPLUG_WIDENING

// The sum of neighbours: the high one by a shift down, the low one by a shift up and down. It always fits.
WPLUG_VECTOR_FUNCTION V128 i16x8_extadd_pairwise_i8x16_s(V128 a) {
  I16x8 low = std::bit_cast<I16x8>(as<U16x8>(a) << uint16_t{8}) >> int16_t{8};
  return v128<I16x8>(low + (as<I16x8>(a) >> int16_t{8}));
}
WPLUG_VECTOR_FUNCTION V128 i16x8_extadd_pairwise_i8x16_u(V128 a) {
  return v128<U16x8>((as<U16x8>(a) & uint16_t{0xff}) + (as<U16x8>(a) >> uint16_t{8}));
}
WPLUG_VECTOR_FUNCTION V128 i32x4_extadd_pairwise_i16x8_s(V128 a) {
  I32x4 low = std::bit_cast<I32x4>(as<U32x4>(a) << 16u) >> 16;
  return v128<I32x4>(low + (as<I32x4>(a) >> 16));
}
WPLUG_VECTOR_FUNCTION V128 i32x4_extadd_pairwise_i16x8_u(V128 a) {
  return v128<U32x4>((as<U32x4>(a) & 0xffffu) + (as<U32x4>(a) >> 16u));
}

// ---- floating point. Arithmetic on NaNs gives what the machine gives: a quiet NaN, from an operand or the default.

// min and max: by bits where the comparison cannot tell (zeros of different sign), and a canonical NaN where an operand
// is one.
#define WPLUG_FLOAT_LANES(p, F, U, S, E, sign, quiet_shift)                                                          \
  WPLUG_VECTOR_FUNCTION V128 p##_add(V128 a, V128 b) { return v128<F>(as<F>(a) + as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_sub(V128 a, V128 b) { return v128<F>(as<F>(a) - as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_mul(V128 a, V128 b) { return v128<F>(as<F>(a) * as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_div(V128 a, V128 b) { return v128<F>(as<F>(a) / as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_abs(V128 a) { return v128<U>(as<U>(a) & ~(U{} + (sign))); }                         \
  WPLUG_VECTOR_FUNCTION V128 p##_neg(V128 a) { return v128<U>(as<U>(a) ^ (U{} + (sign))); }                          \
  WPLUG_VECTOR_FUNCTION V128 p##_eq(V128 a, V128 b) { return v128<S>(as<F>(a) == as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_ne(V128 a, V128 b) { return v128<S>(as<F>(a) != as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_lt(V128 a, V128 b) { return v128<S>(as<F>(a) < as<F>(b)); }                         \
  WPLUG_VECTOR_FUNCTION V128 p##_gt(V128 a, V128 b) { return v128<S>(as<F>(a) > as<F>(b)); }                         \
  WPLUG_VECTOR_FUNCTION V128 p##_le(V128 a, V128 b) { return v128<S>(as<F>(a) <= as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_ge(V128 a, V128 b) { return v128<S>(as<F>(a) >= as<F>(b)); }                        \
  WPLUG_VECTOR_FUNCTION V128 p##_pmin(V128 a, V128 b) { return v128<F>(as<F>(b) < as<F>(a) ? as<F>(b) : as<F>(a)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_pmax(V128 a, V128 b) { return v128<F>(as<F>(a) < as<F>(b) ? as<F>(b) : as<F>(a)); } \
  WPLUG_VECTOR_FUNCTION V128 p##_with_nans(V128 result, V128 a, V128 b) {                                            \
    S nan = (as<F>(a) != as<F>(a)) | (as<F>(b) != as<F>(b));                                                         \
    U rest = std::bit_cast<U>(nan) >> static_cast<E>(quiet_shift);                                                   \
    return v128<U>((as<U>(result) | std::bit_cast<U>(nan)) & ~rest);                                                 \
  }                                                                                                                  \
  WPLUG_VECTOR_FUNCTION V128 p##_min(V128 a, V128 b) {                                                               \
    F one = as<F>(a) < as<F>(b) ? as<F>(a) : as<F>(b);                                                               \
    F other = as<F>(b) < as<F>(a) ? as<F>(b) : as<F>(a);                                                             \
    return p##_with_nans(v128(one) | v128(other), a, b);                                                             \
  }                                                                                                                  \
  WPLUG_VECTOR_FUNCTION V128 p##_max(V128 a, V128 b) {                                                               \
    F one = as<F>(a) > as<F>(b) ? as<F>(a) : as<F>(b);                                                               \
    F other = as<F>(b) > as<F>(a) ? as<F>(b) : as<F>(a);                                                             \
    return p##_with_nans(v128(one) & v128(other), a, b);                                                             \
  }
// A canonical NaN has the exponent and the topmost bit of the fraction: 10 and 13 bits with the sign.
WPLUG_FLOAT_LANES(f32x4, F32x4, U32x4, I32x4, uint32_t, 0x80000000u, 10)
WPLUG_FLOAT_LANES(f64x2, F64x2, U64x2, I64x2, uint64_t, uint64_t{1} << 63, 13)
#undef WPLUG_FLOAT_LANES

// ---- conversions

WPLUG_VECTOR_FUNCTION V128 f32x4_convert_i32x4_s(V128 a) {
  return v128<F32x4>(__builtin_convertvector(as<I32x4>(a), F32x4));
}
WPLUG_VECTOR_FUNCTION V128 f32x4_convert_i32x4_u(V128 a) {
  return v128<F32x4>(__builtin_convertvector(as<U32x4>(a), F32x4));
}
WPLUG_VECTOR_FUNCTION V128 f64x2_convert_low_i32x4_s(V128 a) {
  return v128<F64x2>(__builtin_convertvector(low_half<I32x2>(a), F64x2));
}
WPLUG_VECTOR_FUNCTION V128 f64x2_convert_low_i32x4_u(V128 a) {
  return v128<F64x2>(__builtin_convertvector(low_half<U32x2>(a), F64x2));
}
WPLUG_VECTOR_FUNCTION V128 f64x2_promote_low_f32x4(V128 a) {
  return v128<F64x2>(__builtin_convertvector(low_half<F32x2>(a), F64x2));
}
WPLUG_VECTOR_FUNCTION V128 f32x4_demote_f64x2_zero(V128 a) {
  return v128_of(std::bit_cast<uint64_t>(__builtin_convertvector(as<F64x2>(a), F32x2)), 0);
}
WPLUG_VECTOR_FUNCTION V128 i32x4_trunc_sat_f32x4_u(V128 a) {
  U32x4 r{};
  for (int i = 0; i < 4; ++i) r[i] = i32_trunc_sat_f32_u(as<F32x4>(a)[i]);
  return v128(r);
}
WPLUG_VECTOR_FUNCTION V128 i32x4_trunc_sat_f64x2_s_zero(V128 a) {
  return v128(U32x4{i32_trunc_sat_f64_s(as<F64x2>(a)[0]), i32_trunc_sat_f64_s(as<F64x2>(a)[1]), 0, 0});
}
WPLUG_VECTOR_FUNCTION V128 i32x4_trunc_sat_f64x2_u_zero(V128 a) {
  return v128(U32x4{i32_trunc_sat_f64_u(as<F64x2>(a)[0]), i32_trunc_sat_f64_u(as<F64x2>(a)[1]), 0, 0});
}

// ---- relaxed operators that are no plain ones: multiply-add rounds twice, dot products take all lanes as signed.

WPLUG_VECTOR_FUNCTION V128 f32x4_relaxed_madd(V128 a, V128 b, V128 c) { return f32x4_add(f32x4_mul(a, b), c); }
WPLUG_VECTOR_FUNCTION V128 f32x4_relaxed_nmadd(V128 a, V128 b, V128 c) {
  return f32x4_add(f32x4_mul(f32x4_neg(a), b), c);
}
WPLUG_VECTOR_FUNCTION V128 f64x2_relaxed_madd(V128 a, V128 b, V128 c) { return f64x2_add(f64x2_mul(a, b), c); }
WPLUG_VECTOR_FUNCTION V128 f64x2_relaxed_nmadd(V128 a, V128 b, V128 c) {
  return f64x2_add(f64x2_mul(f64x2_neg(a), b), c);
}
WPLUG_VECTOR_FUNCTION V128 i16x8_relaxed_dot_i8x16_i7x16_s(V128 a, V128 b) {
  I16x8 r{};
  for (int i = 0; i < 8; ++i) {
    r[i] = portable::saturate<I16x8>(int32_t{as<I8x16>(a)[2 * i]} * int32_t{as<I8x16>(b)[2 * i]} +
                                     int32_t{as<I8x16>(a)[2 * i + 1]} * int32_t{as<I8x16>(b)[2 * i + 1]});
  }
  return v128(r);
}
WPLUG_VECTOR_FUNCTION V128 i32x4_relaxed_dot_i8x16_i7x16_add_s(V128 a, V128 b, V128 c) {
  return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

// ---- loads: a type for what is in memory, and the vector made of it

template <class Narrow, class Wide>
struct ExtendingLoad {
  Narrow lanes;
};
template <class Lanes, class E>
struct SplatLoad {
  E lane;
};
template <class E>
struct ZeroLoad {
  E lane;
};
using Load8x8S = ExtendingLoad<I8x8, I16x8>;
using Load8x8U = ExtendingLoad<U8x8, U16x8>;
using Load16x4S = ExtendingLoad<I16x4, I32x4>;
using Load16x4U = ExtendingLoad<U16x4, U32x4>;
using Load32x2S = ExtendingLoad<I32x2, I64x2>;
using Load32x2U = ExtendingLoad<U32x2, U64x2>;
using Load8Splat = SplatLoad<U8x16, uint8_t>;
using Load16Splat = SplatLoad<U16x8, uint16_t>;
using Load32Splat = SplatLoad<U32x4, uint32_t>;
using Load64Splat = SplatLoad<U64x2, uint64_t>;
using Load32Zero = ZeroLoad<uint32_t>;
using Load64Zero = ZeroLoad<uint64_t>;

WPLUG_VECTOR_FUNCTION V128 vector_of(V128 loaded) { return loaded; }
template <class Narrow, class Wide>
WPLUG_VECTOR_FUNCTION V128 vector_of(ExtendingLoad<Narrow, Wide> loaded) {
  return v128<Wide>(__builtin_convertvector(loaded.lanes, Wide));
}
template <class Lanes, class E>
WPLUG_VECTOR_FUNCTION V128 vector_of(SplatLoad<Lanes, E> loaded) {
  return v128<Lanes>(Lanes{} + loaded.lane);
}
template <class E>
WPLUG_VECTOR_FUNCTION V128 vector_of(ZeroLoad<E> loaded) {
  return v128_of(loaded.lane, 0);
}

}  // namespace numeric
}  // namespace wplug
