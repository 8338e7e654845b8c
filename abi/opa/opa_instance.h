// One compiled policy at work.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/opa/builtins.h"
#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/func.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/memory.h"

namespace wplug {

// A policy's exports and memory, and how documents get in and out. The host functions need it too: builtins take their
// arguments and give their result in the policy's memory.
struct OpaPolicy {
  OpaPolicy(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}

  // Calls an export of type (i32 …) -> (i32) or without result. Errors: as of Func::call_raw; link when it is not exported.
  Result<uint32_t> call(const char* name, std::initializer_list<uint32_t> arguments = {});
  // The text up to a NUL at `at`. Errors: host, and the context knows of a bad pointer.
  Result<std::string> text_at(const char* function, uint32_t at, uint64_t most = UINT64_MAX);
  // Writes into new memory of the policy's heap and parses there; the address of the value.
  Result<uint32_t> parse(std::string_view json);
  // A value as JSON.
  Result<Json> dump(uint32_t value);

  PluginContext context;
  std::optional<Memory> memory;
  std::optional<Instance> instance;
  std::map<int32_t, std::string> builtins;  // by the number the policy knows them by
  OpaEvaluation evaluation;
  std::optional<std::string> aborted;  // what opa_abort said
};

// `policy` outlives the stores instantiated into.
void add_opa_functions(Linker& linker, OpaPolicy& policy);
std::span<const AbiFunction> opa_functions();

class OpaInstance : public AbiInstance {
 public:
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);
  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;

 private:
  OpaInstance(const PluginTerms& terms, const HostServices& services) : policy_(terms, services) {}
  Result<void> link(Store& store, const Module& module);
  Result<void> prepare();
  Result<void> read_names();
  Result<ReplyKind> evaluate(std::string_view entry, std::string_view input, std::string& text);
  Result<uint32_t> evaluate_at_once(uint32_t entrypoint, std::string_view input);
  Result<uint32_t> evaluate_in_steps(uint32_t entrypoint, std::string_view input);

  OpaPolicy policy_;
  std::map<std::string, uint32_t, std::less<>> entrypoints_;
  uint32_t data_ = 0;       // the value of the data document
  uint32_t heap_start_ = 0;  // where the heap begins after it
  bool one_shot_ = false;    // has opa_eval, ABI 1.2 and later
};

}  // namespace wplug
