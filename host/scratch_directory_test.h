// For tests: a directory that goes away with its contents. Plain C++, so that tests of any kind can use it.
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wplug {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    const char* base = ::getenv("TMPDIR");
    std::string made = std::string(base != nullptr ? base : "/tmp") + "/wplug-scratch-XXXXXX";
    must(::mkdtemp(made.data()) != nullptr, "mkdtemp");
    // Grants name real paths.
    char* real = ::realpath(made.c_str(), nullptr);
    must(real != nullptr, "realpath");
    path_ = real;
    ::free(real);
  }
  ~ScratchDirectory() {
    const auto remove = [](const char* path, const struct stat*, int, FTW*) { return ::remove(path); };
    ::nftw(path_.c_str(), remove, 16, FTW_DEPTH | FTW_PHYS);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string path(std::string_view name = {}) const { return name.empty() ? path_ : path_ + "/" + std::string(name); }
  void folder(std::string_view name) const { must(::mkdir(path(name).c_str(), 0755) == 0, "mkdir"); }
  void link(const std::string& text, std::string_view name) const {
    must(::symlink(text.c_str(), path(name).c_str()) == 0, "symlink");
  }
  void hard_link(std::string_view from, std::string_view to) const {
    must(::link(path(from).c_str(), path(to).c_str()) == 0, "link");
  }
  void pipe(std::string_view name) const { must(::mkfifo(path(name).c_str(), 0644) == 0, "mkfifo"); }
  void remove(std::string_view name) const { must(::remove(path(name).c_str()) == 0, "remove"); }
  void rename(std::string_view from, std::string_view to) const {
    must(::rename(path(from).c_str(), path(to).c_str()) == 0, "rename");
  }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream file(path(name), std::ios::binary);
    file << text;
    file.flush();
    must(file.good(), "write");
  }
  std::string read(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool has(std::string_view name) const {
    struct stat status {};
    return ::lstat(path(name).c_str(), &status) == 0;
  }

 private:
  static void must(bool well, const char* what) {
    if (!well) throw std::runtime_error(std::string("a test could not ") + what);
  }
  std::string path_;
};

}  // namespace wplug
