// Making a WasiContext from its configuration.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "abi/wasi/state.h"
#include "wplug/wasi.h"

namespace wplug {

namespace {

using wasi::Descriptor;
using wasi::HostFile;

// Room that arguments or environment may take in the guest; far below what its addresses reach.
constexpr uint64_t kMaxTextBytes = uint64_t{256} << 20;

Error has_nul(std::string_view what, std::string_view text) {
  return Error(ErrorKind::misuse, std::string(what) + " '" + std::string(text.substr(0, text.find('\0'))) +
                                      "…' contains a NUL, which no program can receive");
}

bool contains_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> check_size(std::string_view what, const std::vector<std::string>& texts) {
  uint64_t size = 0;
  for (const std::string& text : texts) size += text.size() + 1;
  if (size <= kMaxTextBytes) return {};
  return Error(ErrorKind::misuse, std::string(what) + ": " + std::to_string(size) + " bytes > the limit of " +
                                      std::to_string(kMaxTextBytes));
}

Result<void> set_texts(WasiState& state, WasiConfig& config) {
  for (const std::string& argument : config.args) {
    if (contains_nul(argument)) return has_nul("argument", argument);
  }
  state.args = std::move(config.args);
  for (const auto& [name, value] : config.env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return Error(ErrorKind::misuse, "environment variable '" + name + "': a name is not empty and has no '='");
    }
    if (contains_nul(name) || contains_nul(value)) return has_nul("environment variable", name);
    state.env.push_back(name + "=" + value);
  }
  WPLUG_TRY(check_size("arguments", state.args));
  return check_size("environment", state.env);
}

std::unique_ptr<Descriptor> make_input(WasiInput source) {
  if (auto* lent = std::get_if<WasiFd>(&source)) {
    auto made = wasi::make_host_descriptor(HostFile::borrowing(lent->fd), true, false);
    made->changeable = false;
    return made;
  }
  wasi::Stream stream;
  if (auto* text = std::get_if<std::string>(&source)) stream = wasi::TextSource{std::move(*text)};
  if (auto* reader = std::get_if<WasiReader>(&source)) stream = std::move(*reader);
  return wasi::make_stream_descriptor(std::move(stream), true, false);
}

std::unique_ptr<Descriptor> make_output(WasiOutput sink) {
  if (auto* lent = std::get_if<WasiFd>(&sink)) {
    return wasi::make_host_descriptor(HostFile::borrowing(lent->fd), false, true);
  }
  wasi::Stream stream;
  if (auto* buffer = std::get_if<WasiBuffer>(&sink)) stream = *buffer;
  if (auto* writer = std::get_if<WasiWriter>(&sink)) stream = std::move(*writer);
  return wasi::make_stream_descriptor(std::move(stream), false, true);
}

Result<void> add_file(WasiState& state, std::unique_ptr<Descriptor> descriptor) {
  if (state.files.insert(std::move(descriptor))) return {};
  return Error(ErrorKind::misuse, "stdio and the directories need more than max_open_files descriptors");
}

Result<void> add_directory(WasiState& state, const WasiConfig& config, const WasiDirectory& directory) {
  const auto refuse = [&](ErrorKind kind, const std::string& why) {
    return Error(kind,
                 "directory '" + directory.host_path + "' for the guest's '" + directory.guest_path + "': " + why);
  };
  if (directory.host_path.empty() || directory.guest_path.empty()) return refuse(ErrorKind::misuse, "an empty path");
  if (contains_nul(directory.host_path) || contains_nul(directory.guest_path)) {
    return refuse(ErrorKind::misuse, "a NUL in the path");
  }
  const int fd = ::open(directory.host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR) && config.missing_directory) {
    config.missing_directory(directory);
    return {};
  }
  if (fd < 0) return refuse(ErrorKind::host, std::string("cannot be opened: ") + std::strerror(errno));
  return add_file(state, wasi::make_preopen(HostFile::owning(fd), directory.guest_path, directory.writable));
}

Result<void> add_directories(WasiState& state, const WasiConfig& config) {
  std::set<std::string_view> names;
  for (const WasiDirectory& directory : config.directories) {
    if (!names.insert(directory.guest_path).second) {
      return Error(ErrorKind::misuse, "two directories for the guest's '" + directory.guest_path + "'");
    }
    WPLUG_TRY(add_directory(state, config, directory));
  }
  // Who opens no directory pays nothing for finding out.
  if (!config.directories.empty()) state.path_walk = wasi::best_path_walk();
  return {};
}

}  // namespace

WasiContext::WasiContext(std::unique_ptr<WasiState> impl) : impl_(std::move(impl)) {}
WasiContext::WasiContext(WasiContext&&) noexcept = default;
WasiContext& WasiContext::operator=(WasiContext&&) noexcept = default;
WasiContext::~WasiContext() = default;

Result<WasiContext> WasiContext::create(WasiConfig config) {
  auto state = std::make_unique<WasiState>(config);
  WPLUG_TRY(set_texts(*state, config));
  WPLUG_TRY(add_file(*state, make_input(std::move(config.stdin_source))));
  WPLUG_TRY(add_file(*state, make_output(std::move(config.stdout_sink))));
  WPLUG_TRY(add_file(*state, make_output(std::move(config.stderr_sink))));
  WPLUG_TRY(add_directories(*state, config));
  return WasiContext(std::move(state));
}

}  // namespace wplug
