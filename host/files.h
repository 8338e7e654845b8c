// Files and standard streams, for records and modules.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/error.h"
#include "wplug/pipeline.h"

namespace wplug {

// The whole file. Errors: host (`file: what the system says`), limit (more than `most` bytes).
Result<std::vector<uint8_t>> read_file(const std::string& path, uint64_t most = uint64_t{1} << 30);

// A file descriptor that is lent.
class FdSource : public ByteSource {
 public:
  FdSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<size_t> read(std::span<char> buffer, const std::function<bool()>& cancelled) override;

 private:
  int fd_;
  std::string name_;
};

class FdSink : public ByteSink {
 public:
  FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<void> write(std::string_view bytes) override;

 private:
  int fd_;
  std::string name_;
};

// A descriptor that is closed with its owner; -1: none.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();
  int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

Result<OwnedFd> open_for_reading(const std::string& path);
// Made or emptied.
Result<OwnedFd> open_for_writing(const std::string& path);

}  // namespace wplug
