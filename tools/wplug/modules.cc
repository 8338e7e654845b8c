#include "tools/wplug/modules.h"

#include "host/files.h"
#include "tools/wplug/console.h"
#include "wplug/text.h"

namespace wplug {

Result<std::vector<uint8_t>> read_module(const std::string& path, const ModuleLimits& limits) {
  auto bytes = read_file(path, limits.module_size);
  if (bytes.ok() && !path.ends_with(".wat")) return bytes;
  if (bytes.ok()) return parse_wat({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  // Callers name the file, as read_file does.
  std::string message = bytes.error().message();
  if (message.starts_with(path + ": ")) message.erase(0, path.size() + 2);
  return Error(bytes.error().kind(), std::move(message));
}

Result<Module> compile_file(const Engine& engine, const std::string& path) {
  WPLUG_TRY_ASSIGN(std::vector<uint8_t> bytes, read_module(path, engine.config().limits));
  std::string_view name = base_name(path);
  if (name.ends_with(".wasm")) name.remove_suffix(5);
  if (name.ends_with(".wat")) name.remove_suffix(4);
  return Module::compile(engine, std::move(bytes), name);
}

}  // namespace wplug
