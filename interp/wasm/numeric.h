// The numeric operators of WebAssembly as pure functions (spec 3.0, section 4.3 "Numerics"), written once: handlers, constant folding
// and tests call these. A function is named as its instruction. Integers are unsigned; operators that can trap return the trap,
// or kNoTrap and the result through a reference. (_test and _test_not are no instructions, but what `and` and a comparison with zero make.)
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "wplug/trap.h"

namespace wplug::numeric {

// TrapKind, or kNoTrap.
using MaybeTrap = int;
inline constexpr MaybeTrap kNoTrap = -1;
constexpr MaybeTrap trap(TrapKind kind) { return static_cast<MaybeTrap>(kind); }

#define WPLUG_INT_OPERATORS(p, U, S)                                                                        \
  constexpr U p##_add(U a, U b) { return a + b; }                                                           \
  constexpr U p##_sub(U a, U b) { return a - b; }                                                           \
  constexpr U p##_mul(U a, U b) { return a * b; }                                                           \
  constexpr U p##_and(U a, U b) { return a & b; }                                                           \
  constexpr U p##_or(U a, U b) { return a | b; }                                                            \
  constexpr U p##_xor(U a, U b) { return a ^ b; }                                                           \
  constexpr U p##_shl(U a, U b) { return a << (b % (sizeof(U) * 8)); }                                      \
  constexpr U p##_shr_u(U a, U b) { return a >> (b % (sizeof(U) * 8)); }                                    \
  constexpr U p##_shr_s(U a, U b) { return static_cast<U>(static_cast<S>(a) >> (b % (sizeof(U) * 8))); }    \
  constexpr U p##_rotl(U a, U b) { return std::rotl(a, static_cast<int>(b % (sizeof(U) * 8))); }            \
  constexpr U p##_rotr(U a, U b) { return std::rotr(a, static_cast<int>(b % (sizeof(U) * 8))); }            \
  constexpr uint32_t p##_eq(U a, U b) { return a == b; }                                                    \
  constexpr uint32_t p##_ne(U a, U b) { return a != b; }                                                    \
  constexpr uint32_t p##_lt_u(U a, U b) { return a < b; }                                                   \
  constexpr uint32_t p##_gt_u(U a, U b) { return a > b; }                                                   \
  constexpr uint32_t p##_le_u(U a, U b) { return a <= b; }                                                  \
  constexpr uint32_t p##_ge_u(U a, U b) { return a >= b; }                                                  \
  constexpr uint32_t p##_lt_s(U a, U b) { return static_cast<S>(a) < static_cast<S>(b); }                   \
  constexpr uint32_t p##_gt_s(U a, U b) { return static_cast<S>(a) > static_cast<S>(b); }                   \
  constexpr uint32_t p##_le_s(U a, U b) { return static_cast<S>(a) <= static_cast<S>(b); }                  \
  constexpr uint32_t p##_ge_s(U a, U b) { return static_cast<S>(a) >= static_cast<S>(b); }                  \
  constexpr uint32_t p##_test(U a, U b) { return (a & b) != 0; }                                            \
  constexpr uint32_t p##_test_not(U a, U b) { return (a & b) == 0; }                                        \
  constexpr uint32_t p##_eqz(U a) { return a == 0; }                                                        \
  constexpr U p##_clz(U a) { return static_cast<U>(std::countl_zero(a)); }                                  \
  constexpr U p##_ctz(U a) { return static_cast<U>(std::countr_zero(a)); }                                  \
  constexpr U p##_popcnt(U a) { return static_cast<U>(std::popcount(a)); }                                  \
  constexpr U p##_extend8_s(U a) { return static_cast<U>(static_cast<S>(static_cast<int8_t>(a))); }         \
  constexpr U p##_extend16_s(U a) { return static_cast<U>(static_cast<S>(static_cast<int16_t>(a))); }       \
  constexpr MaybeTrap p##_div_u(U a, U b, U& r) {                                                           \
    if (b == 0) return trap(TrapKind::integer_divide_by_zero);                                              \
    r = a / b;                                                                                              \
    return kNoTrap;                                                                                         \
  }                                                                                                         \
  constexpr MaybeTrap p##_rem_u(U a, U b, U& r) {                                                           \
    if (b == 0) return trap(TrapKind::integer_divide_by_zero);                                              \
    r = a % b;                                                                                              \
    return kNoTrap;                                                                                         \
  }                                                                                                         \
  constexpr MaybeTrap p##_div_s(U a, U b, U& r) {                                                           \
    if (b == 0) return trap(TrapKind::integer_divide_by_zero);                                              \
    if (static_cast<S>(a) == std::numeric_limits<S>::min() && b == static_cast<U>(-1)) {                    \
      return trap(TrapKind::integer_overflow);                                                              \
    }                                                                                                       \
    r = static_cast<U>(static_cast<S>(a) / static_cast<S>(b));                                              \
    return kNoTrap;                                                                                         \
  }                                                                                                         \
  constexpr MaybeTrap p##_rem_s(U a, U b, U& r) {                                                           \
    if (b == 0) return trap(TrapKind::integer_divide_by_zero);                                              \
    r = b == static_cast<U>(-1) ? 0 : static_cast<U>(static_cast<S>(a) % static_cast<S>(b));                \
    return kNoTrap;                                                                                         \
  }

WPLUG_INT_OPERATORS(i32, uint32_t, int32_t)
WPLUG_INT_OPERATORS(i64, uint64_t, int64_t)
#undef WPLUG_INT_OPERATORS

#ifdef __SIZEOF_INT128__
__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;
// The upper half of the product.
constexpr uint64_t i64_mul_high_u(uint64_t a, uint64_t b) { return static_cast<uint64_t>((Wide{a} * b) >> 64); }
constexpr uint64_t i64_mul_high_s(uint64_t a, uint64_t b) {
  SignedWide product = static_cast<SignedWide>(static_cast<int64_t>(a)) * static_cast<int64_t>(b);
  return static_cast<uint64_t>(static_cast<Wide>(product) >> 64);
}
#else
constexpr uint64_t i64_mul_high_u(uint64_t a, uint64_t b) {
  uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
  uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
  return a1 * b1 + (middle >> 32) + ((a0 * b1 + (middle & 0xffffffff)) >> 32);
}
constexpr uint64_t i64_mul_high_s(uint64_t a, uint64_t b) {
  return i64_mul_high_u(a, b) - (static_cast<int64_t>(a) < 0 ? b : 0) - (static_cast<int64_t>(b) < 0 ? a : 0);
}
#endif

constexpr uint64_t i64_extend32_s(uint64_t a) { return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(a))); }

namespace detail {

// A NaN operand gives a quiet NaN: addition quiets it.
template <class F>
F min(F a, F b) {
  if (a != a || b != b) return a + b;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class F>
F max(F a, F b) {
  if (a != a || b != b) return a + b;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

// The largest range of F whose truncation fits in I, as open bounds (low, high). For bounds that F cannot hold
// exactly next to the integer limit, the limit itself is excluded or included as the comparison needs.
template <class I, class F>
struct TruncBounds;
#define WPLUG_TRUNC_BOUNDS(I, F, low_ok, high_ok)          \
  template <>                                              \
  struct TruncBounds<I, F> {                               \
    static bool fits(F a) { return low_ok && high_ok; }    \
  };
WPLUG_TRUNC_BOUNDS(int32_t, float, a >= -2147483648.0f, a < 2147483648.0f)
WPLUG_TRUNC_BOUNDS(uint32_t, float, a > -1.0f, a < 4294967296.0f)
WPLUG_TRUNC_BOUNDS(int32_t, double, a > -2147483649.0, a < 2147483648.0)
WPLUG_TRUNC_BOUNDS(uint32_t, double, a > -1.0, a < 4294967296.0)
WPLUG_TRUNC_BOUNDS(int64_t, float, a >= -9223372036854775808.0f, a < 9223372036854775808.0f)
WPLUG_TRUNC_BOUNDS(uint64_t, float, a > -1.0f, a < 18446744073709551616.0f)
WPLUG_TRUNC_BOUNDS(int64_t, double, a >= -9223372036854775808.0, a < 9223372036854775808.0)
WPLUG_TRUNC_BOUNDS(uint64_t, double, a > -1.0, a < 18446744073709551616.0)
#undef WPLUG_TRUNC_BOUNDS

template <class I, class F>
MaybeTrap trunc(F a, std::make_unsigned_t<I>& r) {
  if (a != a) return trap(TrapKind::invalid_conversion_to_integer);
  if (!TruncBounds<I, F>::fits(a)) return trap(TrapKind::integer_overflow);
  r = static_cast<std::make_unsigned_t<I>>(static_cast<I>(a));
  return kNoTrap;
}
template <class I, class F>
std::make_unsigned_t<I> trunc_sat(F a) {
  using U = std::make_unsigned_t<I>;
  if (a != a) return 0;
  if (TruncBounds<I, F>::fits(a)) return static_cast<U>(static_cast<I>(a));
  return static_cast<U>(a < 0 ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max());
}

}  // namespace detail

// Sign operators work on bits, so that a NaN's payload stays as it is (spec 4.3.3, fabs, fneg, fcopysign).
#define WPLUG_FLOAT_OPERATORS(p, F, U)                                                                              \
  inline F p##_add(F a, F b) { return a + b; }                                                                      \
  inline F p##_sub(F a, F b) { return a - b; }                                                                      \
  inline F p##_mul(F a, F b) { return a * b; }                                                                      \
  inline F p##_div(F a, F b) { return a / b; }                                                                      \
  inline F p##_min(F a, F b) { return detail::min(a, b); }                                                          \
  inline F p##_max(F a, F b) { return detail::max(a, b); }                                                          \
  constexpr U p##_sign_bit = U{1} << (sizeof(U) * 8 - 1);                                                           \
  inline F p##_abs(F a) { return std::bit_cast<F>(std::bit_cast<U>(a) & ~p##_sign_bit); }                           \
  inline F p##_neg(F a) { return std::bit_cast<F>(std::bit_cast<U>(a) ^ p##_sign_bit); }                            \
  inline F p##_copysign(F a, F b) {                                                                                 \
    return std::bit_cast<F>((std::bit_cast<U>(a) & ~p##_sign_bit) | (std::bit_cast<U>(b) & p##_sign_bit));          \
  }                                                                                                                 \
  inline F p##_quiet(F a) { return a != a ? a + a : a; }                                                            \
  inline F p##_ceil(F a) { return p##_quiet(std::ceil(a)); }                                                        \
  inline F p##_floor(F a) { return p##_quiet(std::floor(a)); }                                                      \
  inline F p##_trunc(F a) { return p##_quiet(std::trunc(a)); }                                                      \
  inline F p##_nearest(F a) { return p##_quiet(std::nearbyint(a)); }                                                \
  inline F p##_sqrt(F a) { return std::sqrt(a); }                                                                   \
  inline uint32_t p##_eq(F a, F b) { return a == b; }                                                               \
  inline uint32_t p##_ne(F a, F b) { return a != b; }                                                               \
  inline uint32_t p##_lt(F a, F b) { return a < b; }                                                                \
  inline uint32_t p##_gt(F a, F b) { return a > b; }                                                                \
  inline uint32_t p##_le(F a, F b) { return a <= b; }                                                               \
  inline uint32_t p##_ge(F a, F b) { return a >= b; }                                                               \
  inline F p##_convert_i32_s(uint32_t a) { return static_cast<F>(static_cast<int32_t>(a)); }                        \
  inline F p##_convert_i32_u(uint32_t a) { return static_cast<F>(a); }                                              \
  inline F p##_convert_i64_s(uint64_t a) { return static_cast<F>(static_cast<int64_t>(a)); }                        \
  inline F p##_convert_i64_u(uint64_t a) { return static_cast<F>(a); }                                              \
  inline MaybeTrap i32_trunc_##p##_s(F a, uint32_t& r) { return detail::trunc<int32_t>(a, r); }                     \
  inline MaybeTrap i32_trunc_##p##_u(F a, uint32_t& r) { return detail::trunc<uint32_t>(a, r); }                    \
  inline MaybeTrap i64_trunc_##p##_s(F a, uint64_t& r) { return detail::trunc<int64_t>(a, r); }                     \
  inline MaybeTrap i64_trunc_##p##_u(F a, uint64_t& r) { return detail::trunc<uint64_t>(a, r); }                    \
  inline uint32_t i32_trunc_sat_##p##_s(F a) { return detail::trunc_sat<int32_t>(a); }                              \
  inline uint32_t i32_trunc_sat_##p##_u(F a) { return detail::trunc_sat<uint32_t>(a); }                             \
  inline uint64_t i64_trunc_sat_##p##_s(F a) { return detail::trunc_sat<int64_t>(a); }                              \
  inline uint64_t i64_trunc_sat_##p##_u(F a) { return detail::trunc_sat<uint64_t>(a); }

WPLUG_FLOAT_OPERATORS(f32, float, uint32_t)
WPLUG_FLOAT_OPERATORS(f64, double, uint64_t)
#undef WPLUG_FLOAT_OPERATORS

constexpr uint32_t i32_wrap_i64(uint64_t a) { return static_cast<uint32_t>(a); }
constexpr uint64_t i64_extend_i32_s(uint32_t a) { return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(a))); }
constexpr uint64_t i64_extend_i32_u(uint32_t a) { return a; }
inline float f32_demote_f64(double a) { return static_cast<float>(a); }
inline double f64_promote_f32(float a) { return static_cast<double>(a); }
constexpr uint32_t i32_reinterpret_f32(float a) { return std::bit_cast<uint32_t>(a); }
constexpr uint64_t i64_reinterpret_f64(double a) { return std::bit_cast<uint64_t>(a); }
constexpr float f32_reinterpret_i32(uint32_t a) { return std::bit_cast<float>(a); }
constexpr double f64_reinterpret_i64(uint64_t a) { return std::bit_cast<double>(a); }

}  // namespace wplug::numeric
