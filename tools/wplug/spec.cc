#include "spec-tests/runner/spec.h"

#include <fmt/core.h>

#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"

namespace wplug {

int spec_command(CommandArguments arguments) {
  spec::SpecOptions spec;
  EngineOptions engine;
  std::optional<std::chrono::nanoseconds> timeout;
  Arguments options("spec", "spec [options] FILE|DIR…",
                    "Runs conformance scripts: .wast, or the JSON of wast2json or wasm-tools json-from-wast with its modules.");
  options.positionals("FILE|DIR", "scripts, and folders of them", spec.paths);
  options.flag("--json", "report as JSON", spec.json);
  options.option("--expected-failures", "FILE", "failures that are known, with reasons; each must still fail",
                 spec.expected_failures);
  options.flag("--unsupported", "also run scripts for features that the engine does not have", spec.unsupported);
  options.option("--timeout", "TIME", "longest time of one call; default: 60s", read_duration_into(timeout));
  engine.add_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  spec.config = engine.config();
  if (timeout) spec.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  return spec::run_spec(spec);
}

}  // namespace wplug
