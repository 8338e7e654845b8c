#include <fmt/core.h>

#include "host/log.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "tools/wplug/modules.h"
#include "wplug/text.h"

namespace wplug {
namespace {

// The instruction that an error is about, and what stands in front of it.
void say_code(const std::vector<uint8_t>& module, const Error& error) {
  if (error.kind() != ErrorKind::invalid || !error.offset()) return;
  const auto place = find_code(module, *error.offset());
  if (!place.ok()) return;
  fmt::print(stderr, "  in function {}{}{}, at offset {:#x}:\n", place->function,
             place->function_name.empty() ? "" : " $", printable(place->function_name), place->offset);
  for (const std::string& before : place->before) fmt::print(stderr, "      {}\n", before);
  fmt::print(stderr, "    > {}\n", place->instruction);
}

void say(const std::string& file, const Error& error) {
  const std::string offset =
      error.offset() && !error.place() ? fmt::format(" (at offset {:#x})", *error.offset()) : std::string();
  say_error(fmt::format("{}: {}: {}{}", place_in(file, error), to_string(error.kind()), error.message(), offset));
}

}  // namespace

int validate_command(CommandArguments arguments) {
  std::vector<std::string> files;
  Arguments options("validate", "validate FILE…", "Decodes and validates modules. Exit code 65 when one is bad.");
  options.positionals("FILE", "modules (.wasm, .wat)", files);
  EngineOptions features;
  features.add_features_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto engine = Engine::create(features.config());
  if (!engine.ok()) return report("", engine.error());
  int code = kExitOk;
  for (const std::string& file : files) {
    auto bytes = read_module(file, engine->config().limits);
    const Result<void> valid = bytes.ok() ? Module::validate(*engine, *bytes) : Result<void>(bytes.error());
    if (valid.ok()) {
      fmt::print("{}: valid\n", file);
      continue;
    }
    say(file, valid.error());
    if (bytes.ok()) say_code(*bytes, valid.error());
    code = kExitBadInput;
  }
  return code;
}

}  // namespace wplug
