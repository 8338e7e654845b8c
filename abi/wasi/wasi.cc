// Binding the functions to their names, and running programs.
#include "wplug/wasi.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "abi/wasi/functions.h"

namespace wplug {

namespace wasi {
namespace {

// Stands in functions.def where wasi_unstable has no such function.
struct None {};
constexpr None none;

// A WASI function as a host function: its Call is made from the context and the caller.
template <auto F>
struct Adapter;
template <class R, class... Args, R (*F)(Call&, Args...)>
struct Adapter<F> {
  static R call(WasiState& state, Caller& caller, Args... args) {
    Call context(state, caller);
    return F(context, args...);
  }
};

struct Row {
  std::string_view name;
  FuncType (*type)();  // null: there is none
  HostCallback callback;
};

template <auto F>
constexpr Row row(std::string_view name) {
  if constexpr (std::is_same_v<decltype(F), const None*>) {
    return {name, nullptr, nullptr};
  } else {
    using Binding = HostBinding<&Adapter<F>::call>;
    return {name, &Binding::type, Binding::callback()};
  }
}

constexpr Row kPreview1[] = {
#define WPLUG_WASI(name, unstable, doc) row<&wasi::name>(#name),
#include "abi/wasi/functions.def"
};
constexpr Row kUnstable[] = {
#define WPLUG_WASI(name, unstable, doc) row<&wasi::unstable>(#name),
#include "abi/wasi/functions.def"
};
static_assert(std::size(kPreview1) == 46, "WASI preview 1 has 46 functions");

struct NamedModule {
  std::string_view name;
  std::span<const Row> functions;
};
constexpr NamedModule kModules[] = {{"wasi_snapshot_preview1", kPreview1}, {"wasi_unstable", kUnstable}};

const NamedModule* find_module(std::string_view name) {
  const auto found = std::ranges::find(kModules, name, &NamedModule::name);
  return found == std::end(kModules) ? nullptr : found;
}

void define(Linker& linker, const NamedModule& module, const Row& function, WasiContext& context) {
  linker.define_raw(module.name, function.name, function.type(), function.callback, context.impl());
}

// The type of a function that the host may call by a name of its own, without arguments.
bool exports_plain_function(const Module& module, std::string_view name) {
  const std::vector<ExportType> exports = module.exports();
  return std::ranges::any_of(exports, [name](const ExportType& e) {
    return e.name == name && e.type.kind == ExternKind::func && e.type.func == FuncType{};
  });
}

// The pointers of preview 1 have 32 bits. The memory that host functions see is the one exported as "memory".
Result<void> check_memory(const Module& module) {
  const std::vector<ExportType> exports = module.exports();
  const auto memory = std::ranges::find(exports, "memory", &ExportType::name);
  const bool is_64 =
      memory != exports.end() && memory->type.kind == ExternKind::memory && memory->type.memory.limits.is_64;
  if (!is_64) return {};
  return Error(ErrorKind::link, "the memory of module '" + std::string(module.name()) +
                                    "' has 64-bit addresses, those of WASI preview 1 have 32");
}

}  // namespace
}  // namespace wasi

Result<void> add_wasi(Linker& linker, WasiContext& context) {
  for (const wasi::NamedModule& module : wasi::kModules) {
    for (const wasi::Row& function : module.functions) {
      if (function.type != nullptr) wasi::define(linker, module, function, context);
    }
  }
  return {};
}

Result<void> add_wasi(Linker& linker, WasiContext& context, const Module& module) {
  if (wasi_is_wanted(module)) WPLUG_TRY(wasi::check_memory(module));
  for (const ImportType& import : module.imports()) {
    const wasi::NamedModule* from = wasi::find_module(import.module);
    if (from == nullptr) continue;
    const auto function = std::ranges::find(from->functions, import.name, &wasi::Row::name);
    // An unknown name is left to instantiation, which lists all that is missing.
    if (function != from->functions.end() && function->type != nullptr) {
      wasi::define(linker, *from, *function, context);
    }
  }
  return {};
}

bool wasi_is_wanted(const Module& module) {
  const std::vector<ImportType> imports = module.imports();
  return std::ranges::any_of(imports, [](const ImportType& i) { return wasi::find_module(i.module) != nullptr; });
}

bool wasi_is_command(const Module& module) { return wasi::exports_plain_function(module, "_start"); }

bool wasi_is_reactor(const Module& module) { return wasi::exports_plain_function(module, "_initialize"); }

namespace {

// The exit code where the guest asked to end, else the error itself.
Result<int32_t> exit_code_of(Error error) {
  if (error.kind() == ErrorKind::exit) return error.exit_code();
  return error;
}

}  // namespace

Result<int32_t> run_wasi_command(Store& store, const Module& module, Linker& linker, WasiContext& context) {
  if (!wasi_is_command(module)) {
    return Error(ErrorKind::misuse, "module '" + std::string(module.name()) +
                                        "' is not a program: it exports no function '_start' without parameters");
  }
  WPLUG_TRY(add_wasi(linker, context, module));
  auto instance = linker.instantiate(store, module);
  if (!instance) return exit_code_of(std::move(instance).error());
  const auto start = instance->get_func("_start");
  if (!start) return Error(ErrorKind::misuse, "the export '_start' is gone");
  auto result = start->call({}, {});
  if (!result) return exit_code_of(std::move(result).error());
  return int32_t{0};
}

Result<void> initialize_reactor(Store& /*store*/, const Instance& instance) {
  const auto initialize = instance.get_func("_initialize");
  if (!initialize) return {};
  if (initialize->type() != FuncType{}) {
    return Error(ErrorKind::misuse,
                 "the export '_initialize' takes or gives values: " + initialize->type().to_string());
  }
  auto result = initialize->call({}, {});
  if (!result && result.error().kind() == ErrorKind::exit && result.error().exit_code() == 0) return {};
  return result;
}

}  // namespace wplug
