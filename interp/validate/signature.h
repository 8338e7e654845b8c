// The signature column of opcodes.def, parsed at compile time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "interp/wasm/access.h"
#include "interp/wasm/opcode.h"
#include "wplug/types.h"

namespace wplug {

// The type of a simple instruction, whose operands and results do not depend on where it stands.
struct Signature {
  static constexpr size_t kMostOperands = 3;

  bool is_special = false;   // the validator has a rule of its own; nothing below counts
  bool has_lanes = false;    // an immediate names lanes, whose numbers are to be checked
  bool has_address = false;  // the first operand is an address: of type i32, or i64 for a memory addressed so
  uint8_t operands = 0;
  uint8_t results = 0;      // 0 or 1
  uint8_t access_log2 = 0;  // loads and stores: the natural alignment
  uint8_t operand_slots = 0;
  std::array<ValType, kMostOperands> operand{};
  ValType result;
};

namespace detail {

constexpr ValType signature_type(char letter) {
  switch (letter) {
    case 'i': return ValType::i32();
    case 'I': return ValType::i64();
    case 'f': return ValType::f32();
    case 'F': return ValType::f64();
    case 'V': return ValType::v128();
    case 'm': return ValType::i32();
    default: return ValType::bottom();
  }
}

constexpr Signature parse_signature(const OpInfo& info) {
  Signature signature;
  signature.is_special = info.signature == "special";
  if (signature.is_special) return signature;
  if (info.immediates == ImmediateKind::memarg || info.immediates == ImmediateKind::memarg_lane) {
    signature.access_log2 = wplug::access_log2(info.text);
  }
  signature.has_lanes = info.immediates == ImmediateKind::lane || info.immediates == ImmediateKind::lanes ||
                        info.immediates == ImmediateKind::memarg_lane;
  bool past_colon = false;
  for (char letter : info.signature) {
    if (letter == ':') {
      past_colon = true;
    } else if (past_colon) {
      signature.result = signature_type(letter);
      ++signature.results;
    } else {
      const ValType type = signature_type(letter);
      signature.operand[signature.operands++] = type;
      signature.operand_slots = static_cast<uint8_t>(signature.operand_slots + type.slots());
      if (letter == 'm') signature.has_address = true;
    }
  }
  return signature;
}

constexpr std::array<Signature, kOpRows> parse_signatures() {
  std::array<Signature, kOpRows> signatures{};
  for (size_t i = 0; i < kOpRows; ++i) signatures[i] = parse_signature(kOpInfo[i]);
  return signatures;
}

}  // namespace detail

// Of the instructions that the build has; see kOpRows.
inline constexpr std::array<Signature, kOpRows> kSignatures = detail::parse_signatures();

constexpr const Signature& signature(Op op) { return kSignatures[static_cast<size_t>(op)]; }

namespace detail {

constexpr bool signatures_make_sense() {
  for (const Signature& s : kSignatures) {
    if (s.results > 1 || s.result.is_bottom()) return false;
    for (size_t i = 0; i < s.operands; ++i) {
      if (s.operand[i].is_bottom()) return false;
    }
  }
  return true;
}
static_assert(signatures_make_sense(), "opcodes.def: a signature has an unknown letter or more than one result");
static_assert(signature(Op::i64_load).access_log2 == 3 && signature(Op::i64_store32).access_log2 == 2);
static_assert(signature(Op::i32_load16_s).access_log2 == 1 && signature(Op::f32_store).access_log2 == 2);
#if !WPLUG_PROFILE_SMALL
static_assert(signature(Op::v128_load).access_log2 == 4 && signature(Op::v128_load32x2_u).access_log2 == 3);
static_assert(signature(Op::v128_load8_splat).access_log2 == 0 && signature(Op::v128_store64_lane).access_log2 == 3);
static_assert(signature(Op::i64_atomic_rmw16_add_u).access_log2 == 1 && signature(Op::i64_atomic_load).access_log2 == 3);
#endif

}  // namespace detail

}  // namespace wplug
