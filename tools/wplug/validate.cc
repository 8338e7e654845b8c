#include <fmt/core.h>

#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/modules.h"

namespace wplug {

int validate_command(CommandArguments arguments) {
  std::vector<std::string> files;
  Arguments options("validate", "validate FILE…", "Decodes and validates modules. Exit code 65 when one is bad.");
  options.positionals("FILE", "modules (.wasm)", files);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto engine = Engine::create();
  if (!engine.ok()) return report("", engine.error());
  int code = kExitOk;
  for (const std::string& file : files) {
    auto bytes = read_module(file, engine->config().limits);
    Result<void> valid = bytes.ok() ? Module::validate(*engine, *bytes) : std::move(bytes).error();
    if (valid.ok()) {
      fmt::print("{}: valid\n", file);
    } else {
      report(fmt::format("{}: {}", file, to_string(valid.error().kind())), valid.error());
      code = kExitBadInput;
    }
  }
  return code;
}

}  // namespace wplug
