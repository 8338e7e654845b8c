// A pipeline file that is served, and its versions.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/serve/generation.h"
#include "wplug/server.h"

namespace wplug {

class LivePipeline {
 public:
  static Result<std::unique_ptr<LivePipeline>> open(const ServeContext& context, std::string file);

  const std::string& name() const { return name_; }
  const std::string& file() const { return file_; }
  // Which serves now. Any thread.
  std::shared_ptr<Generation> current() const;
  uint64_t number() const { return number_.load(std::memory_order_acquire); }
  std::vector<std::string> files_to_watch() const { return wplug::files_to_watch(context_, file_); }
  // How often reloading ended in each way.
  uint64_t reloads(ReloadOutcome outcome) const {
    return reloads_[static_cast<size_t>(outcome)].load(std::memory_order_relaxed);
  }

  // Makes a version from the files as they are and puts it in the place of the one that serves. One thread at a time.
  // nullopt: the files changed meanwhile, and it is to be tried again.
  std::optional<ReloadEvent> reload();

 private:
  LivePipeline(const ServeContext& context, std::string file, std::shared_ptr<Generation> first);
  const ServeContext& context_;
  const std::string file_;
  std::string name_;
  std::atomic<uint64_t> number_{1};
  std::atomic<uint64_t> reloads_[3] = {};
  mutable std::mutex mutex_;
  std::shared_ptr<Generation> current_;
};

}  // namespace wplug
