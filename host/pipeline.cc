#include "wplug/pipeline.h"

#include <map>
#include <utility>

#include "host/extism_manifest.h"
#include "host/config_schema.h"
#include "host/files.h"
#include "host/native_plugin.h"
#include "host/registry.h"

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

// Compiles each file once.
class ModuleCache {
 public:
  explicit ModuleCache(const Engine& engine) : engine_(engine) {}

  Result<Module> get(const std::string& file) {
    if (const auto found = modules_.find(file); found != modules_.end()) return found->second;
    WPLUG_TRY_ASSIGN(std::vector<uint8_t> bytes, read_file(file, engine_.config().limits.module_size));
    const size_t slash = file.rfind('/');
    const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
    WPLUG_TRY_ASSIGN(Module module, Module::compile(engine_, std::move(bytes), name));
    modules_.emplace(file, module);
    return module;
  }

 private:
  const Engine& engine_;
  std::map<std::string, Module> modules_;
};

Result<std::shared_ptr<const Plugin>> load_native(const Engine& engine, const StageConfig& stage,
                                                  const std::string& file, const HostServices& services) {
  if (!stage.native) {
    return Error(ErrorKind::policy, "is a native plugin, which runs without a sandbox: set native = true to allow it");
  }
  if (!stage.abi.empty() && stage.abi != "native") {
    return Error(ErrorKind::misuse, "is a native plugin and abi is \"" + stage.abi + "\"");
  }
  return Plugin::load_native(engine, file, stage.options, services);
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
                                                       const HostServices& services) {
  static const std::map<std::string, std::string> kNoEnvironment;
  const PluginFolders folders =
      plugin_folders(config.directory, services.environment ? *services.environment : kNoEnvironment);
  ModuleCache cache(engine);
  RedactorCache redactors(services);
  std::vector<std::shared_ptr<const Plugin>> stages;
  for (StageConfig& stage : config.stages) {
    auto file = find_plugin(stage.plugin, config.directory, folders, stage.native);
    if (!file.ok()) return of_stage(stage, file.error(), "");
    auto redactor = redactors.get(stage);
    if (!redactor.ok()) {
      return of_stage(stage, Error(redactor.error().kind(), "redact: " + redactor.error().message()), "");
    }
    stage.options.redactor = std::move(*redactor);
    if (is_native_file(*file)) {
      auto plugin = load_native(engine, stage, *file, services);
      if (!plugin.ok()) return of_stage(stage, plugin.error(), *file);
      stages.push_back(std::move(*plugin));
      continue;
    }
    const bool is_manifest = is_extism_manifest(*file);
    if (is_manifest && stage.abi.empty()) stage.abi = "extism";
    auto module = is_manifest ? load_extism_manifest(engine, *file, services.http, stage.options) : cache.get(*file);
    // What read_file says begins with the file.
    if (!module.ok()) {
      const bool named = module.error().message().starts_with(*file);
      return of_stage(stage, module.error(), named ? "" : *file);
    }
    auto plugin = Plugin::load(engine, std::move(*module), stage.options, abis, services, stage.abi);
    if (!plugin.ok()) return of_stage(stage, plugin.error(), *file);
    WPLUG_TRY(check_stage_config(**plugin, stage, *file));
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
