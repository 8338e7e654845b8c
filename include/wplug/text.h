// The text format: .wat to binary modules and back (spec 3.0, section 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

// The binary module that `text` means: `(module …)` or the fields of one. Nothing is validated; identifiers become the
// name section. All of WebAssembly 3.0 is read, with threads, custom page sizes, wide arithmetic, legacy exceptions and
// the annotations (@custom …), (@name …) and branch hints; other annotations are skipped.
// Errors: malformed (and invalid for a branch hint on something else), with the place in the text; limit, for 4 GiB of
// text and more.
Result<std::vector<uint8_t>> parse_wat(std::string_view text);

struct PrintOptions {
  bool names = true;     // identifiers from the name section, where they are unambiguous
  bool offsets = false;  // a comment with the offset in the module before each instruction
};

// A binary module as text that parse_wat reads back to a module of the same meaning. The module need be well-formed and
// need not be valid. Errors: malformed, with the byte offset.
Result<std::string> print_wat(std::span<const uint8_t> module, const PrintOptions& options = {});

// The instruction of a module at a byte offset, for messages.
struct CodePlace {
  uint32_t function = 0;
  std::string function_name;        // from the name section; empty when it has none
  size_t offset = 0;                // of the instruction
  std::string instruction;          // "i32.add"
  std::vector<std::string> before;  // up to three instructions in front of it, in order
};

// Finds the instruction of a function's body that has the byte at `offset`. Errors: misuse when no body has it,
// malformed when the module cannot be read up to there.
Result<CodePlace> find_code(std::span<const uint8_t> module, size_t offset);

}  // namespace wplug
