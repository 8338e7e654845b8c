// A module by itself: a WASI command, or one of its exports.
#include <chrono>

#include <fmt/core.h>
#include <unistd.h>

#include "host/units.h"
#include "tools/wplug/bench.h"
#include "tools/wplug/console.h"
#include "tools/wplug/invoke.h"
#include "tools/wplug/modules.h"
#include "tools/wplug/run_options.h"
#include "tools/wplug/run_stats.h"
#include "wplug/linker.h"
#include "wplug/wasi.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

Result<WasiContext> make_wasi(const RunCommand& command) {
  WasiConfig config;
  config.args = {std::string(base_name(command.target))};
  config.args.insert(config.args.end(), command.program_arguments.begin(), command.program_arguments.end());
  config.env = command.env;
  config.directories = command.directories;
  config.stdin_source = WasiFd{STDIN_FILENO};
  config.stdout_sink = WasiFd{STDOUT_FILENO};
  config.stderr_sink = WasiFd{STDERR_FILENO};
  return WasiContext::create(std::move(config));
}

Result<Store> make_store(const Engine& engine, const RunCommand& command) {
  StoreLimits limits;
  if (command.max_memory) {
    limits.memory_bytes = limits.total_memory_bytes = limits.gc_heap_bytes = *command.max_memory;
  }
  if (command.max_stack) limits.stack_bytes = *command.max_stack;
  WPLUG_TRY_ASSIGN(Store store, Store::create(engine, limits));
  if (command.fuel) WPLUG_TRY(store.set_fuel(*command.fuel));
  if (command.timeout && command.timeout->count() > 0) store.set_deadline(Clock::now() + *command.timeout);
  return store;
}

// What can be told before anything runs; empty: all is well.
std::string usage_problem(const RunCommand& command, const Module& module) {
  if (!command.input.empty() || !command.output.empty()) return "--input and --output are for pipelines";
  if (command.jobs) return "--jobs is for pipelines";
  if (command.invoke) return invoke_problem(module, *command.invoke, command.invoke_arguments);
  if (wasi_is_command(module)) return "";
  return command.target +
         " is no WASI command (it exports no _start); choose an export with --invoke: " + exported_functions(module);
}

// The exit code of what ran.
Result<int> execute(const RunCommand& command, const Module& module, Store& store, WasiContext& wasi) {
  Linker linker;
  if (!command.invoke) return run_wasi_command(store, module, linker, wasi);
  if (wasi_is_wanted(module)) WPLUG_TRY(add_wasi(linker, wasi, module));
  WPLUG_TRY_ASSIGN(const Instance instance, linker.instantiate(store, module));
  WPLUG_TRY(initialize_reactor(store, instance));
  WPLUG_TRY(invoke_and_print(instance, *command.invoke, command.invoke_arguments));
  return kExitOk;
}

// Guests may pass any number to proc_exit; what does not fit a byte must not look like success.
int pass_through(int code) { return code != 0 && (code & 0xff) == 0 ? kExitFailed : code & 0xff; }

// A guest that was refused memory and then trapped ran out of it.
int report_stop(const RunCommand& command, const Error& error, const Store& store) {
  if (error.kind() == ErrorKind::exit) return pass_through(error.exit_code());
  const bool out_of_memory = error.trap() != nullptr && exit_code(error) == kExitTrap && store.memory_denials() > 0;
  if (!out_of_memory) return report(command.target, error);
  report(fmt::format("{}: was refused memory beyond {}, then", command.target,
                     format_size(store.limits().total_memory_bytes == UINT64_MAX ? store.limits().memory_bytes
                                                                                 : store.limits().total_memory_bytes)),
         error);
  return kExitMemory;
}

}  // namespace

int run_module(const RunCommand& command) {
  Config config = command.engine.config();
  config.count_dispatches = command.dispatches.has_value();
  config.profile_calls = command.profile != nullptr;
  auto engine = Engine::create(config);
  if (!engine.ok()) return usage_error(command.name, engine.error().message());
  auto module = compile_file(*engine, command.target);
  if (!module.ok()) return report(command.target, module.error());
  if (const std::string problem = usage_problem(command, *module); !problem.empty())
    return usage_error(command.name, problem);
  auto wasi = make_wasi(command);
  if (!wasi.ok()) return report("", wasi.error());
  const auto begin = Clock::now();
  auto store = make_store(*engine, command);
  if (!store.ok()) return usage_error(command.name, store.error().message());

  auto ended = execute(command, *module, *store, *wasi);
  const std::chrono::duration<double> seconds = Clock::now() - begin;
  const int code = ended.ok() ? pass_through(*ended) : report_stop(command, ended.error(), *store);
  const ModuleStats stats{seconds.count(), store->fuel_consumed(), store->peak_memory_bytes(), code};
  std::fflush(stdout);
  if (command.stats == "table") fmt::print(stderr, "{}", stats_line(stats));
  if (command.stats == "json") fmt::print(stderr, "{}", stats_json(stats));
  if (command.profile != nullptr) *command.profile = store->call_profile();
  if (command.dispatches) print_dispatches(*module, store->fuel_consumed(), *command.dispatches);
  return code;
}

}  // namespace wplug
