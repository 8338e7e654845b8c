// The conformance runner: what `wplug spec` and the tests of this folder call.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "spec-tests/runner/report.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug::spec {

struct SpecOptions {
  // Scripts in the JSON of wast2json or `wasm-tools json-from-wast`, and folders of them.
  std::vector<std::string> paths;
  // The report as JSON, see Report::to_json.
  bool json = false;
  // The engine to run with: bounds checks, registers, metering, eager lowering.
  Config config;
  // A list of expected failures (see expectations.h); empty: every failure counts.
  std::string expected_failures;
  // Fewer commands that pass are a failure.
  size_t at_least = 0;
  // Runs also the scripts of the official suite that need a feature the engine does not have.
  bool unsupported = false;
  // The longest that one call into the guest may take.
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

// Runs every script. Errors: misuse (the engine cannot be had that way), host and malformed (a path or the list of
// expected failures), naming the file. A script that is broken is a failure of the report.
Result<Report> run_scripts(const SpecOptions& options);

// Runs and prints: the report on `out`, errors on `err`. The exit code: 0 when nothing failed, 1 when something did,
// 2 when the engine cannot be had that way, 65 when there is nothing to run.
int run_spec(const SpecOptions& options, std::ostream& out, std::ostream& err);
// The same with the standard streams.
int run_spec(const SpecOptions& options);

}  // namespace wplug::spec
