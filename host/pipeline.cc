#include "wplug/pipeline.h"

#include <map>
#include <utility>

#include "host/registry.h"
#include "wplug/module_cache.h"

namespace wplug {
namespace {

// The error of a stage: its kind, its offset, and where the stage stands.
Error of_stage(const StageConfig& stage, const Error& error, const std::string& file) {
  std::string message = "stage \"" + stage.options.name + "\": ";
  if (!file.empty()) message += file + ": ";
  message += error.message();
  if (!stage.location.empty()) message = stage.location + ": " + message;
  return Error(error.kind(), std::move(message), error.offset().value_or(Error::kNoOffset));
}

Result<std::shared_ptr<const Plugin>> load_stage(const Engine& engine, const StageConfig& stage, LoadedModule loaded,
                                                 std::span<const PluginAbi* const> abis, const HostServices& services,
                                                 ModuleCache& cache) {
  PluginOptions options = stage.options;
  std::string abi = stage.abi;
  if (const auto& manifest = loaded.found.manifest) {
    manifest->apply_to(options);
    if (abi.empty()) abi = manifest->abi;
  }
  options.description = cache.description(loaded.module, abi, options);
  return Plugin::load(engine, std::move(loaded.module), std::move(options), abis, services, abi);
}

}  // namespace

Result<std::shared_ptr<const Pipeline>> Pipeline::load(const Engine& engine, PipelineConfig config,
                                                       std::span<const PluginAbi* const> abis,
                                                       const HostServices& services, ModuleCache* shared) {
  static const std::map<std::string, std::string> kNoEnvironment;
  const auto& environment = services.environment ? *services.environment : kNoEnvironment;
  const PluginFolders folders = plugin_folders(config.directory, environment);
  ModuleCache own(engine);
  ModuleCache& cache = shared != nullptr ? *shared : own;
  std::vector<std::shared_ptr<const Plugin>> stages;
  for (StageConfig& stage : config.stages) {
    auto loaded = load_module(cache, stage.plugin, config.directory, folders, environment);
    if (!loaded.ok()) return of_stage(stage, loaded.error(), "");
    const std::string file = loaded->found.file;
    auto plugin = load_stage(engine, stage, std::move(*loaded), abis, services, cache);
    if (!plugin.ok()) return of_stage(stage, plugin.error(), file);
    stages.push_back(std::move(*plugin));
  }
  return of(std::move(config.name), std::move(stages));
}

std::shared_ptr<const Pipeline> Pipeline::of(std::string name, std::vector<std::shared_ptr<const Plugin>> stages) {
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->name_ = std::move(name);
  pipeline->stages_ = std::move(stages);
  return pipeline;
}

}  // namespace wplug
