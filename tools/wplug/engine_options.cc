#include "tools/wplug/engine_options.h"

#include "host/units.h"

namespace wplug {

namespace {

std::string feature_names() {
  std::string names;
#define WPLUG_FEATURE(name, text, profile) \
  if (Feature::name != Feature::mvp) names += (names.empty() ? "" : ", ") + std::string(text);
#include "wplug/features.def"
  return names;
}

}  // namespace

void EngineOptions::add_to(Arguments& arguments) {
  arguments.group("Engine");
  arguments.choice("--memory", {"explicit", "guard"}, "how accesses to memory are checked", memory_);
  arguments.flag("--no-registers", "keep every value in its frame slot", no_registers_);
  arguments.flag("--no-metering", "do not count instructions; refuses fuel limits", no_metering_);
  arguments.flag("--eager", "translate all functions before the first runs", eager_);
  add_features_to(arguments);
}

void EngineOptions::add_features_to(Arguments& arguments) {
  auto disable = [this](const std::string& name) -> Result<void> {
    const std::optional<Feature> feature = Features::find(name);
    if (!feature || *feature == Feature::mvp) {
      return Error(ErrorKind::misuse, "\"" + name + "\" is not a feature: there are " + feature_names());
    }
    features_.disable(*feature);
    return {};
  };
  arguments.options("--without", "FEATURE", "refuse modules that use a feature: simd, gc, threads, …", disable);
}

Config EngineOptions::config() const {
  Config config;
  config.memory = memory_ == "guard" ? MemoryKind::guard_pages : MemoryKind::explicit_checks;
  config.register_allocation = !no_registers_;
  config.metering = !no_metering_;
  config.eager_lowering = eager_;
  config.features = features_;
  return config;
}

Arguments::Reader read_size_into(std::optional<uint64_t>& to, uint64_t least, uint64_t most) {
  return [&to, least, most](const std::string& text) -> Result<void> {
    WPLUG_TRY_ASSIGN(const uint64_t size, parse_size(text));
    if (size < least || size > most) {
      return Error(ErrorKind::misuse,
                   "\"" + text + "\" must lie between " + format_size(least) + " and " + format_size(most));
    }
    to = size;
    return {};
  };
}

Arguments::Reader read_count_into(std::optional<uint64_t>& to) {
  return [&to](const std::string& text) -> Result<void> {
    WPLUG_TRY_ASSIGN(to, parse_count(text));
    return {};
  };
}

Arguments::Reader read_duration_into(std::optional<std::chrono::nanoseconds>& to) {
  return [&to](const std::string& text) -> Result<void> {
    WPLUG_TRY_ASSIGN(to, parse_duration(text));
    return {};
  };
}

}  // namespace wplug
