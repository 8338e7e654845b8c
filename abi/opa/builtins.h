// Builtins of Rego that a policy leaves to its host.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/json_document.h"
#include "wplug/error.h"

namespace wplug {

// What builtins may know of the evaluation.
struct OpaEvaluation {
  int64_t now_ns = 0;            // since the epoch, the same all along
  std::string* notes = nullptr;  // what trace() says, a line each; may be null
};

// nullopt: undefined. Errors: host.
using OpaBuiltin = Result<std::optional<Json>> (*)(const OpaEvaluation&, std::span<const Json> arguments);

struct OpaBuiltinRow {
  std::string_view name;
  size_t arguments;
  OpaBuiltin function;
};
// Null: this host has no such builtin.
const OpaBuiltinRow* find_opa_builtin(std::string_view name);

// What Rego's sprintf gives: Go's verbs v, s, d, t, q, x, X, o, b, e, f, g with flags, width and precision. Numbers are
// integers where they are written so; what is neither number nor string is shown as Rego shows it.
std::string rego_sprintf(std::string_view format, const Json& arguments);

}  // namespace wplug
