#include "spec-tests/runner/spec.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include "spec-tests/runner/expectations.h"
#include "spec-tests/runner/files.h"
#include "spec-tests/runner/groups.h"
#include "spec-tests/runner/script.h"
#include "spec-tests/runner/session.h"

namespace wplug::spec {
namespace {

// What all scripts of a run share.
struct Run {
  const SpecOptions& options;
  Engine engine;
  Expectations expectations;
};

// Counts an outcome against the list of expected failures, in both directions.
void record(FileReport& report, const Command& command, Outcome outcome, const std::string* expected) {
  if (outcome.verdict == Verdict::skipped) {
    report.skip(outcome.message);
  } else if (outcome.verdict == Verdict::passed && expected == nullptr) {
    ++report.passed;
  } else if (outcome.verdict == Verdict::passed) {
    report.fail(command.line, command.type, "passes but is listed as an expected failure (" + *expected + ")");
  } else if (expected == nullptr) {
    report.fail(command.line, command.type, std::move(outcome.message));
  } else {
    report.skip("expected failure: " + *expected);
  }
}

void record_unused(FileReport& report, const Expectations& expectations, const std::string& name,
                   const Script& script) {
  std::vector<uint32_t> lines;
  for (const Command& command : script.commands) lines.push_back(command.line);
  for (const uint32_t line : expectations.unused(name, lines)) {
    report.fail(line, "expected failure", "the list names a line without a command");
  }
}

void run_commands(FileReport& report, const Run& run, const std::string& name, const std::string& folder,
                  const Script& script) {
  auto session = Session::create(run.engine, folder, run.options.timeout);
  if (!session) return report.fail(0, "script", "the store: " + session.error().to_string());
  for (const Command& command : script.commands) {
    record(report, command, (*session)->run(command), run.expectations.reason(name, command.line));
  }
  record_unused(report, run.expectations, name, script);
}

// One script's report; nothing for a file of a folder that is no script.
std::optional<FileReport> run_file(const Run& run, const ScriptFile& file) {
  FileReport report;
  report.file = file.display;
  auto script = file.path.ends_with(".wast") ? load_text_script(file.path) : load_script(file.path);
  if (!script && script.error().kind() == ErrorKind::misuse && file.found) return std::nullopt;
  if (!script) {
    report.fail(0, "script", script.error().to_string());
    return report;
  }
  const std::string suite = suite_name(file.path);
  const Group* group = find_group(suite);
  if (group != nullptr && !group->supported() && !run.options.unsupported) {
    report.skip("needs " + std::string(group->words), script->commands.size());
    return report;
  }
  const std::string name = group != nullptr ? suite : source_path(file.display);
  run_commands(report, run, name, std::filesystem::path(file.path).parent_path().string(), *script);
  return report;
}

}  // namespace

Result<Report> run_scripts(const SpecOptions& options) {
  WPLUG_TRY_ASSIGN(Engine engine, Engine::create(options.config));
  Run run{options, std::move(engine), {}};
  if (!options.expected_failures.empty()) {
    auto list = Expectations::load(options.expected_failures);
    if (!list) return Error(list.error().kind(), options.expected_failures + ": " + list.error().message());
    run.expectations = std::move(*list);
  }
  WPLUG_TRY_ASSIGN(const std::vector<ScriptFile> files, find_scripts(options.paths));
  Report report;
  for (const ScriptFile& file : files) {
    if (auto file_report = run_file(run, file)) report.files.push_back(std::move(*file_report));
  }
  return report;
}

int run_spec(const SpecOptions& options, std::ostream& out, std::ostream& err) {
  auto report = run_scripts(options);
  if (!report) {
    err << "wplug spec: " << report.error().message() << "\n";
    return report.error().kind() == ErrorKind::misuse ? 2 : 65;
  }
  const size_t commands = report->passed() + report->failed() + report->skipped();
  if (commands == 0) {
    err << "wplug spec: no scripts found; want .wast files, or .json files of wast2json or "
           "`wasm-tools json-from-wast`\n";
    return 65;
  }
  out << (options.json ? report->to_json() : report->to_text()) << std::flush;
  if (report->passed() < options.at_least) {
    err << "wplug spec: " << report->passed() << " commands passed, at least " << options.at_least << " must\n";
    return 1;
  }
  return report->failed() == 0 ? 0 : 1;
}

int run_spec(const SpecOptions& options) { return run_spec(options, std::cout, std::cerr); }

}  // namespace wplug::spec
