// For tests: a guest without an engine. It has a memory to put things in, and calls WASI functions as the engine would.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/wasi/functions.h"
#include "wplug/trap.h"

namespace wplug::wasi {

// A directory of the host that goes away with its contents.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = ::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/wplug-wasi-XXXXXX";
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() {
    const auto remove = [](const char* path, const struct stat*, int, FTW*) { return ::remove(path); };
    ::nftw(path_.c_str(), remove, 16, FTW_DEPTH | FTW_PHYS);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(std::string_view name = {}) const { return name.empty() ? path_ : path_ + "/" + std::string(name); }
  void make_directory(std::string_view name) const { REQUIRE(::mkdir(path(name).c_str(), 0777) == 0); }
  void make_link(const std::string& text, std::string_view name) const {
    REQUIRE(::symlink(text.c_str(), path(name).c_str()) == 0);
  }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream file(path(name), std::ios::binary);
    file << text;
    REQUIRE(file.good());
  }
  std::string read(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    REQUIRE(file.is_open());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool has(std::string_view name) const {
    struct stat status{};
    return ::lstat(path(name).c_str(), &status) == 0;
  }

 private:
  std::string path_;
};

// The error number of a call that does not end the guest.
inline Errno number_of(const Status& status) {
  REQUIRE(status.ok());
  return status.value();
}

// The kind of trap of a call that ends the guest.
inline std::optional<TrapKind> trap_of(const Error& error) {
  return error.trap() == nullptr ? std::nullopt : std::optional<TrapKind>(error.trap()->kind());
}

inline WasiContext make_context(WasiConfig config) {
  auto made = WasiContext::create(std::move(config));
  REQUIRE(made.ok());
  return std::move(made).value();
}

struct Text {
  u32 at, size;
};

// The first given directory's descriptor.
inline constexpr u32 kRoot = 3;

class Guest {
 public:
  explicit Guest(WasiConfig config = {}, const Store* store = nullptr)
      : context_(make_context(std::move(config))),
        bytes_(1 << 20),
        call(*context_.impl(), GuestMemory(bytes_), store) {}

  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  // A guest with one directory.
  static Guest with_directory(const TemporaryDirectory& directory, bool writable) {
    WasiConfig config;
    config.directories.push_back({directory.path(), "/", writable});
    return Guest(std::move(config));
  }

  u32 reserve(u32 size) {
    const u32 at = (top_ + 7) & ~u32{7};
    top_ = at + size;
    REQUIRE(top_ <= bytes_.size());
    return at;
  }
  Text put(std::string_view text) {
    const Text made{reserve(static_cast<u32>(text.size())), static_cast<u32>(text.size())};
    REQUIRE(call.memory.write_text(made.at, text));
    return made;
  }
  // A list of one buffer for each size; with its texts for writing.
  u32 put_buffers(const std::vector<Text>& buffers) {
    const u32 list = reserve(static_cast<u32>(buffers.size() * 8));
    for (size_t i = 0; i < buffers.size(); ++i) {
      REQUIRE(call.memory.write<u32>(list + i * 8, buffers[i].at));
      REQUIRE(call.memory.write<u32>(list + i * 8 + 4, buffers[i].size));
    }
    return list;
  }
  template <class T>
  T get(u32 at) const {
    const auto value = call.memory.read<T>(at);
    REQUIRE(value.has_value());
    return *value;
  }
  std::string text(u32 at, u32 size) const {
    const auto found = call.memory.text(at, size);
    REQUIRE(found.has_value());
    return std::string(*found);
  }

  Errno open(std::string_view path, u32 oflags, u64 rights, u32& fd, u32 fdflags = 0, u32 lookup = kSymlinkFollow,
             u32 directory = kRoot) {
    const Text name = put(path);
    const u32 out = reserve(4);
    const Errno error =
        number_of(path_open(call, directory, lookup, name.at, name.size, oflags, rights, kAllRights, fdflags, out));
    fd = error == Errno::success ? get<u32>(out) : ~u32{0};
    return error;
  }
  u32 must_open(std::string_view path, u32 oflags = 0, u64 rights = kAllRights, u32 fdflags = 0) {
    u32 fd = 0;
    REQUIRE(open(path, oflags, rights, fd, fdflags) == Errno::success);
    return fd;
  }
  Errno write(u32 fd, std::string_view what, u32* count = nullptr) {
    const u32 out = reserve(4);
    const u32 buffers = put_buffers({put(what)});
    const Errno error = number_of(fd_write(call, fd, buffers, 1, out));
    if (count != nullptr && error == Errno::success) *count = get<u32>(out);
    return error;
  }
  Errno read(u32 fd, u32 size, std::string& what) {
    const Text room{reserve(size), size};
    const u32 out = reserve(4);
    const u32 buffers = put_buffers({room});
    const Errno error = number_of(fd_read(call, fd, buffers, 1, out));
    if (error == Errno::success) what = text(room.at, get<u32>(out));
    return error;
  }
  std::string must_read(u32 fd, u32 size) {
    std::string what;
    REQUIRE(read(fd, size, what) == Errno::success);
    return what;
  }

 private:
  WasiContext context_;
  std::vector<uint8_t> bytes_;
  u32 top_ = 64;

 public:
  Call call;
};

}  // namespace wplug::wasi
