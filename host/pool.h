// A stage's instances in one thread.
//
// A thread sends one record at a time through a stage, so one ready instance is enough: it is made when first needed, kept
// between records, and thrown away after a failure that leaves it in doubt. When making one fails, the next attempts wait,
// longer each time: a plugin whose start takes its whole start_timeout must not cost that much for every record.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wplug/pipeline.h"
#include "wplug/plugin.h"

namespace wplug {

class InstancePool {
 public:
  explicit InstancePool(std::shared_ptr<const Plugin> plugin) : plugin_(std::move(plugin)) {}

  // Makes the instance if there is none. nullopt: it is ready.
  std::optional<Failure> prepare();
  // One call through the instance, counted.
  std::optional<Failure> call(std::string_view input, std::string& output);
  // A result that the pipeline could not use, after a call that worked.
  void count_error() { ++stats_.errors; }
  StageStats stats() const;

 private:
  void discard();
  std::shared_ptr<const Plugin> plugin_;
  std::unique_ptr<PluginInstance> instance_;
  StageStats stats_;
  // Of the last failed start.
  std::optional<Failure> start_failure_;
  std::chrono::steady_clock::time_point retry_at_;
  std::chrono::nanoseconds retry_after_{0};
};

}  // namespace wplug
