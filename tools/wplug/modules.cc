#include "tools/wplug/modules.h"

#include <filesystem>

#include "host/files.h"
#include "host/registry.h"
#include "host/signature.h"
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

Result<PluginFile> find_and_compile(const Engine& engine, const std::string& reference) {
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(reference, ignored);
  const bool is_module = reference.ends_with(".wasm") || reference.ends_with(".wat") || is_file;
  if (is_module && !reference.ends_with(".toml")) {
    WPLUG_TRY_ASSIGN(Module module, compile_file(engine, reference));
    const auto good = check_signature_beside(reference, module.bytes(), environment());
    if (!good.ok()) return good.error();
    return PluginFile{std::move(module), std::nullopt};
  }
  ModuleCache cache(engine);
  const auto variables = environment();
  // A folder need not be written with a slash.
  const bool is_folder = std::filesystem::is_directory(reference, ignored);
  WPLUG_TRY_ASSIGN(LoadedModule loaded, load_module(cache, is_folder ? reference + "/" : reference, ".",
                                                    plugin_folders(".", variables), variables));
  return PluginFile{std::move(loaded.module), std::move(loaded.found.manifest)};
}

}  // namespace wplug
