// One version of a pipeline, ready to serve.
//
// It is made aside: read, compiled, checked, instantiated once for each thread and asked for its health, so that
// nothing is left to go wrong, or to take time, when it begins to serve. Threads that are still at work with the
// version before keep that until they are done.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/serve/file_stamps.h"
#include "wplug/module_cache.h"
#include "wplug/pipeline.h"

namespace wplug {

// What every version of every pipeline is made with.
struct ServeContext {
  const Engine& engine;
  ModuleCache& cache;
  std::span<const PluginAbi* const> abis;
  const HostServices& services;
  unsigned jobs = 1;
};

struct Generation {
  uint64_t number = 1;
  std::string name;  // the pipeline's: of its file, else the file's
  std::shared_ptr<const Pipeline> pipeline;
  std::chrono::system_clock::time_point loaded_at;
  std::vector<std::string> hashes;  // SHA-256 of each stage's module; empty where it could not be computed
  FileStamps stamps;                // of all that it came from
  std::vector<std::string> texts;   // contents of those files that are not modules

  // A worker with its instances; one that is made now when all are taken.
  PipelineWorker take_worker();

  std::mutex mutex;
  std::vector<PipelineWorker> ready;
};

// A file changed between the first look and the last: not an error of the pipeline, it is to be tried again.
bool changed_while_loading(const Error& error);

// Errors: as of read_pipeline and Pipeline::load; for instances that do not start or are not healthy, of the failure's
// kind.
Result<std::shared_ptr<Generation>> load_generation(const ServeContext& context, const std::string& file);

// The files that decide what `file` becomes, as far as it can be read; those of a version that was rejected.
std::vector<std::string> files_to_watch(const ServeContext& context, const std::string& file);

// Whether two versions came from the same contents, so that there is no reason to replace one by the other.
bool same_contents(const Generation& a, const Generation& b);

}  // namespace wplug
