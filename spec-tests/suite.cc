// Runs the official suite with one engine configuration; spec-tests/run-suite gives it the folder.
//   spec-suite [--guard-pages] [--no-registers] [--no-metering] [--eager] [--unsupported] [--json]
//              [--at-least COMMANDS] [--expected LIST] PATH...
// --at-least fails when fewer commands pass: skipping what a build leaves out must not hide that nothing runs.
// Exit codes as run_spec, and 77 (meson: skipped) where this build cannot do what is asked.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "spec-tests/runner/spec.h"

namespace {

bool set_option(wplug::spec::SpecOptions& options, std::string_view name) {
  if (name == "--guard-pages") {
    options.config.memory = wplug::MemoryKind::guard_pages;
  } else if (name == "--no-registers") {
    options.config.register_allocation = false;
  } else if (name == "--no-metering") {
    options.config.metering = false;
  } else if (name == "--eager") {
    options.config.eager_lowering = true;
  } else if (name == "--unsupported") {
    options.unsupported = true;
  } else if (name == "--json") {
    options.json = true;
  } else {
    return false;
  }
  return true;
}

bool parse_arguments(wplug::spec::SpecOptions& options, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--expected" && i + 1 < argc) {
      options.expected_failures = argv[++i];
    } else if (argument == "--at-least" && i + 1 < argc) {
      options.at_least = std::strtoull(argv[++i], nullptr, 10);
    } else if (!argument.starts_with("--")) {
      options.paths.emplace_back(argument);
    } else if (!set_option(options, argument)) {
      return false;
    }
  }
  return !options.paths.empty();
}

}  // namespace

int main(int argc, char** argv) {
  wplug::spec::SpecOptions options;
  if (!parse_arguments(options, argc, argv)) {
    std::fprintf(stderr, "usage: spec-suite [engine options] [--expected LIST] PATH...\n");
    return 2;
  }
  if (const auto engine = wplug::Engine::create(options.config); !engine) {
    std::fprintf(stderr, "SKIPPED: %s\n", engine.error().to_string().c_str());
    return 77;
  }
  return wplug::spec::run_spec(options);
}
