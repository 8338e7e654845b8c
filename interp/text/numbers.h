// Numbers of the text format (spec 6.3.1, 6.3.2).
#pragma once

#include <cstdint>
#include <string_view>

#include "interp/text/token.h"

namespace wplug::text {

// natural, integer (with a sign), floating, or bad when `text` is no number. An integer is a float too, and so on: see
// the functions below for what fits where.
TokenKind classify_number(std::string_view text);

// The functions take what classify_number accepts. False: out of range.
bool parse_natural(std::string_view text, uint64_t& value);
// An integer of `bits` bits, signed or unsigned; the value's low bits.
bool parse_integer(std::string_view text, unsigned bits, uint64_t& value);
// The bits of the nearest float, ties to even. A NaN's payload must fit.
bool parse_f32(std::string_view text, uint32_t& bits);
bool parse_f64(std::string_view text, uint64_t& bits);

}  // namespace wplug::text
