// `wplug bench --dispatch`: what a program makes the interpreter do, for people who tune it. Timing is bench/run's.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/bench.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/run_options.h"

namespace wplug {
namespace {

using Counts = std::map<std::string, uint64_t>;

void print_top(const char* title, const Counts& counts, uint64_t total, size_t most) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [name, count] : counts) sorted.emplace_back(count, name);
  std::sort(sorted.rbegin(), sorted.rend());
  fmt::print("\n{}\n", title);
  for (size_t i = 0; i < std::min(most, sorted.size()); ++i) {
    fmt::print("{:>16} {:5.1f} %  {}\n", format_count(sorted[i].first),
               100.0 * static_cast<double>(sorted[i].first) / static_cast<double>(total), sorted[i].second);
  }
}

// The functions that dispatch most, with their code and the count of each instruction.
void print_functions(const Module& module, const std::vector<DispatchCount>& counts, uint64_t total, size_t most) {
  std::map<uint32_t, uint64_t> by_function;
  for (const DispatchCount& each : counts) by_function[each.function] += each.count;
  std::vector<std::pair<uint64_t, uint32_t>> sorted;
  for (const auto& [function, count] : by_function) sorted.emplace_back(count, function);
  std::sort(sorted.rbegin(), sorted.rend());
  for (size_t i = 0; i < std::min(most, sorted.size()); ++i) {
    fmt::print("\nfunction {} {}: {:.1f} %\n", sorted[i].second, module.function_name(sorted[i].second),
               100.0 * static_cast<double>(sorted[i].first) / static_cast<double>(total));
    for (const DispatchCount& each : counts) {
      if (each.function == sorted[i].second) fmt::print("{:>16}  {:>5}  {}\n", each.count, each.cell, each.text);
    }
  }
}

}  // namespace

void print_dispatches(const Module& module, uint64_t instructions, uint64_t functions) {
  const std::vector<DispatchCount> counts = module.dispatch_counts();
  Counts operations, pairs;
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i].count;
    operations[counts[i].operation] += counts[i].count;
    if (i == 0 || counts[i - 1].function != counts[i].function) continue;
    // What runs one after the other is told from the text: no more than the rarer of the two.
    pairs[counts[i - 1].operation + ", " + counts[i].operation] += std::min(counts[i - 1].count, counts[i].count);
  }
  if (total == 0) return;
  fmt::print("{} dispatches for {} instructions: {:.3f} for each\n", format_count(total), format_count(instructions),
             static_cast<double>(total) / static_cast<double>(std::max<uint64_t>(instructions, 1)));
  print_top("operations", operations, total, 30);
  print_top("neighbours, at most so often one after the other", pairs, total, 30);
  print_functions(module, counts, total, functions);
}

int bench_command(CommandArguments arguments) {
  RunCommand command;
  std::optional<uint64_t> functions;
  bool dispatch = false;
  Arguments options("bench", "bench --dispatch MODULE [options] [-- ARGS]",
                    "Runs a WASI program and shows which internal instructions it made the interpreter dispatch.");
  options.positional("MODULE", "a WASI command (.wasm, .wat)", command.target);
  options.flag("--dispatch", "count dispatches; the only thing measured here: bench/run measures time", dispatch);
  options.option("--functions", "N", "show the code of the N busiest functions; default: 0", read_count_into(functions));
  command.engine.add_to(options);
  if (const auto separator = std::find(arguments.begin(), arguments.end(), "--"); separator != arguments.end()) {
    command.program_arguments.assign(separator + 1, arguments.end());
    arguments.erase(separator, arguments.end());
  }
  if (const auto code = options.parse(std::move(arguments))) return *code;
  if (!dispatch) return usage_error("bench", "say what to measure: --dispatch");
  command.dispatches = functions.value_or(0);
  return run_module(command);
}

}  // namespace wplug
