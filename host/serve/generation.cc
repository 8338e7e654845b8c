#include "host/serve/generation.h"

#include <algorithm>
#include <filesystem>

#include "host/files.h"
#include "host/native_plugin.h"
#include "host/openssl_services.h"
#include "host/registry.h"

namespace wplug {
namespace {

constexpr uint64_t kMostText = uint64_t{1} << 20;
constexpr const char* kChanged = "changed while it was being loaded";

Error of_record(const RecordError& error, const std::string& file, const char* when) {
  return Error(ErrorKind::host, file + ": stage \"" + error.stage + "\": " + when +
                                    std::string(to_string(error.failure.kind)) + ": " + error.failure.message);
}

bool is_module(const std::string& path) {
  return path.ends_with(".wasm") || path.ends_with(".wat") || is_native_file(path);
}

// What is not a module, and small; the others show by their bytes.
std::vector<std::string> read_texts(const FileStamps& stamps) {
  std::vector<std::string> texts;
  for (const FileStamp& stamp : stamps) {
    if (!stamp.is_file || is_module(stamp.path)) continue;
    auto bytes = read_file(stamp.path, kMostText);
    texts.push_back(stamp.path + '\n' + (bytes.ok() ? std::string(bytes->begin(), bytes->end()) : ""));
  }
  return texts;
}

// A module that was written to behind the cache's back would not have the bytes that are in the file now.
Result<void> check_bytes(const Pipeline& pipeline) {
  for (size_t i = 0; i < pipeline.origins().size(); ++i) {
    const std::string& file = pipeline.origins()[i].file;
    if (!file.ends_with(".wasm")) continue;
    auto bytes = read_file(file);
    const auto known = pipeline.stages()[i]->module().bytes();
    if (bytes.ok() && std::equal(bytes->begin(), bytes->end(), known.begin(), known.end())) continue;
    return Error(ErrorKind::host, file + ": " + kChanged);
  }
  return {};
}

Result<void> make_workers(const ServeContext& context, Generation& generation, const std::string& file) {
  for (unsigned i = 0; i < std::max(context.jobs, 1u); ++i) {
    PipelineWorker worker(generation.pipeline);
    if (auto error = worker.start()) return of_record(*error, file, "");
    if (i == 0) {
      if (auto error = worker.check_health()) return of_record(*error, file, "is not healthy: ");
    }
    generation.ready.push_back(std::move(worker));
  }
  return {};
}

void add_origins(std::vector<std::string>& paths, const Pipeline& pipeline) {
  for (const StageOrigin& origin : pipeline.origins()) {
    for (const std::string& path : {origin.file, origin.file + ".sig", origin.manifest}) {
      if (!path.empty()) paths.push_back(path);
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

std::vector<std::string> paths_behind(const ServeContext& context, const std::string& file,
                                      const PipelineConfig& config) {
  static const std::map<std::string, std::string> kNone;
  const auto* environment = context.services.environment;
  return files_behind(file, config,
                      plugin_folders(config.directory, environment != nullptr ? *environment : kNone).folders);
}

}  // namespace

std::vector<std::string> files_to_watch(const ServeContext& context, const std::string& file) {
  auto config = read_pipeline(file);
  return config.ok() ? paths_behind(context, file, *config) : std::vector<std::string>{file};
}

PipelineWorker Generation::take_worker() {
  const std::lock_guard lock(mutex);
  if (ready.empty()) return PipelineWorker(pipeline);
  PipelineWorker worker = std::move(ready.back());
  ready.pop_back();
  return worker;
}

bool changed_while_loading(const Error& error) { return error.message().ends_with(kChanged); }

Result<std::shared_ptr<Generation>> load_generation(const ServeContext& context, const std::string& file) {
  const FileStamps first = stamp_files({file});
  WPLUG_TRY_ASSIGN(PipelineConfig config, read_pipeline(file));
  std::vector<std::string> paths = paths_behind(context, file, config);
  const FileStamps before = stamp_files(paths);

  auto generation = std::make_shared<Generation>();
  generation->name = config.name.empty() ? std::filesystem::path(file).stem().string() : config.name;
  WPLUG_TRY_ASSIGN(generation->pipeline,
                   Pipeline::load(context.engine, std::move(config), context.abis, context.services, &context.cache));
  WPLUG_TRY(make_workers(context, *generation, file));
  for (const auto& plugin : generation->pipeline->stages()) {
    auto hash = sha256_hex(plugin->module().bytes());
    generation->hashes.push_back(hash.ok() ? std::move(*hash) : "");
  }
  generation->texts = read_texts(before);
  WPLUG_TRY(check_bytes(*generation->pipeline));
  if (stamp_files({file}) != first || stamp_files(paths) != before) {
    return Error(ErrorKind::host, file + ": " + kChanged);
  }
  add_origins(paths, *generation->pipeline);
  generation->stamps = stamp_files(paths);
  generation->loaded_at = std::chrono::system_clock::now();
  return generation;
}

bool same_contents(const Generation& a, const Generation& b) {
  const auto& stages = a.pipeline->stages();
  const auto& others = b.pipeline->stages();
  return a.texts == b.texts &&
         std::equal(stages.begin(), stages.end(), others.begin(), others.end(), [](const auto& one, const auto& other) {
           const auto bytes = one->module().bytes(), other_bytes = other->module().bytes();
           // What is behind a native plugin cannot be seen.
           return one->abi().name() != "native" &&
                  std::equal(bytes.begin(), bytes.end(), other_bytes.begin(), other_bytes.end());
         });
}

}  // namespace wplug
