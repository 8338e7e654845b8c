// A conformance script as wast2json and `wasm-tools json-from-wast` write it.
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
  std::string binary;  // file beside the script with the module's bytes; empty when there is only text
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

}  // namespace wplug::spec
