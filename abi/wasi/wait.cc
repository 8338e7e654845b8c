#include "abi/wasi/wait.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace wplug::wasi {

namespace {

using std::chrono::nanoseconds;

// Nobody wakes a waiting thread when the store is interrupted: it looks this often.
constexpr nanoseconds kSlice = std::chrono::milliseconds(1);

int poll_for(std::span<pollfd> files, nanoseconds time) {
#if defined(__linux__)
  const timespec timeout{0, static_cast<long>(time.count())};
  return ::ppoll(files.data(), static_cast<nfds_t>(files.size()), &timeout, nullptr);
#else
  return ::poll(files.data(), static_cast<nfds_t>(files.size()), time == nanoseconds::zero() ? 0 : 1);
#endif
}

// How long the next look may last.
nanoseconds slice_before(TimePoint now, std::optional<TimePoint> until, std::optional<TimePoint> deadline) {
  nanoseconds slice = kSlice;
  if (until) slice = std::min<nanoseconds>(slice, *until - now);
  if (deadline) slice = std::min<nanoseconds>(slice, *deadline - now);
  return std::max(slice, nanoseconds::zero());
}

}  // namespace

Result<int> wait_for_any(const Call& call, std::span<pollfd> files, std::optional<TimePoint> until) {
  for (;;) {
    const TimePoint now = std::chrono::steady_clock::now();
    const int ready = poll_for(files, slice_before(now, until, call.deadline()));
    if (ready > 0) return ready;
    if (ready < 0 && errno != EINTR && errno != EAGAIN) {
      return Error(ErrorKind::host,
                   "waiting for " + std::to_string(files.size()) + " files: poll: errno " + std::to_string(errno));
    }
    WPLUG_TRY(call.check_stop());
    if (until && std::chrono::steady_clock::now() >= *until) return 0;
  }
}

Result<bool> wait_until_ready(const Call& call, const Descriptor& file, short events) {
  pollfd request{file.file.get(), events, 0};
  std::optional<TimePoint> until;
  if ((file.flags & fdflag::nonblock) != 0) until = std::chrono::steady_clock::now();
  WPLUG_TRY_ASSIGN(const int ready, wait_for_any(call, {&request, 1}, until));
  return ready > 0;
}

}  // namespace wplug::wasi
