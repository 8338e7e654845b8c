// The commands. Each gets its arguments without its name and returns the exit code.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wplug {

using CommandArguments = std::vector<std::string>;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(CommandArguments arguments);
  std::string (*subcommands)() = nullptr;  // of a command that has such: separated by blanks, for completion
};

// All of them, in the order of the help.
std::span<const Command> all_commands();

int run_command(CommandArguments arguments);
int serve_command(CommandArguments arguments);
int call_command(CommandArguments arguments);
int inspect_command(CommandArguments arguments);
int validate_command(CommandArguments arguments);
int wat2wasm_command(CommandArguments arguments);
int print_command(CommandArguments arguments);
int profile_command(CommandArguments arguments);
int bench_command(CommandArguments arguments);
int spec_command(CommandArguments arguments);
int plugin_command(CommandArguments arguments);
std::string plugin_subcommands();
int doctor_command(CommandArguments arguments);
int completion_command(CommandArguments arguments);

}  // namespace wplug
