// Conformance scripts in text, .wast (the reference interpreter's "script" format).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/types.h"

namespace wplug {

// A module of a script: its bytes, or why its text has none.
struct ScriptModule {
  std::string name;  // its identifier without `$`; may be empty
  Result<std::vector<uint8_t>> bytes = std::vector<uint8_t>();
};

// A constant, or a pattern for a result.
struct ScriptValue {
  enum class Kind : uint8_t {
    lanes,     // a number (one lane) or a vector
    null_ref,  // a null reference
    host_ref,  // the host reference with a given number
    any_ref,   // any reference of the type's kind
    either,    // one of the alternatives
  };
  enum class Nan : uint8_t { none, canonical, arithmetic };
  struct Lane {
    uint64_t bits = 0;
    Nan nan = Nan::none;  // a class of NaNs; the bits do not count then
  };
  Kind kind = Kind::lanes;
  ValType type;  // bottom for a null of any type
  uint32_t lane_bits = 32;
  bool lanes_are_floats = false;
  std::vector<Lane> lanes;
  uint64_t host_value = 0;
  std::vector<ScriptValue> alternatives;
};

struct ScriptAction {
  bool is_get = false;  // else an invocation
  std::string module;   // identifier of the instance; empty: the last one
  std::string field;
  std::vector<ScriptValue> args;
};

enum class ScriptCommandKind : uint8_t {
  module,             // instantiate `module`
  module_definition,  // compile it only
  module_instance,    // instantiate the definition `name` as `as`
  register_,          // the instance `name` as `as`
  action,
  assert_return,
  assert_trap,
  assert_exhaustion,
  assert_exception,
  assert_malformed,
  assert_invalid,
  assert_unlinkable,
  assert_uninstantiable,  // (assert_trap (module …) …)
  assert_malformed_custom,
  assert_invalid_custom,
  thread,  // run `thread` with the instances of `shared`
  wait,    // for the thread `name`
};

// One command; `kind` says which members count.
struct ScriptCommand {
  ScriptCommandKind kind = ScriptCommandKind::module;
  uint32_t line = 0;  // of its module or action, else its own
  std::string name;
  std::string as;
  std::string text;  // the expected message
  ScriptModule module;
  ScriptAction action;
  std::vector<ScriptValue> expected;
  std::vector<std::string> shared;
  std::vector<ScriptCommand> thread;
};

// Reads a script. A module whose text is wrong is an error of its command only. Errors: malformed, with the place.
Result<std::vector<ScriptCommand>> parse_wast(std::string_view text);

}  // namespace wplug
