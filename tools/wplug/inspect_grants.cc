#include "tools/wplug/inspect_grants.h"

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "host/grant_report.h"
#include "host/log.h"
#include "host/service_set.h"
#include "tools/wplug/console.h"
#include "tools/wplug/modules.h"
#include "wplug/abis.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

using Json = nlohmann::ordered_json;
using Plugins = std::vector<std::shared_ptr<const Plugin>>;

Result<Plugins> load_pipeline(const Engine& engine, const std::string& file, const HostServices& services) {
  WPLUG_TRY_ASSIGN(PipelineConfig config, read_pipeline(file));
  WPLUG_TRY_ASSIGN(const auto pipeline, Pipeline::load(engine, std::move(config), plugin_abis(), services));
  return pipeline->stages();
}

Result<Plugins> load_module(const Engine& engine, const std::string& file, const Grants& grants, const HostServices& services) {
  WPLUG_TRY_ASSIGN(Module module, compile_file(engine, file));
  PluginOptions options;
  options.name = base_name(file);
  options.grants = grants;
  options.limits.memory = uint64_t{256} << 20;  // as `wplug call` has it
  WPLUG_TRY_ASSIGN(auto plugin, Plugin::load(engine, std::move(module), std::move(options), plugin_abis(), services));
  return Plugins{std::move(plugin)};
}

Json as_json(const GrantReport& report) {
  Json wanted = Json::array(), granted = Json::array();
  for (const WantedCapability& capability : report.wanted) {
    wanted.push_back({{"capability", capability.text},
                      {"from", capability.declared ? "declaration" : "imports"},
                      {"state", to_string(capability.coverage)}});
  }
  for (const GrantedCapability& grant : report.granted) {
    granted.push_back({{"capability", grant.capability.to_string()},
                       {"location", grant.capability.location},
                       {"wanted", grant.wanted},
                       {"broad", grant.broad.empty() ? Json(nullptr) : Json(grant.broad)}});
  }
  return {{"stage", report.plugin},
          {"abi", report.abi},
          {"wanted", wanted},
          {"granted", granted},
          {"problem", report.problem.empty() ? Json(nullptr) : Json(report.problem)}};
}

void print_text(const GrantReport& report) {
  fmt::print("{} ({})\n", printable(report.plugin), report.abi);
  if (!report.problem.empty()) fmt::print("  what it declares is not known: {}\n", printable(report.problem));
  fmt::print("  wanted: {}\n", report.wanted.size());
  for (const WantedCapability& wanted : report.wanted) {
    fmt::print("    {:<8} {}{}\n", to_string(wanted.coverage), printable(wanted.text), wanted.declared ? " (declared)" : "");
  }
  fmt::print("  granted: {}\n", report.granted.size());
  for (const GrantedCapability& grant : report.granted) {
    std::string remarks;
    if (!grant.wanted) remarks += ", never wanted";
    if (!grant.broad.empty()) remarks += ", broad: " + grant.broad;
    fmt::print("    {}{}\n", printable(grant.capability.to_string()), remarks);
  }
}

}  // namespace

int inspect_grants(const std::string& target, const Grants& grants, bool json) {
  auto engine = Engine::create();
  if (!engine.ok()) return report("", engine.error());
  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, environment());
  const bool is_pipeline = target.ends_with(".toml");
  if (is_pipeline && !grants.empty()) return usage_error("inspect", "--grant is for modules; a pipeline has its own grants");
  const auto plugins = is_pipeline ? load_pipeline(*engine, target, services.services())
                                   : load_module(*engine, target, grants, services.services());
  // What goes wrong with a pipeline names its file already.
  if (!plugins.ok()) return report(is_pipeline ? "" : target, plugins.error());
  Json stages = Json::array();
  for (const auto& plugin : *plugins) {
    const GrantReport found = report_grants(*plugin);
    if (json) {
      stages.push_back(as_json(found));
    } else {
      print_text(found);
    }
  }
  if (json) fmt::print("{}\n", Json({{"file", target}, {"stages", stages}}).dump(2, ' ', false, Json::error_handler_t::replace));
  return kExitOk;
}

void warn_of_broad_grants(const Plugin& plugin) {
  for (const Capability& granted : plugin.terms().policy.granted.list()) {
    const auto why = broadness(granted);
    if (!why) continue;
    const std::string where = granted.location.empty() ? "" : granted.location + ": ";
    fmt::print(stderr, "warning: {}stage \"{}\": {}: {}\n", printable(where), printable(plugin.name()),
               printable(granted.to_string()), *why);
  }
}

}  // namespace wplug
