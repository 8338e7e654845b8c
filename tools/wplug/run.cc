// `wplug run`: reads the options and leaves the rest to run_pipeline.cc and run_module.cc.
#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>

#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/run_options.h"

namespace wplug {
namespace {

constexpr uint64_t kMostThreads = 256;
constexpr uint64_t kGiB = uint64_t{1} << 30;

// HOST[::GUEST][:ro|:rw]
Result<WasiDirectory> parse_directory(std::string text) {
  WasiDirectory directory;
  for (const char* suffix : {":ro", ":rw"}) {
    if (!text.ends_with(suffix)) continue;
    directory.writable = std::string_view(suffix) == ":rw";
    text.resize(text.size() - 3);
    break;
  }
  const size_t separator = text.find("::");
  directory.host_path = text.substr(0, separator);
  directory.guest_path = separator == std::string::npos ? directory.host_path : text.substr(separator + 2);
  if (directory.host_path.empty() || directory.guest_path.empty()) {
    return Error(ErrorKind::misuse, "\"" + text + "\" must be HOST, HOST::GUEST or either with :ro or :rw behind it");
  }
  return directory;
}

// K=V, or K for the value it has here.
Result<std::optional<std::pair<std::string, std::string>>> parse_variable(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (name.empty()) return Error(ErrorKind::misuse, "\"" + text + "\" must be NAME=VALUE or NAME");
  if (equals != std::string::npos) return std::optional(std::pair(name, text.substr(equals + 1)));
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::optional<std::pair<std::string, std::string>>();
  return std::optional(std::pair(name, std::string(value)));
}

void add_pipeline_options(Arguments& arguments, RunCommand& command, std::string& on_error) {
  arguments.group("Pipelines");
  arguments.option("--input", "FILE", "read records from here instead of standard input", command.input);
  arguments.option("--output", "FILE", "write results here instead of standard output", command.output);
  arguments.option("--jobs", "N", "worker threads; default: one for each core", [&command](const std::string& text) {
    Result<void> read = read_count_into(command.jobs)(text);
    if (!read.ok() || (*command.jobs >= 1 && *command.jobs <= kMostThreads)) return read;
    return Result<void>(Error(ErrorKind::misuse, fmt::format("must lie between 1 and {}", kMostThreads)));
  });
  arguments.choice("--on-error", {"emit", "stop", "skip"},
                   "what a failed record becomes: an error line; the end; nothing", on_error);
  arguments.option("--max-record", "SIZE", "longest line that is read; default: 64MiB",
                   read_size_into(command.max_record, 1, kGiB));
  arguments.option("--tenant", "NAME", "whose budget the run is on: a [tenant.NAME] of the file", command.tenant);
}

// Takes "--invoke NAME ARG…" out: its arguments may look like options ("-5"), and end with one that starts with "--".
bool take_invoke(CommandArguments& arguments, RunCommand& command) {
  const auto begin = std::find(arguments.begin(), arguments.end(), "--invoke");
  if (begin == arguments.end()) return true;
  if (begin + 1 == arguments.end()) return false;
  command.invoke = begin[1];
  const auto end =
      std::find_if(begin + 2, arguments.end(), [](const std::string& argument) { return argument.starts_with("--"); });
  command.invoke_arguments.assign(begin + 2, end);
  arguments.erase(begin, end);
  return true;
}

void take_program_arguments(CommandArguments& arguments, RunCommand& command) {
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  if (separator == arguments.end()) return;
  command.program_arguments.assign(separator + 1, arguments.end());
  arguments.erase(separator, arguments.end());
}

bool is_pipeline(const std::string& target) { return target.ends_with(".toml"); }

}  // namespace

void add_module_options(Arguments& arguments, RunCommand& command) {
  arguments.group("Modules");
  arguments.options("--dir", "HOST[::GUEST][:ro|:rw]", "a directory for the program, read-only unless :rw",
                    [&command](const std::string& text) -> Result<void> {
                      WPLUG_TRY_ASSIGN(WasiDirectory directory, parse_directory(text));
                      command.directories.push_back(std::move(directory));
                      return {};
                    });
  arguments.options("--env", "NAME[=VALUE]", "a variable for the program, with the value given or the one it has here",
                    [&command](const std::string& text) -> Result<void> {
                      WPLUG_TRY_ASSIGN(auto variable, parse_variable(text));
                      if (variable) command.env.push_back(std::move(*variable));
                      return {};
                    });
  arguments.option("--fuel", "N", "instructions that may be executed", read_count_into(command.fuel));
  arguments.option("--timeout", "TIME", "how long it may run", read_duration_into(command.timeout));
  arguments.option("--max-memory", "SIZE", "linear memory it may use", read_size_into(command.max_memory, 0, 4 * kGiB));
  arguments.option("--max-stack", "SIZE", "stack for its calls; default: 1MiB",
                   read_size_into(command.max_stack, uint64_t{4} << 10, 4 * kGiB));
}

void add_invoke_option(Arguments& arguments) {
  arguments.option("--invoke", "NAME ARG…", "call an export instead of running a WASI command",
                   [](const std::string&) { return Result<void>(); });
}

bool take_module_arguments(CommandArguments& arguments, RunCommand& command) {
  // What stands behind "--" is the program's even if it looks like --invoke.
  take_program_arguments(arguments, command);
  if (!take_invoke(arguments, command)) return false;
  if (command.invoke) {
    command.invoke_arguments.insert(command.invoke_arguments.end(), command.program_arguments.begin(),
                                    command.program_arguments.end());
  }
  return true;
}

int run_command(CommandArguments arguments) {
  RunCommand command;
  std::string on_error = "emit";
  Arguments options("run", "run TARGET [options] [-- ARGS]",
                    "Runs a pipeline (TARGET.toml) over records, or a module (TARGET.wasm, TARGET.wat).");
  options.positional("TARGET", "a pipeline (.toml) or a module (.wasm, .wat)", command.target);
  options.flag_or_value("--stats", "table", "print statistics on stderr; --stats=json for programs", command.stats);
  add_pipeline_options(options, command, on_error);
  add_module_options(options, command);
  add_invoke_option(options);
  command.engine.add_to(options);
  options.footer("Records are JSON, one a line; each becomes one line of output, in order.");

  if (!take_module_arguments(arguments, command)) return usage_error("run", "--invoke needs the name of an export");
  if (const auto code = options.parse(std::move(arguments))) return *code;
  if (!command.stats.empty() && command.stats != "table" && command.stats != "json") {
    return usage_error("run", "--stats: \"" + command.stats + "\" is not known; there is --stats and --stats=json");
  }
  command.on_error = on_error == "skip" ? OnError::skip : on_error == "stop" ? OnError::stop : OnError::emit;
  if (is_pipeline(command.target)) return run_pipeline(command);
  if (command.target.ends_with(".wasm") || command.target.ends_with(".wat")) return run_module(command);
  return usage_error("run", command.target + ": a target is a pipeline (.toml) or a module (.wasm, .wat)");
}

}  // namespace wplug
