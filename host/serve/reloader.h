// The thread that sees files change.
//
// It looks at the files' times and sizes at every poll, and at once when inotify says that something in their folders
// has changed, which saves waiting and nothing else: file systems without inotify are polled. What looks different has
// to look the same for a while, so that a file that is being written is not read half. A version that was rejected is
// tried again when its files change once more.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "host/files.h"
#include "host/serve/live_pipeline.h"

namespace wplug {

struct ReloaderOptions {
  bool watch = true;
  std::chrono::nanoseconds poll = std::chrono::seconds(2);
  std::chrono::nanoseconds settle = std::chrono::milliseconds(200);  // for which files have to look the same
  bool inotify = true;
  // Behind every attempt, on this thread.
  std::function<void(const ReloadEvent&)> on_reload;
};

class Reloader {
 public:
  using Done = std::function<void(const std::vector<ReloadEvent>&)>;
  // The pipelines outlive it.
  Reloader(std::span<const std::unique_ptr<LivePipeline>> pipelines, ReloaderOptions options);
  ~Reloader();

  // Any thread: every pipeline is loaded from its files as they are. `done` gets what came of it, on this object's
  // thread; it may be empty.
  void ask(Done done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    LivePipeline* pipeline = nullptr;
    FileStamps known;  // loaded or rejected
    FileStamps seen;   // different ones, and since when; empty: there are none
    Clock::time_point since;
  };

  void run();
  std::chrono::nanoseconds wait_time() const;
  void wait();
  void answer_asked();
  void look();
  void look_at(Watched& watched);
  std::optional<ReloadEvent> load(Watched& watched);
  void watch_folders();

  std::vector<Watched> watched_;
  const ReloaderOptions options_;
  OwnedFd wake_, inotify_;
  std::mutex mutex_;
  std::vector<Done> asked_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace wplug
