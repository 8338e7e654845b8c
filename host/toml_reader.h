// Reading TOML strictly: what is not known, not of the right type or not possible is an error that says where.
// Included by the .cc files that read configuration; not by headers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include "wplug/error.h"

namespace wplug {

// "file:line:column: message", kind misuse.
Error toml_error(const std::string& file, const toml::source_region& at, const std::string& message);

// One key that a table may have: what reads its value. `read` gets the node and says what is wrong, or nothing.
struct TomlKey {
  std::string_view name;
  std::function<Result<void>(const toml::node&)> read;
};

// Reads every key of `table`, in the order of the file; `where` names the table in messages ("[limits]"). A key that is not
// in `keys` is an error.
Result<void> read_table(const std::string& file, const toml::table& table, std::string_view where,
                        std::initializer_list<TomlKey> keys);

// Readers of values; each says what it expected when the type is another. `file` and `key` are for the message.
Result<std::string> read_string(const std::string& file, const toml::node& node, std::string_view key);
Result<uint64_t> read_count(const std::string& file, const toml::node& node, std::string_view key);
Result<std::vector<std::string>> read_strings(const std::string& file, const toml::node& node, std::string_view key);
Result<const toml::table*> read_subtable(const std::string& file, const toml::node& node, std::string_view key);

// Any value as JSON text; dates and times become strings. Errors: a number that JSON has not (nan, inf).
Result<std::string> json_of(const std::string& file, const toml::node& node);

}  // namespace wplug
