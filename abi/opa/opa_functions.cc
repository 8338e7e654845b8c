#include <array>
#include <utility>

#include "abi/guest_memory.h"
#include "abi/opa/opa_instance.h"

namespace wplug {
namespace {

constexpr uint64_t kMostMessage = uint64_t{4} << 10;

Result<void> opa_abort(OpaPolicy& policy, Caller&, uint32_t message) {
  WPLUG_TRY_ASSIGN(policy.aborted, policy.text_at("opa_abort", message, kMostMessage));
  return Error(ErrorKind::host, *policy.aborted);
}

Result<void> opa_println(OpaPolicy& policy, Caller&, uint32_t text) {
  if (!policy.context.admit()) return policy.context.budget_spent();
  WPLUG_TRY_ASSIGN(const std::string line, policy.text_at("opa_println", text, uint64_t{64} << 10));
  policy.context.log().line(line);
  return {};
}

// The policy fails with the message, as if it had aborted by itself.
Error fail(OpaPolicy& policy, std::string message) {
  policy.aborted = std::move(message);
  return Error(ErrorKind::host, *policy.aborted);
}

Result<uint32_t> builtin(OpaPolicy& policy, int32_t id, std::span<const uint32_t> addresses) {
  if (!policy.context.admit()) return policy.context.budget_spent();
  const auto named = policy.builtins.find(id);
  if (named == policy.builtins.end()) {
    return fail(policy, "the policy calls builtin " + std::to_string(id) + ", which it does not list");
  }
  const OpaBuiltinRow* row = find_opa_builtin(named->second);
  if (row == nullptr) {
    return fail(policy, "the policy calls the builtin " + named->second + ", which this host does not have");
  }
  if (row->arguments != addresses.size()) {
    return fail(policy, "the policy calls the builtin " + named->second + " with " + std::to_string(addresses.size()) +
                            " arguments, it takes " + std::to_string(row->arguments));
  }
  std::array<Json, 4> arguments;
  for (size_t i = 0; i < addresses.size(); ++i) {
    WPLUG_TRY_ASSIGN(arguments[i], policy.dump(addresses[i]));
  }
  WPLUG_TRY_ASSIGN(const std::optional<Json> result,
                   row->function(policy.evaluation, std::span(arguments).first(addresses.size())));
  if (!result) return uint32_t{0};
  return policy.parse(result->to_string());
}

Result<uint32_t> opa_builtin0(OpaPolicy& policy, Caller&, int32_t id, uint32_t) { return builtin(policy, id, {}); }
Result<uint32_t> opa_builtin1(OpaPolicy& policy, Caller&, int32_t id, uint32_t, uint32_t a) {
  return builtin(policy, id, std::array{a});
}
Result<uint32_t> opa_builtin2(OpaPolicy& policy, Caller&, int32_t id, uint32_t, uint32_t a, uint32_t b) {
  return builtin(policy, id, std::array{a, b});
}
Result<uint32_t> opa_builtin3(OpaPolicy& policy, Caller&, int32_t id, uint32_t, uint32_t a, uint32_t b, uint32_t c) {
  return builtin(policy, id, std::array{a, b, c});
}
Result<uint32_t> opa_builtin4(OpaPolicy& policy, Caller&, int32_t id, uint32_t, uint32_t a, uint32_t b, uint32_t c,
                              uint32_t d) {
  return builtin(policy, id, std::array{a, b, c, d});
}

}  // namespace

Result<uint32_t> OpaPolicy::call(const char* name, std::initializer_list<uint32_t> arguments) {
  const auto function = instance->get_func(name);
  std::array<uint64_t, 8> slots{};
  if (!function || function->type().params.size() != arguments.size() || arguments.size() > slots.size()) {
    return Error(ErrorKind::link, "exports no function " + std::string(name) + " of " +
                                      std::to_string(arguments.size()) + " parameters");
  }
  for (const ValType type : function->type().params) {
    if (type != ValType::i32()) return Error(ErrorKind::link, std::string(name) + " takes other than i32");
  }
  if (function->type().results.size() > 1) return Error(ErrorKind::link, std::string(name) + " gives more than one value");
  size_t count = 0;
  for (const uint32_t argument : arguments) slots[count++] = argument;
  WPLUG_TRY(function->call_raw(slots.data()));
  return function->type().results.empty() ? 0 : static_cast<uint32_t>(slots[0]);
}

Result<std::string> OpaPolicy::text_at(const char* function, uint32_t at, uint64_t most) {
  const GuestMemory view(*memory);
  const auto rest = at < view.size() ? view.text(at, view.size() - at) : std::nullopt;
  if (!rest) return context.outside(function, at, 1, view.size());
  const size_t end = rest->find('\0');
  if (end == std::string_view::npos) return context.outside(function, at, view.size() - at + 1, view.size());
  return std::string(rest->substr(0, std::min<uint64_t>(end, most)));
}

Result<uint32_t> OpaPolicy::parse(std::string_view json) {
  if (json.size() > INT32_MAX) return Error(ErrorKind::limit, "a document of more than 2 GiB does not fit a policy");
  const uint32_t length = static_cast<uint32_t>(json.size());
  WPLUG_TRY_ASSIGN(const uint32_t at, call("opa_malloc", {length == 0 ? 1 : length}));
  if (const GuestMemory view(*memory); !view.write_text(at, json)) {
    return context.outside("opa_malloc's caller", at, length, view.size());
  }
  WPLUG_TRY_ASSIGN(const uint32_t value, call("opa_json_parse", {at, length}));
  if (value == 0) return Error(ErrorKind::host, "the policy cannot read a JSON document of " + std::to_string(length) + " bytes");
  return value;
}

Result<Json> OpaPolicy::dump(uint32_t value) {
  WPLUG_TRY_ASSIGN(const uint32_t at, call("opa_json_dump", {value}));
  WPLUG_TRY_ASSIGN(const std::string text, text_at("opa_json_dump", at));
  return parse_json(text);
}

void add_opa_functions(Linker& linker, OpaPolicy& policy) {
#define WPLUG_OPA_FUNCTION(name, type, doc) linker.define_host<&name>("env", #name, &policy);
#include "abi/opa/functions.def"
}

std::span<const AbiFunction> opa_functions() {
  static constexpr AbiFunction functions[] = {
#define WPLUG_OPA_FUNCTION(name, type, doc) {"env", #name, type, "", doc},
#include "abi/opa/functions.def"
  };
  return functions;
}

}  // namespace wplug
