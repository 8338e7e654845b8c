#include "abi/wasi/path_call.h"

namespace wplug::wasi {

std::variant<Descriptor*, Errno> find_directory(Call& call, uint32_t fd, Rights needed, bool changes) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (!file.is_directory()) return Errno::notdir;
  if (changes && !file.changeable) return Errno::rofs;
  return call.find(fd, needed);
}

PathResult find_path(Call& call, const Descriptor& directory, uint32_t path, uint32_t path_size, bool follow) {
  const auto text = call.memory.text(path, path_size);
  if (!text) return Errno::fault;
  return resolve_path(call.state.path_walk, directory.file.get(), *text, follow);
}

bool has_trailing_slash(const Call& call, uint32_t path, uint32_t path_size) {
  const auto text = call.memory.text(path, path_size);
  return text && !text->empty() && text->back() == '/';
}

}  // namespace wplug::wasi
