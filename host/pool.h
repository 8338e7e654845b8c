// A stage's instances in one thread.
//
// A thread sends one record at a time through a stage, so one ready instance is enough: it is made when first needed, kept
// between records, and thrown away after a failure that leaves it in doubt, or after each call where its life is `fresh`. When making one fails, the next attempts wait,
// longer each time: a plugin whose start takes its whole start_timeout must not cost that much for every record.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/pipeline.h"
#include "wplug/plugin.h"

namespace wplug {

class InstancePool {
 public:
  explicit InstancePool(std::shared_ptr<const Plugin> plugin) : plugin_(std::move(plugin)) {}

  // Makes the instance if there is none. nullopt: it is ready.
  std::optional<Failure> prepare();
  // nullopt: the instance is there and says that it is fit for work.
  std::optional<Failure> check_health();
  // One call through the instance, counted. What it was is in last_usage and the two behind it.
  std::optional<Failure> call(std::string_view input, std::string& output);
  const Usage& last_usage() const { return last_usage_; }
  bool last_started() const { return last_started_; }
  const std::vector<std::pair<std::string, std::string>>& last_headers() const { return last_headers_; }
  // A result that the pipeline could not use, after a call that worked.
  void count_error() { ++stats_.errors; }
  StageStats stats() const;

 private:
  void discard();
  std::shared_ptr<const Plugin> plugin_;
  std::unique_ptr<PluginInstance> instance_;
  StageStats stats_;
  Usage last_usage_;
  bool last_started_ = false;
  std::vector<std::pair<std::string, std::string>> last_headers_;
  // Of the last failed start.
  std::optional<Failure> start_failure_;
  std::chrono::steady_clock::time_point retry_at_;
  std::chrono::nanoseconds retry_after_{0};
};

}  // namespace wplug
