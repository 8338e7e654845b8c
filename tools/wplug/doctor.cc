// `wplug doctor`: what this program has to work with, and what is wrong with what is installed.
#include <filesystem>

#include <dlfcn.h>
#include <fmt/core.h>
#include <sys/utsname.h>

#include "host/log.h"
#include "host/openssl_services.h"
#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/console.h"
#include "tools/wplug/plugin_report.h"
#include "wplug/engine.h"
#include "wplug/module_cache.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

// Libraries that are loaded when first needed, each by the shared object that holds it.
struct ServiceObject {
  const char* name;
  const char* file;
};
constexpr ServiceObject kServiceObjects[] = {{"openssl", "libwplug_openssl.so"},
                                             {"re2", "libwplug_re2.so"},
                                             {"c-ares", "libcares.so.2"}};

// Everything that is found, as text lines and as JSON.
class Examination {
 public:
  explicit Examination(bool json) : as_json_(json) {}

  void environment();
  void plugins();
  void pipeline(const std::string& file);
  int finish();

 private:
  template <class... Parts>
  void say(fmt::format_string<Parts...> format, Parts&&... parts) {
    if (!as_json_) fmt::print("{}\n", fmt::format(format, std::forward<Parts>(parts)...));
  }
  void problem(const std::string& text) {
    problems_.push(text);
    say("PROBLEM: {}", printable(text));
  }
  void cache(const ModuleCacheStats& stats);
  void leftovers(PluginHome& home);

  bool as_json_;
  Json environment_ = Json::object(), cache_ = Json::object(), plugins_ = Json::array(), leftovers_ = Json::array();
  Json partial_ = Json::array(), grants_ = Json::array(), problems_ = Json::array();
};

bool has_guard_pages() {
  Config config;
  config.memory = MemoryKind::guard_pages;
  return Engine::create(config).ok();
}

bool can_load(const ServiceObject& object) {
  // OpenSSL may be linked into the program itself.
  if (std::string_view(object.name) == "openssl") return openssl_services().ok();
  return ::dlopen(object.file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr;
}

void Examination::environment() {
  const BuildInfo build = build_info();
  utsname system{};
  ::uname(&system);
  const std::string os = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  const bool guard_pages = has_guard_pages();
  Json services = Json::object();
  std::string named;
  for (const ServiceObject& object : kServiceObjects) {
    const bool loaded = can_load(object);
    services.set(object.name, loaded);
    named += fmt::format("{}{}: {}", named.empty() ? "" : ", ", object.name, loaded ? "yes" : "no");
  }
  environment_.set("version", build.version).set("compiler", build.compiler).set("dispatch", build.dispatch);
  environment_.set("integer_registers", build.int_registers).set("floating_registers", build.float_registers);
  environment_.set("paranoid", build.paranoid).set("os", os).set("guard_pages", guard_pages).set("services", std::move(services));
  say("wplug {}, {}, {} dispatch, registers: {} integer, {} floating", build.version, build.compiler, build.dispatch,
      build.int_registers, build.float_registers);
  say("{}, guard pages: {}", os, guard_pages ? "yes" : "no");
  say("services: {}", named);
}

void Examination::cache(const ModuleCacheStats& stats) {
  cache_.set("hits", stats.hits).set("misses", stats.misses);
  // Three digits are all that a rate is read to.
  auto rate = parse_json(fmt::format("{:.3f}", stats.hit_rate));
  cache_.set("hit_rate", rate.ok() ? *rate : Json());
  cache_.set("modules", stats.modules).set("budget_bytes", stats.budget_bytes).set("used_bytes", stats.used_bytes);
  say("module cache: {} hits, {} misses, {} modules, {} of {}", stats.hits, stats.misses, stats.modules,
      format_size(stats.used_bytes), format_size(stats.budget_bytes));
}

void Examination::leftovers(PluginHome& home) {
  for (const std::string& file : home.store().leftovers()) {
    leftovers_.push(file);
    problem(file + ": is left from a command that was ended: the next wplug plugin install removes it");
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(home.store().partial_folder(), error), end; !error && entry != end; entry.increment(error)) {
    partial_.push(entry->path().string());
    say("interrupted download: {}", entry->path().string());
  }
}

void Examination::plugins() {
  const auto engine = Engine::create();
  if (!engine.ok()) return problem(engine.error().message());
  ModuleCache modules(*engine);
  auto home = PluginHome::open();
  if (!home.ok()) {
    cache(modules.stats());
    return problem(home.error().message());
  }
  const auto checked = check_plugins(*home, modules, home->keys, "", false);
  if (!checked.ok()) problem(checked.error().message());
  for (size_t i = 0; checked.ok() && i < checked->size(); ++i) {
    const auto& [plugin, result] = (*checked)[i];
    plugins_.push(json_of(plugin, result));
    say("plugin {} {}: {}, signature: {}, health: {}", plugin.name, printable(plugin.version),
        result.hash_ok ? "hash ok" : "HASH DIFFERS", printable(result.signature), printable(result.health));
    if (!result.hash_ok || !result.healthy) problem("plugin " + plugin.name + ": " + result.health);
    if (!result.signature_ok) problem("plugin " + plugin.name + ": signature: " + result.signature);
  }
  cache(modules.stats());
  leftovers(*home);
}

void Examination::pipeline(const std::string& file) {
  const auto config = read_pipeline(file);
  if (!config.ok()) return problem(config.error().message());
  for (const StageConfig& stage : config->stages) {
    for (const Capability& capability : stage.options.grants.list()) {
      const auto why = broadness(capability);
      if (!why) continue;
      Json grant = Json::object();
      grant.set("pipeline", file).set("stage", stage.options.name).set("location", capability.location);
      grant.set("capability", capability.to_string()).set("why", *why);
      grants_.push(std::move(grant));
      problem(fmt::format("{}: stage \"{}\" is granted {}: {}", capability.location, stage.options.name, capability.to_string(), *why));
    }
  }
}

int Examination::finish() {
  const bool ok = problems_.size() == 0;
  if (as_json_) {
    Json all = Json::object();
    all.set("ok", ok).set("environment", environment_).set("cache", cache_).set("plugins", plugins_);
    all.set("leftovers", leftovers_).set("partial_downloads", partial_).set("broad_grants", grants_).set("problems", problems_);
    fmt::print("{}\n", all.to_string());
  }
  say("{}", ok ? "nothing is wrong" : fmt::format("{} problems", problems_.size()));
  return ok ? kExitOk : kExitFailed;
}

}  // namespace

int doctor_command(CommandArguments arguments) {
  std::vector<std::string> pipelines;
  bool json = false;
  Arguments options("doctor", "doctor [--json] [PIPELINE…]",
                    "Shows what this program has to work with, checks installed plugins and looks for broad grants in pipelines. "
                    "Ends with exit code 1 when something is wrong.");
  options.optional_positionals("PIPELINE", "pipeline files whose grants are looked at", pipelines);
  options.flag("--json", "as JSON", json);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  Examination examination(json);
  examination.environment();
  examination.plugins();
  for (const std::string& file : pipelines) examination.pipeline(file);
  return examination.finish();
}

}  // namespace wplug
