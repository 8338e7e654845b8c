// A conformance script: as wast2json and `wasm-tools json-from-wast` write it, or in text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec-tests/runner/pattern.h"
#include "wplug/error.h"
#include "wplug/value.h"

namespace wplug::spec {

enum class CommandKind : uint8_t {
#define WPLUG_SPEC_COMMAND(name, text) name,
#include "spec-tests/runner/commands.def"
  unknown,
};

enum class ActionKind : uint8_t { invoke, get };

struct Action {
  ActionKind kind = ActionKind::invoke;
  std::string module;  // name of the instance; empty: the current one
  std::string field;
  std::vector<Value> args;

  // `invoke "f"`, `get "g" of $M`.
  std::string to_string() const;
};

// One command; `kind` says which members count.
struct Command {
  CommandKind kind = CommandKind::unknown;
  std::string type;    // as the script has it
  uint32_t line = 0;   // in the .wast file
  std::string name;    // module, module_definition, register: the module's script name; may be empty
  std::string as;      // register: the import name; module_instance: the new instance's name
  std::string file;    // beside a script in JSON, with the module; empty: it is in `module`
  bool is_text = false;  // the file is in the text format
  Result<std::vector<uint8_t>> module = std::vector<uint8_t>();  // bytes, or why the text has none
  std::string text;    // the expected message
  Action action;
  std::vector<Pattern> expected;
};

struct Script {
  std::string source;  // the .wast file's name
  std::vector<Command> commands;
};

// Reads a script's JSON. Errors: host (unreadable), misuse (JSON, but not a script), malformed (a broken script; the
// message has the command and the line).
Result<Script> load_script(const std::string& path);
// The same from text.
Result<Script> parse_script(std::string_view json);

// Reads a script in the text format (.wast). Errors: host (unreadable), malformed (with the place).
Result<Script> load_text_script(const std::string& path);
Result<Script> parse_text_script(std::string_view text);

// The one value that a pattern of an argument fits. Errors: malformed.
Result<Value> argument_of(const Pattern& pattern);

}  // namespace wplug::spec
