// Moving bytes between guest buffers and descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "abi/guest_memory.h"
#include "abi/wasi/state.h"
#include "wplug/error.h"

namespace wplug::wasi {

// The most buffers of one call, as IOV_MAX.
inline constexpr uint32_t kMaxBuffers = 1024;
// The most bytes of one call; beyond them it ends early, as it may.
inline constexpr size_t kMaxTransfer = size_t{1} << 30;

// A place in a list of buffers that moves on as bytes are transferred.
class BufferCursor {
 public:
  explicit BufferCursor(const GuestMemory::Buffers& buffers);

  bool done() const { return remaining_ == 0; }
  // The next at most `most` bytes as vectors for readv and writev; their sum is the result.
  size_t next(size_t most, std::vector<iovec>& vectors) const;
  // The rest of the current buffer. Not done.
  std::span<uint8_t> current() const { return buffers_[index_].subspan(offset_).first(current_size()); }
  void advance(size_t count);

 private:
  size_t current_size() const;
  const GuestMemory::Buffers& buffers_;
  size_t index_ = 0;
  size_t offset_ = 0;
  size_t remaining_ = 0;
};

// Reads into or writes from `buffers`, at the file's own position or at `offset`; `count` is what was moved. What was
// moved before a failure counts as success. A stream gives what it has; writing goes on to the end. Errors: trap
// (stopped while waiting).
Result<Errno> read_file(const Call& call, Descriptor& file, const GuestMemory::Buffers& buffers,
                        std::optional<uint64_t> offset, uint32_t& count);
Result<Errno> write_file(const Call& call, Descriptor& file, const GuestMemory::Buffers& buffers,
                         std::optional<uint64_t> offset, uint32_t& count);

}  // namespace wplug::wasi
