// What parse_wat and parse_wast share: modules in all their forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "interp/text/cursor.h"
#include "wplug/error.h"

namespace wplug::text {

// Whether a field of a module begins with the word.
bool is_field(Word word);

// Reads `id? fields`, `id? binary "…"*` or `id? quote "…"*`, which is all that is left in `in`. `name` gets the
// identifier. Errors: as parse_wat's, with the offset in the source for a place; in a quoted module with the place in it.
Result<std::vector<uint8_t>> read_module(Cursor& in, std::string& name);

// A text that is one module.
Result<std::vector<uint8_t>> read_module_text(std::string_view text);

}  // namespace wplug::text
