// Strings and identifiers as the text format writes them.
#pragma once

#include <string>
#include <string_view>

namespace wplug::text {

// In quotation marks, everything but printable ASCII escaped.
std::string quote(std::string_view bytes);
// `$name`, or `$"…"` where it has other characters; empty for an empty name.
std::string identifier(std::string_view name);

}  // namespace wplug::text
