// `wplug profile`: which functions of a module executed how many instructions. The program runs as under `wplug run`,
// counted.
#include <cstdio>
#include <memory>

#include <fmt/core.h>
#include <unistd.h>

#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/profile_output.h"
#include "tools/wplug/run_options.h"

namespace wplug {
namespace {

constexpr uint64_t kFunctionsShown = 25;

// "Operation not permitted" and the like would say less: a file that cannot be written is named with the reason.
bool write_file(const std::string& path, const std::string& text) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  return file != nullptr && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
         std::fflush(file.get()) == 0;
}

// Sends what the program prints to standard error while it runs, so that standard output has the folded stacks alone.
class OutputAside {
 public:
  explicit OutputAside(bool wanted) {
    if (!wanted) return;
    std::fflush(stdout);
    saved_ = dup(STDOUT_FILENO);
    if (saved_ >= 0) dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  ~OutputAside() {
    if (saved_ < 0) return;
    std::fflush(stdout);
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
  }
  OutputAside(const OutputAside&) = delete;
  OutputAside& operator=(const OutputAside&) = delete;

 private:
  int saved_ = -1;
};

int report_profile(const CallProfile& profile, const RunCommand& command, const std::string& output, bool folded,
                   size_t functions) {
  const std::string title(base_name(command.target));
  if (folded) fmt::print("{}", folded_stacks(profile));
  if (!output.empty()) {
    const std::string text = output.ends_with(".svg")    ? flame_svg(profile, title)
                             : output.ends_with(".html") ? flame_html(profile, title)
                                                         : folded_stacks(profile);
    if (!write_file(output, text)) {
      say_error(fmt::format("profile: {} cannot be written", output));
      return kExitFailed;
    }
  }
  if (!folded && output.empty()) fmt::print(stderr, "{}", profile_table(profile, functions));
  return kExitOk;
}

}  // namespace

int profile_command(CommandArguments arguments) {
  RunCommand command;
  std::string output;
  bool folded = false;
  std::optional<uint64_t> functions;
  Arguments options("profile", "profile TARGET [options] [-- ARGS]",
                    "Runs a module like `wplug run`, and shows which functions executed how many instructions: "
                    "counted, not sampled.");
  options.positional("TARGET", "a module (.wasm, .wat)", command.target);
  options.option("--output", "FILE", "write a flame graph (.svg, .html) or folded stacks (any other name)", output);
  options.flag("--folded", "print folded stacks, \"a;b;c 123\"; what the program prints goes to stderr", folded);
  options.option("--functions", "N", "how many functions the table has; default: 25", read_count_into(functions));
  add_module_options(options, command);
  add_invoke_option(options);
  command.engine.add_to(options);
  if (!take_module_arguments(arguments, command)) return usage_error("profile", "--invoke needs the name of an export");
  if (const auto code = options.parse(std::move(arguments))) return *code;
  if (!command.target.ends_with(".wasm") && !command.target.ends_with(".wat")) {
    return usage_error("profile", command.target + ": a target is a module (.wasm, .wat)");
  }
  if (!command.engine.config().metering)
    return usage_error("profile", "--no-metering: there is nothing to show without counting");
  command.name = "profile";
  std::optional<CallProfile> profile;
  command.profile = &profile;
  int code = kExitOk;
  {
    const OutputAside aside(folded);
    code = run_module(command);
  }
  if (!profile) return code;
  const int reported = report_profile(*profile, command, output, folded, functions.value_or(kFunctionsShown));
  return code == kExitOk ? reported : code;
}

}  // namespace wplug
