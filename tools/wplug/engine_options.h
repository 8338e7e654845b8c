// Options about the engine and its limits that several commands share.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/wplug/arguments.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// --memory, --no-registers, --no-metering, --eager, --without.
class EngineOptions {
 public:
  void add_to(Arguments& arguments);
  // --without alone, for commands that run nothing.
  void add_features_to(Arguments& arguments);
  Config config() const;

 private:
  std::string memory_ = "explicit";
  bool no_registers_ = false;
  bool no_metering_ = false;
  bool eager_ = false;
  Features features_ = Features::all();
};

// Readers for Arguments::option.
Arguments::Reader read_size_into(std::optional<uint64_t>& to, uint64_t least, uint64_t most);
Arguments::Reader read_count_into(std::optional<uint64_t>& to);
Arguments::Reader read_duration_into(std::optional<std::chrono::nanoseconds>& to);

}  // namespace wplug
