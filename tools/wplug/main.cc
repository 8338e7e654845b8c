#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/core.h>

#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "wplug/engine.h"

namespace wplug {
namespace {

constexpr Command kCommands[] = {
    {"run", "send records through a pipeline (.toml), or run a module (.wasm, .wat)", run_command},
    {"serve", "answer HTTP requests with pipelines, and reload their plugins live", serve_command},
    {"call", "call a plugin once", call_command},
    {"inspect", "show a module's imports, exports, sections, memory and plugin ABI", inspect_command},
    {"validate", "check modules without running them", validate_command},
    {"wat2wasm", "turn a module in the text format into a binary", wat2wasm_command},
    {"print", "print a module in the text format", print_command},
    {"spec", "run conformance scripts", spec_command},
    {"profile", "show which functions of a module executed how many instructions", profile_command},
    {"bench", "show what a program makes the interpreter do", bench_command},
    {"plugin", "install, list, check, run, update and remove plugins", plugin_command, plugin_subcommands},
    {"doctor", "check the installation, installed plugins and grants", doctor_command},
    {"completion", "print completion for bash, zsh or fish", completion_command},
};

int print_help() {
  fmt::print("wplug runs WebAssembly plugins that need not be trusted.\n\nusage: wplug COMMAND …\n\n");
  for (const Command& command : kCommands) fmt::print("  {:<12}{}\n", command.name, command.summary);
  fmt::print("\n  --version   print the version and how it was built\n\nwplug COMMAND --help tells more.\n");
  return kExitOk;
}

int print_version() {
  const BuildInfo info = build_info();
  fmt::print("wplug {}\n", info.version);
  fmt::print("dispatch: {}, registers: {} integer, {} floating{}\ncompiler: {}\n", info.dispatch, info.int_registers,
             info.float_registers, info.paranoid ? ", paranoid" : "", info.compiler);
  return kExitOk;
}

int run(CommandArguments arguments) {
  if (arguments.empty()) return usage_error("", "a command is missing");
  const std::string name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") return print_help();
  if (name == "--version") return print_version();
  arguments.erase(arguments.begin());
  for (const Command& command : kCommands) {
    if (command.name == name) return command.run(std::move(arguments));
  }
  return usage_error("", fmt::format("there is no command \"{}\"", name));
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

}  // namespace wplug

int main(int argc, char** argv) {
  // A reader that went away is an error of the write, which says so.
  std::signal(SIGPIPE, SIG_IGN);
  int code = wplug::kExitFailed;
  try {
    code = wplug::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    wplug::say_error(error.what());
  }
  if (std::fflush(stdout) != 0) code = wplug::kExitFailed;
  return code;
}
