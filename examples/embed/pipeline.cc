// Sends each line of standard input through a pipeline: pipeline PIPELINE.toml < records.ndjson
#include <iostream>
#include <string>

#include "wplug/abis.h"
#include "wplug/engine.h"
#include "wplug/pipeline.h"

// What plugins say goes here; any thread may write.
class Log : public wplug::LogSink {
 public:
  void write(std::string_view plugin, std::string_view text) override { std::cerr << plugin << ": " << text << '\n'; }
};

static wplug::Result<int> run(const char* file) {
  Log log;
  wplug::HostServices services;
  services.log = &log;  // no HTTP client and no environment: plugins get neither

  WPLUG_TRY_ASSIGN(wplug::Engine engine, wplug::Engine::create());
  WPLUG_TRY_ASSIGN(wplug::PipelineConfig config, wplug::read_pipeline(file));
  WPLUG_TRY_ASSIGN(auto pipeline, wplug::Pipeline::load(engine, std::move(config), wplug::plugin_abis(), services));

  int failed = 0;
  wplug::PipelineWorker worker(pipeline);  // one for each thread
  std::string record, output;
  while (std::getline(std::cin, record)) {
    const auto error = worker.process(record, output);
    if (error) failed = 1;
    std::cout << (error ? error->to_json() : output) << '\n';
  }
  return failed;
}

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: pipeline PIPELINE.toml\n", 2;
  const auto result = run(argv[1]);
  if (result.ok()) return result.value();
  std::cerr << result.error().to_string() << '\n';
  return 1;
}
