#include "host/serve/reloader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace wplug {
namespace {

constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM;
// Files that never come to rest are given up until the next poll.
constexpr int kMostTries = 20;

std::vector<std::string> paths_of(const FileStamps& stamps) {
  std::vector<std::string> paths;
  for (const FileStamp& stamp : stamps) paths.push_back(stamp.path);
  return paths;
}

std::vector<std::string> union_of(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

void empty(int fd) {
  char buffer[4096];
  while (::read(fd, buffer, sizeof buffer) > 0) {
  }
}

}  // namespace

Reloader::Reloader(std::span<const std::unique_ptr<LivePipeline>> pipelines, ReloaderOptions options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (const auto& pipeline : pipelines) {
    watched_.push_back({pipeline.get(), pipeline->current()->stamps, {}, {}});
  }
  if (options_.watch && options_.inotify) inotify_ = OwnedFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  thread_ = std::thread([this] { run(); });
}

Reloader::~Reloader() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  (void)!::eventfd_write(wake_.get(), 1);
  thread_.join();
  for (const Done& done : asked_) {
    if (done) done({});
  }
}

void Reloader::ask(Done done) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(done));
  }
  (void)!::eventfd_write(wake_.get(), 1);
}

void Reloader::run() {
  watch_folders();
  for (;;) {
    wait();
    {
      const std::lock_guard lock(mutex_);
      if (ends_) return;
    }
    answer_asked();
    if (options_.watch) look();
  }
}

std::chrono::nanoseconds Reloader::wait_time() const {
  std::chrono::nanoseconds least = options_.poll;
  const auto now = Clock::now();
  for (const Watched& watched : watched_) {
    if (watched.seen.empty()) continue;
    least = std::min<std::chrono::nanoseconds>(least, watched.since + options_.settle - now);
  }
  return std::max(least, std::chrono::nanoseconds(0));
}

void Reloader::wait() {
  pollfd states[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
  int timeout = -1;
  if (options_.watch) {
    const auto rounded_up =
        std::chrono::duration_cast<std::chrono::milliseconds>(wait_time() + std::chrono::microseconds(999));
    timeout = static_cast<int>(std::clamp<int64_t>(rounded_up.count(), 0, 60'000));
  }
  (void)::poll(states, inotify_.get() >= 0 ? 2 : 1, timeout);
  for (const pollfd& state : states) {
    if (state.revents != 0) empty(state.fd);
  }
}

void Reloader::answer_asked() {
  std::vector<Done> asked;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(asked_);
  }
  if (asked.empty()) return;
  std::vector<ReloadEvent> events;
  for (Watched& watched : watched_) {
    std::optional<ReloadEvent> event;
    for (int left = kMostTries; !event && left > 0; --left) event = load(watched);
    if (!event) {
      event = ReloadEvent{watched.pipeline->name(), watched.pipeline->file(), ReloadOutcome::rejected,
                          watched.pipeline->number(), "its files do not stop changing"};
    }
    events.push_back(std::move(*event));
  }
  for (const Done& done : asked) {
    if (done) done(events);
  }
}

void Reloader::look() {
  for (Watched& watched : watched_) look_at(watched);
}

void Reloader::look_at(Watched& watched) {
  FileStamps now = stamp_files(paths_of(watched.known));
  if (now == watched.known) {
    watched.seen.clear();
    return;
  }
  if (now != watched.seen) {
    watched.seen = std::move(now);
    watched.since = Clock::now();
    return;
  }
  if (Clock::now() - watched.since < options_.settle) return;
  // Files that change meanwhile look different the next time.
  if (!load(watched)) watched.since = Clock::now();
}

std::optional<ReloadEvent> Reloader::load(Watched& watched) {
  // Those of a version that is rejected too: one of them may be what is missing.
  FileStamps before = stamp_files(union_of(paths_of(watched.known), watched.pipeline->files_to_watch()));
  std::optional<ReloadEvent> event = watched.pipeline->reload();
  if (!event) return std::nullopt;
  // What was rejected is known too: it is not tried again as it is.
  watched.known = event->outcome == ReloadOutcome::loaded ? watched.pipeline->current()->stamps : std::move(before);
  watched.seen.clear();
  watch_folders();
  if (options_.on_reload) options_.on_reload(*event);
  return event;
}

void Reloader::watch_folders() {
  if (inotify_.get() < 0) return;
  for (const Watched& watched : watched_) {
    for (const FileStamp& stamp : watched.known) {
      const std::string folder = std::filesystem::path(stamp.path).parent_path().string();
      // A watch that is there already is the same one; a folder that was replaced gets a new one.
      (void)::inotify_add_watch(inotify_.get(), folder.empty() ? "." : folder.c_str(), kChanges);
    }
  }
}

}  // namespace wplug
