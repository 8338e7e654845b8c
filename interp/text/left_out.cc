// What the small build (wasm/profile.h) says instead of reading and printing text.
#include "wplug/script.h"
#include "wplug/text.h"

namespace wplug {

namespace {

Error no_text() { return {ErrorKind::misuse, "text format is not in this build: give it binary modules"}; }

}  // namespace

Result<std::vector<uint8_t>> parse_wat(std::string_view) { return no_text(); }
Result<std::vector<ScriptCommand>> parse_wast(std::string_view) { return no_text(); }
Result<std::string> print_wat(std::span<const uint8_t>, const PrintOptions&) { return no_text(); }
Result<CodePlace> find_code(std::span<const uint8_t>, size_t) { return no_text(); }

}  // namespace wplug
