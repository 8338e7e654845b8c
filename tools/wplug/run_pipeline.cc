#include <algorithm>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "host/files.h"
#include "host/log.h"
#include "host/service_set.h"
#include "tools/wplug/console.h"
#include "tools/wplug/inspect_grants.h"
#include "tools/wplug/run_options.h"
#include "tools/wplug/run_stats.h"
#include "wplug/abis.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

// Opens --input and --output, or stands in the standard streams.
struct Streams {
  OwnedFd input_file, output_file;
  FdSource source{STDIN_FILENO, "standard input"};
  FdSink sink{STDOUT_FILENO, "standard output"};
};

Result<Streams> open_streams(const RunCommand& command) {
  Streams streams;
  if (!command.input.empty() && command.input != "-") {
    WPLUG_TRY_ASSIGN(streams.input_file, open_for_reading(command.input));
    streams.source = FdSource(streams.input_file.get(), command.input);
  }
  if (!command.output.empty() && command.output != "-") {
    WPLUG_TRY_ASSIGN(streams.output_file, open_for_writing(command.output));
    streams.sink = FdSink(streams.output_file.get(), command.output);
  }
  return streams;
}

std::optional<std::string> misplaced_option(const RunCommand& command) {
  if (command.invoke) return "--invoke";
  if (!command.directories.empty()) return "--dir";
  if (!command.env.empty()) return "--env";
  if (command.fuel) return "--fuel";
  if (command.timeout) return "--timeout";
  if (command.max_memory) return "--max-memory";
  if (command.max_stack) return "--max-stack";
  return std::nullopt;
}

RunOptions run_options(const RunCommand& command) {
  RunOptions options;
  options.jobs = static_cast<unsigned>(command.jobs.value_or(std::max(1u, std::thread::hardware_concurrency())));
  options.on_error = command.on_error;
  options.max_record = command.max_record.value_or(options.max_record);
  const bool output_is_shown = command.output.empty() && ::isatty(STDOUT_FILENO) == 1;
  if (is_fancy_terminal(STDERR_FILENO) && !output_is_shown) {
    options.progress = [](const RunTotals& so_far) { fmt::print(stderr, "\r\x1b[K{}", totals_line(so_far)); };
  }
  return options;
}

int report_end(const RunCommand& command, const Pipeline& pipeline, const RunTotals& totals, const Account* tenant) {
  int code = totals.errors > 0 ? kExitFailed : kExitOk;
  if (totals.stopped_by) {
    const RecordError& error = *totals.stopped_by;
    std::string about = command.target;
    if (totals.stopped_at > 0) about += fmt::format(": record {}", totals.stopped_at);
    if (!error.stage.empty()) about += fmt::format(": stage \"{}\"", error.stage);
    const int failure_code = report(about, error.failure);
    code = totals.stopped_at > 0 ? kExitFailed : failure_code;
  }
  if (command.stats == "table") fmt::print(stderr, "{}", stats_table(pipeline, totals));
  if (command.stats == "json") fmt::print(stderr, "{}", stats_json(pipeline, totals, tenant));
  return code;
}

}  // namespace

int run_pipeline(const RunCommand& command) {
  if (const auto option = misplaced_option(command)) {
    return usage_error("run", *option + " is for modules; a pipeline has limits and grants in its file");
  }
  auto engine = Engine::create(command.engine.config());
  if (!engine.ok()) return usage_error("run", engine.error().message());
  auto config = read_pipeline(command.target);
  if (!config.ok()) return report("", config.error());

  std::shared_ptr<Account> tenant;
  if (!command.tenant.empty()) {
    auto account = tenant_account(*config, command.tenant);
    if (!account.ok()) return report(command.target, account.error());
    tenant = std::move(*account);
    for (StageConfig& stage : config->stages) stage.options.tenant = tenant;
  }
  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, environment());
  const auto pipeline = Pipeline::load(*engine, std::move(*config), plugin_abis(), services.services());
  if (!pipeline.ok()) return report("", pipeline.error());
  for (const auto& plugin : (*pipeline)->stages()) warn_of_broad_grants(*plugin);
  auto streams = open_streams(command);
  if (!streams.ok()) return report("", streams.error());

  const RunOptions options = run_options(command);
  auto totals = run_records(*pipeline, options, streams->source, streams->sink);
  if (options.progress) fmt::print(stderr, "\r\x1b[K");
  if (!totals.ok()) {
    report("", totals.error());
    return kExitFailed;
  }
  return report_end(command, **pipeline, *totals, tenant.get());
}

}  // namespace wplug
