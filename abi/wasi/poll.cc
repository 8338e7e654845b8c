// poll_oneoff: waits until the first of a list of clocks and files is due.
//
// Subscriptions are sorted into what is ready at once (bad ones, whose error is their event; streams and plain files),
// files to ask the host about, and clocks, of which only the earliest matters for how long to wait. Then one wait, and
// events for all that is due at its end. With a fixed clock nothing sleeps: time jumps.
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "abi/wasi/functions.h"
#include "abi/wasi/wait.h"

namespace wplug::wasi {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr u32 kMaxSubscriptions = 1024;
// A wait that is longer is as good as one for ever, and fits the steady clock.
constexpr u64 kLongestWait = u64{1} << 60;

struct Event {
  u64 userdata = 0;
  Errno error = Errno::success;
  uint8_t type = eventtype::clock;
  u64 bytes = 0;
  uint16_t flags = 0;
};

struct ClockWait {
  u64 userdata;
  u64 remaining;  // nanoseconds from the start of the call
};

struct FileWait {
  u64 userdata;
  uint8_t type;
};

struct ClockLayout {
  size_t id, timeout, flags;
};

// Layout of `subscription_clock` within a subscription.
constexpr ClockLayout clock_layout(Version version) {
  return version == Version::preview1 ? ClockLayout{16, 24, 40} : ClockLayout{24, 32, 48};
}

class Poll {
 public:
  Poll(Call& call, Version version) : call_(call), version_(version) {}

  template <size_t N>
  void add(const GuestRecord<N>& record) {
    const u64 userdata = record.template get<u64>(0);
    const uint8_t type = record.template get<uint8_t>(8);
    if (type == eventtype::clock) {
      const ClockLayout at = clock_layout(version_);
      add_clock(userdata, record.template get<u32>(at.id), record.template get<u64>(at.timeout),
                record.template get<uint16_t>(at.flags));
    } else if (type == eventtype::fd_read || type == eventtype::fd_write) {
      add_file(userdata, type, record.template get<u32>(16));
    } else {
      events_.push_back({userdata, Errno::inval, type});
    }
  }

  // Waits; afterwards events() is not empty, unless there was nothing to wait for.
  Result<void> wait() {
    WPLUG_TRY(call_.check_stop());
    if (call_.state.clocks.is_fixed()) return wait_fixed();
    std::optional<TimePoint> until;
    if (!events_.empty()) {
      until = start_;
    } else if (!clocks_.empty()) {
      until = start_ + nanoseconds(earliest());
    }
    WPLUG_TRY_ASSIGN(const int ready, wait_for_any(call_, polled_, until));
    if (ready > 0) collect_files();
    const auto elapsed = std::chrono::duration_cast<nanoseconds>(steady_clock::now() - start_);
    collect_clocks(static_cast<u64>(elapsed.count()));
    return {};
  }

  const std::vector<Event>& events() const { return events_; }

 private:
  void add_clock(u64 userdata, u32 id, u64 timeout, uint16_t flags) {
    // The processor's time does not pass while nobody runs.
    if ((flags & ~kClockAbsolute) != 0 || id > clock_id::monotonic) {
      events_.push_back({userdata, id > clock_id::thread_cputime ? Errno::inval : Errno::notsup});
      if ((flags & ~kClockAbsolute) != 0) events_.back().error = Errno::inval;
      return;
    }
    u64 remaining = timeout;
    if ((flags & kClockAbsolute) != 0) {
      const u64 now = call_.state.clocks.now(id).value_or(0);
      remaining = timeout > now ? timeout - now : 0;
    }
    clocks_.push_back({userdata, std::min(remaining, kLongestWait)});
  }

  void add_file(u64 userdata, uint8_t type, u32 fd) {
    const bool reads = type == eventtype::fd_read;
    const auto found = call_.find(fd, right::poll_fd_readwrite);
    if (std::holds_alternative<Errno>(found)) {
      events_.push_back({userdata, std::get<Errno>(found), type});
      return;
    }
    const Descriptor& file = *std::get<Descriptor*>(found);
    if (reads ? !file.readable : !file.writable) {
      events_.push_back({userdata, Errno::badf, type});
    } else if (!file.may_wait) {
      events_.push_back({userdata, Errno::success, type, reads ? bytes_left(file) : 0});
    } else {
      files_.push_back({userdata, type});
      polled_.push_back({file.file.get(), static_cast<short>(reads ? POLLIN : POLLOUT), 0});
    }
  }

  // What reading gives at once.
  static u64 bytes_left(const Descriptor& file) {
    if (const auto* source = std::get_if<TextSource>(&file.stream)) return source->text.size() - source->position;
    struct stat status{};
    if (file.is_stream() || ::fstat(file.file.get(), &status) < 0) return 0;
    const off_t position = ::lseek(file.file.get(), 0, SEEK_CUR);
    return position < 0 || position > status.st_size ? 0 : static_cast<u64>(status.st_size - position);
  }

  u64 earliest() const {
    const auto before = [](const ClockWait& a, const ClockWait& b) { return a.remaining < b.remaining; };
    return std::min_element(clocks_.begin(), clocks_.end(), before)->remaining;
  }

  Result<void> wait_fixed() {
    // Files that are ready now come before any time passes.
    const bool may_sleep = events_.empty() && !clocks_.empty();
    const std::optional<TimePoint> now = start_;
    WPLUG_TRY_ASSIGN(const int ready, wait_for_any(call_, polled_, may_sleep || !events_.empty() ? now : std::nullopt));
    if (ready > 0) collect_files();
    if (events_.empty() && !clocks_.empty()) {
      const u64 time = earliest();
      call_.state.clocks.advance(time);
      collect_clocks(time);
    } else {
      collect_clocks(0);
    }
    return {};
  }

  void collect_files() {
    for (size_t i = 0; i < files_.size(); ++i) {
      const short found = polled_[i].revents;
      if (found == 0) continue;
      Event event{files_[i].userdata, Errno::success, files_[i].type};
      int available = 0;
      if (event.type == eventtype::fd_read && ::ioctl(polled_[i].fd, FIONREAD, &available) == 0 && available > 0) {
        event.bytes = static_cast<u64>(available);
      }
      if ((found & POLLNVAL) != 0) event.error = Errno::badf;
      if ((found & (POLLHUP | POLLERR)) != 0) event.flags = kReadWriteHangup;
      events_.push_back(event);
    }
  }

  void collect_clocks(u64 elapsed) {
    for (const ClockWait& clock : clocks_) {
      if (clock.remaining <= elapsed) events_.push_back({clock.userdata});
    }
  }

  Call& call_;
  const Version version_;
  const TimePoint start_ = steady_clock::now();
  std::vector<Event> events_;
  std::vector<ClockWait> clocks_;
  std::vector<FileWait> files_;
  std::vector<pollfd> polled_;  // beside files_
};

bool put_event(const Call& call, u64 at, const Event& event) {
  GuestRecord<kEventSize> record;
  record.put<uint64_t>(0, event.userdata);
  record.put<uint16_t>(8, static_cast<uint16_t>(event.error));
  record.put<uint8_t>(10, event.type);
  record.put<uint64_t>(16, event.bytes);
  record.put<uint16_t>(24, event.flags);
  return call.memory.write_record(at, record);
}

template <size_t N>
Status poll(Call& call, Version version, u32 subscriptions, u32 events_out, u32 count, u32 count_out) {
  if (count == 0 || count > kMaxSubscriptions) return Errno::inval;
  const bool inside = call.memory.contains(subscriptions, u64{count} * N) &&
                      call.memory.contains(events_out, u64{count} * kEventSize) && call.memory.contains(count_out, 4);
  if (!inside) return Errno::fault;
  Poll poll(call, version);
  for (u32 i = 0; i < count; ++i) poll.add(*call.memory.read_record<N>(subscriptions + u64{i} * N));
  WPLUG_TRY(poll.wait());
  u64 at = events_out;
  for (const Event& event : poll.events()) {
    if (!put_event(call, at, event)) return Errno::fault;
    at += kEventSize;
  }
  return call.memory.write<u32>(count_out, static_cast<u32>(poll.events().size())) ? Errno::success : Errno::fault;
}

}  // namespace

Status poll_oneoff(Call& call, u32 subscriptions, u32 events_out, u32 count, u32 count_out) {
  return poll<kSubscriptionSize>(call, Version::preview1, subscriptions, events_out, count, count_out);
}

Status unstable_poll_oneoff(Call& call, u32 subscriptions, u32 events_out, u32 count, u32 count_out) {
  return poll<kUnstableSubscriptionSize>(call, Version::unstable, subscriptions, events_out, count, count_out);
}

}  // namespace wplug::wasi
