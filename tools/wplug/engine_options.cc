#include "tools/wplug/engine_options.h"

#include "host/units.h"

namespace wplug {

void EngineOptions::add_to(Arguments& arguments) {
  arguments.group("Engine");
  arguments.choice("--memory", {"explicit", "guard"}, "how accesses to memory are checked", memory_);
  arguments.flag("--no-registers", "keep every value in its frame slot", no_registers_);
  arguments.flag("--no-metering", "do not count instructions; refuses fuel limits", no_metering_);
  arguments.flag("--eager", "translate all functions before the first runs", eager_);
}

Config EngineOptions::config() const {
  Config config;
  config.memory = memory_ == "guard" ? MemoryKind::guard_pages : MemoryKind::explicit_checks;
  config.register_allocation = !no_registers_;
  config.metering = !no_metering_;
  config.eager_lowering = eager_;
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
