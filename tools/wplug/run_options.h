// What `wplug run` was asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/engine_options.h"
#include "wplug/pipeline.h"
#include "wplug/profile.h"
#include "wplug/wasi.h"

namespace wplug {

struct RunCommand {
  std::string target;
  EngineOptions engine;
  std::string stats;  // empty, "table" or "json"
  // Pipelines.
  std::string input, output;  // empty: standard input, output
  std::optional<uint64_t> jobs;
  OnError on_error = OnError::emit;
  std::optional<uint64_t> max_record;
  std::string tenant;  // empty: none
  // Modules.
  std::optional<std::string> invoke;
  std::vector<std::string> invoke_arguments;
  std::vector<std::string> program_arguments;
  std::vector<WasiDirectory> directories;
  std::vector<std::pair<std::string, std::string>> env;
  std::optional<uint64_t> fuel, max_memory, max_stack;
  std::optional<std::chrono::nanoseconds> timeout;
  const char* name = "run";                       // of the command, for what is wrong with its options
  std::optional<CallProfile>* profile = nullptr;  // where a profile goes, for `wplug profile`
  std::optional<uint64_t> dispatches;             // count them, and show the code of so many functions
};

// The options of commands that run a module.
void add_module_options(Arguments& arguments, RunCommand& command);
// --invoke, for the help: its arguments may look like options, so it is taken out first.
void add_invoke_option(Arguments& arguments);
// Takes "--invoke NAME ARG…" and what stands behind "--" out. False: --invoke has no name.
bool take_module_arguments(CommandArguments& arguments, RunCommand& command);

int run_pipeline(const RunCommand& command);
int run_module(const RunCommand& command);

}  // namespace wplug
