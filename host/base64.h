// Base64 with padding (RFC 4648, section 4), as JSON carries bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wplug {

std::string base64_encode(std::string_view bytes);
// Strict: a multiple of four characters, padded, no blanks, no bits that say nothing. nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace wplug
