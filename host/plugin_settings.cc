#include "host/plugin_settings.h"

#include <filesystem>

#include "host/files.h"
#include "host/signature.h"
#include "host/toml_reader.h"

namespace wplug {

Result<PluginSettings> read_plugin_settings(const std::map<std::string, std::string>& environment) {
  PluginSettings settings;
  const std::string folder = config_folder(environment);
  const std::string file = folder + "/config.toml";
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::exists(file, ignored)) return settings;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, uint64_t{1} << 20));
  const toml::parse_result parsed = toml::parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), file);
  if (!parsed) return toml_error(file, parsed.error().source(), std::string(parsed.error().description()));
  const auto read_plugins = [&](const toml::node& node) -> Result<void> {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file, node, "plugins"));
    return read_table(file, *table, "[plugins]",
                      {{"require_signature",
                        [&](const toml::node& n) -> Result<void> {
                          if (!n.is_boolean()) return toml_error(file, n.source(), "require_signature must be true or false");
                          settings.require_signature = n.as_boolean()->get();
                          return {};
                        }},
                       {"index", [&](const toml::node& n) -> Result<void> {
                          WPLUG_TRY_ASSIGN(settings.index, read_string(file, n, "index"));
                          return {};
                        }}});
  };
  WPLUG_TRY(read_table(file, parsed.table(), "the configuration", {{"plugins", read_plugins}}));
  return settings;
}

}  // namespace wplug
