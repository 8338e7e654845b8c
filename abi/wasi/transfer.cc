// A guest names buffers of up to 4 GiB in one call, and its deadline holds meanwhile. So bytes are moved in pieces,
// with a look at the deadline between two of them. Pieces for pipes and terminals are what those take without blocking
// once poll(2) says that they are ready (PIPE_BUF); files of the host are left in blocking mode, because others may
// share them.
#include "abi/wasi/transfer.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "abi/wasi/wait.h"

namespace wplug::wasi {

namespace {

constexpr size_t kFilePiece = size_t{1} << 20;
constexpr size_t kReadPiece = size_t{64} << 10;
#if defined(PIPE_BUF)
constexpr size_t kWritePiece = PIPE_BUF;
#else
constexpr size_t kWritePiece = 512;
#endif

// Keeps SIGPIPE from this thread while a write may meet a closed pipe: the guest gets an error number, and the host
// lives.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigset_t pending;
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const int saved = errno;
    if (broken_ && !was_pending_) take_signal();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  void broken() { broken_ = true; }

 private:
  void take_signal() {
    // The signal goes to this very thread, but not where the process ignores it.
    sigset_t pending;
    ::sigpending(&pending);
    int taken = 0;
    if (::sigismember(&pending, SIGPIPE) == 1) ::sigwait(&pipe_, &taken);
  }

  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
  bool broken_ = false;
};

ssize_t write_quietly(int fd, const std::vector<iovec>& vectors) {
  WithoutSigpipe guard;
  const ssize_t written = ::writev(fd, vectors.data(), static_cast<int>(vectors.size()));
  if (written < 0 && errno == EPIPE) guard.broken();
  return written;
}

// One direction of moving bytes to and from a file of the host.
struct Reading {
  static constexpr short kEvents = POLLIN;
  static constexpr size_t kWaitingPiece = kReadPiece;
  static constexpr bool kStopsAfterPiece = true;  // a stream hands out what is there
  static ssize_t at_position(const Descriptor& file, const std::vector<iovec>& v) {
    return ::readv(file.file.get(), v.data(), static_cast<int>(v.size()));
  }
  static ssize_t at_offset(const Descriptor& file, const std::vector<iovec>& v, off_t offset) {
    return ::preadv(file.file.get(), v.data(), static_cast<int>(v.size()), offset);
  }
};

struct Writing {
  static constexpr short kEvents = POLLOUT;
  static constexpr size_t kWaitingPiece = kWritePiece;
  static constexpr bool kStopsAfterPiece = false;
  static ssize_t at_position(const Descriptor& file, const std::vector<iovec>& v) {
    if (file.may_wait) return write_quietly(file.file.get(), v);
    return ::writev(file.file.get(), v.data(), static_cast<int>(v.size()));
  }
  static ssize_t at_offset(const Descriptor& file, const std::vector<iovec>& v, off_t offset) {
    return ::pwritev(file.file.get(), v.data(), static_cast<int>(v.size()), offset);
  }
};

template <class Direction>
ssize_t move_piece(const Descriptor& file, const std::vector<iovec>& vectors, std::optional<uint64_t> offset) {
  if (!offset) return Direction::at_position(file, vectors);
  if (*offset > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
    errno = EINVAL;
    return -1;
  }
  return Direction::at_offset(file, vectors, static_cast<off_t>(*offset));
}

// What to do next: nullopt goes on.
template <class Direction>
Result<std::optional<Errno>> before_piece(const Call& call, const Descriptor& file, bool first) {
  if (file.may_wait) {
    WPLUG_TRY_ASSIGN(const bool ready, wait_until_ready(call, file, Direction::kEvents));
    if (!ready) return std::optional<Errno>(first ? Errno::again : Errno::success);
  } else if (!first) {
    WPLUG_TRY(call.check_stop());
  }
  return std::optional<Errno>();
}

template <class Direction>
Result<Errno> move_file(const Call& call, const Descriptor& file, BufferCursor cursor, std::optional<uint64_t> offset,
                        uint32_t& count) {
  const size_t piece = file.may_wait ? Direction::kWaitingPiece : kFilePiece;
  std::vector<iovec> vectors;
  while (!cursor.done()) {
    WPLUG_TRY_ASSIGN(const std::optional<Errno> end, before_piece<Direction>(call, file, count == 0));
    if (end) return *end;
    const size_t wanted = cursor.next(piece, vectors);
    const ssize_t moved = move_piece<Direction>(file, vectors, offset);
    if (moved < 0 && (errno == EINTR || (errno == EAGAIN && file.may_wait))) {
      WPLUG_TRY(call.check_stop());
      continue;
    }
    if (moved < 0) return count > 0 ? Errno::success : last_error();
    count += static_cast<uint32_t>(moved);
    cursor.advance(static_cast<size_t>(moved));
    if (offset) *offset += static_cast<uint64_t>(moved);
    const bool all = static_cast<size_t>(moved) == wanted;
    if (moved == 0 || (file.may_wait ? Direction::kStopsAfterPiece : !all)) break;
  }
  return Errno::success;
}

// Streams that are not files. Each gives the bytes moved to or from one buffer; fewer than it has end the call.

size_t read_stream(Stream& stream, std::span<uint8_t> buffer) {
  if (auto* source = std::get_if<TextSource>(&stream)) {
    const size_t count = std::min(buffer.size(), source->text.size() - source->position);
    if (count > 0) std::memcpy(buffer.data(), source->text.data() + source->position, count);
    source->position += count;
    return count;
  }
  if (auto* reader = std::get_if<WasiReader>(&stream)) return std::min((*reader)(buffer), buffer.size());
  return 0;
}

Errno write_stream(Stream& stream, std::span<const uint8_t> buffer, size_t& count) {
  count = buffer.size();
  if (auto* sink = std::get_if<WasiBuffer>(&stream)) {
    count = std::min(count, sink->limit - std::min(sink->limit, sink->text->size()));
    sink->text->append(reinterpret_cast<const char*>(buffer.data()), count);
    return count == 0 ? Errno::nospc : Errno::success;
  }
  if (auto* writer = std::get_if<WasiWriter>(&stream)) return (*writer)(buffer) ? Errno::success : Errno::io;
  return Errno::success;
}

}  // namespace

BufferCursor::BufferCursor(const GuestMemory::Buffers& buffers) : buffers_(buffers) {
  for (const auto& buffer : buffers) remaining_ = std::min(kMaxTransfer, remaining_ + buffer.size());
}

size_t BufferCursor::current_size() const { return std::min(buffers_[index_].size() - offset_, remaining_); }

size_t BufferCursor::next(size_t most, std::vector<iovec>& vectors) const {
  vectors.clear();
  most = std::min(most, remaining_);
  size_t sum = 0;
  for (size_t i = index_; sum < most && vectors.size() < kMaxBuffers; ++i) {
    const auto rest = buffers_[i].subspan(i == index_ ? offset_ : 0);
    const size_t count = std::min(rest.size(), most - sum);
    vectors.push_back({rest.data(), count});
    sum += count;
  }
  return sum;
}

void BufferCursor::advance(size_t count) {
  remaining_ -= count;
  while (count > 0) {
    const size_t step = std::min(count, buffers_[index_].size() - offset_);
    offset_ += step;
    count -= step;
    if (offset_ == buffers_[index_].size()) {
      ++index_;
      offset_ = 0;
    }
  }
}

Result<Errno> read_file(const Call& call, Descriptor& file, const GuestMemory::Buffers& buffers,
                        std::optional<uint64_t> offset, uint32_t& count) {
  count = 0;
  BufferCursor cursor(buffers);
  if (!file.is_stream()) return move_file<Reading>(call, file, cursor, offset, count);
  while (!cursor.done()) {
    const std::span<uint8_t> buffer = cursor.current();
    const size_t moved = read_stream(file.stream, buffer);
    count += static_cast<uint32_t>(moved);
    cursor.advance(moved);
    if (moved < buffer.size()) break;
  }
  return Errno::success;
}

Result<Errno> write_file(const Call& call, Descriptor& file, const GuestMemory::Buffers& buffers,
                         std::optional<uint64_t> offset, uint32_t& count) {
  count = 0;
  BufferCursor cursor(buffers);
  if (!file.is_stream()) return move_file<Writing>(call, file, cursor, offset, count);
  while (!cursor.done()) {
    const std::span<uint8_t> buffer = cursor.current();
    size_t moved = 0;
    const Errno error = write_stream(file.stream, buffer, moved);
    if (error != Errno::success) return count > 0 ? Errno::success : error;
    count += static_cast<uint32_t>(moved);
    cursor.advance(moved);
    if (moved < buffer.size()) break;
  }
  return Errno::success;
}

}  // namespace wplug::wasi
