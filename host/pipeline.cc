#include "wplug/pipeline.h"

#include <map>
#include <utility>

#include "host/config_schema.h"
#include "host/plugin_loader.h"
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

// Makes each redactor once: the automaton of its patterns is large.
class RedactorCache {
 public:
  explicit RedactorCache(const HostServices& services) : services_(services) {}

  Result<std::shared_ptr<const Redactor>> get(const StageConfig& stage) {
    if (!stage.redaction.configured()) return std::shared_ptr<const Redactor>();
    RedactionConfig config = with_config_values(stage.redaction, stage.options.config);
    for (const auto& [known, redactor] : made_) {
      if (known == config) return redactor;
    }
    WPLUG_TRY_ASSIGN(std::shared_ptr<const Redactor> redactor, Redactor::create(config, services_.environment));
    for (const std::string& warning : redactor->warnings()) {
      if (services_.log != nullptr) services_.log->write(stage.options.name, "redact: " + warning);
    }
    made_.emplace_back(std::move(config), redactor);
    return redactor;
  }

 private:
  const HostServices& services_;
  std::vector<std::pair<RedactionConfig, std::shared_ptr<const Redactor>>> made_;
};

// The configuration against the schema that the plugin gives, and where what is wrong stands.
Result<void> check_stage_config(const Plugin& plugin, StageConfig& stage, const std::string& file) {
  auto problem = check_config(plugin);
  if (!problem.ok()) return of_stage(stage, problem.error(), file);
  if (!*problem) return {};
  if (const auto at = find_config_location(stage.config_locations, (*problem)->pointer)) stage.location = *at;
  return of_stage(stage, Error(ErrorKind::misuse, (*problem)->message()), file);
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
  RedactorCache redactors(services);
  std::vector<std::shared_ptr<const Plugin>> stages;
  std::vector<StageOrigin> origins;
  for (StageConfig& stage : config.stages) {
    auto redactor = redactors.get(stage);
    if (!redactor.ok()) {
      return of_stage(stage, Error(redactor.error().kind(), "redact: " + redactor.error().message()), "");
    }
    stage.options.redactor = std::move(*redactor);
    PluginSource source;
    source.reference = stage.plugin;
    source.directory = config.directory;
    source.options = stage.options;
    source.abi = stage.abi;
    source.native = stage.native;
    auto loaded = load_plugin(cache, std::move(source), abis, services, folders);
    if (!loaded.ok()) return of_stage(stage, loaded.error(), "");
    WPLUG_TRY(check_stage_config(*loaded->plugin, stage, loaded->file));
    stages.push_back(std::move(loaded->plugin));
    StageOrigin& origin = origins.emplace_back();
    origin.file = std::move(loaded->file);
    if (loaded->manifest) {
      origin.manifest = std::move(loaded->manifest->file);
      origin.version = std::move(loaded->manifest->version);
    }
  }
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->name_ = std::move(config.name);
  pipeline->stages_ = std::move(stages);
  pipeline->origins_ = std::move(origins);
  return std::shared_ptr<const Pipeline>(std::move(pipeline));
}

std::shared_ptr<const Pipeline> Pipeline::of(std::string name, std::vector<std::shared_ptr<const Plugin>> stages) {
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->name_ = std::move(name);
  pipeline->stages_ = std::move(stages);
  return pipeline;
}

}  // namespace wplug
