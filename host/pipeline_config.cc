// The pipeline file. Keys are read by tables below; what a table does not list is an error.
#include <set>

#include "host/files.h"
#include "host/toml_limits.h"
#include "host/toml_reader.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

// Everything below reads into the configuration of one file.
class PipelineReader {
 public:
  explicit PipelineReader(const std::string& file) : file_(file) {
    const size_t slash = file.rfind('/');
    config_.directory = slash == std::string::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
  }

  Result<PipelineConfig> read(const toml::table& root) {
    // The defaults come first, wherever they stand in the file.
    if (const toml::node* limits = root.get("limits")) WPLUG_TRY(read_limits(*limits, "[limits]", defaults_));
    WPLUG_TRY(read_table(file_, root, "the file",
                         {{"name", [&](const toml::node& node) { return read_into(node, "name", config_.name); }},
                          {"limits", [](const toml::node&) { return Result<void>(); }},
                          {"stage", [&](const toml::node& node) { return read_stages(node); }}}));
    if (config_.stages.empty()) return toml_error(file_, root.source(), "there is no [[stage]]");
    return std::move(config_);
  }

 private:
  Result<void> read_into(const toml::node& node, std::string_view key, std::string& to) {
    WPLUG_TRY_ASSIGN(to, read_string(file_, node, key));
    if (to.empty()) return toml_error(file_, node.source(), std::string(key) + " must not be empty");
    return {};
  }

  Result<void> read_stages(const toml::node& node) {
    const toml::array* stages = node.as_array();
    if (stages == nullptr || !stages->is_array_of_tables()) {
      return toml_error(file_, node.source(), "stages are written [[stage]], each with its keys below");
    }
    for (const toml::node& stage : *stages) WPLUG_TRY(read_stage(*stage.as_table()));
    return {};
  }

  Result<void> read_stage(const toml::table& table) {
    StageConfig stage;
        WPLUG_TRY(read_table(
        file_, table, "[[stage]]",
        {{"name", [&](const toml::node& node) { return read_into(node, "name", stage.options.name); }},
         {"plugin", [&](const toml::node& node) { return read_into(node, "plugin", stage.plugin); }},
         {"abi", [&](const toml::node& node) { return read_into(node, "abi", stage.abi); }},
         {"entry", [&](const toml::node& node) { return read_into(node, "entry", stage.options.entry); }},
         {"config", [&](const toml::node& node) { return read_config(node, stage.options); }},
         {"limits", [&](const toml::node& node) { return read_limits(node, "limits", stage.options.limits); }},
         {"grants", [&](const toml::node& node) { return read_grants(node, stage.options.grants); }}}));
    if (stage.options.name.empty()) return toml_error(file_, table.source(), "the stage has no name");
    if (stage.plugin.empty()) return toml_error(file_, table.source(), "the stage has no plugin");
    if (!names_.insert(stage.options.name).second) {
      return toml_error(file_, table.get("name")->source(), "there are two stages \"" + stage.options.name + "\"");
    }
    stage.options.limits = stage.options.limits.or_else(defaults_);
    stage.location = stage.options.location = location_of(table);
    config_.stages.push_back(std::move(stage));
    return {};
  }

  Result<void> read_config(const toml::node& node, PluginOptions& options) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "config"));
    for (auto&& [key, value] : *table) {
      WPLUG_TRY_ASSIGN(options.config[std::string(key.str())], json_of(file_, value));
    }
    return {};
  }

  Result<void> read_limits(const toml::node& node, std::string_view where, LimitSettings& limits) {
    return read_limits_table(file_, node, where, limits);
  }

  // A table with a list for each kind, or one list of capabilities in full.
  Result<void> read_grants(const toml::node& node, Grants& grants) {
    if (node.is_array()) return read_capabilities(node, "grants", "", grants);
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "grants"));
    const auto list_of = [&](std::string_view key, std::string_view prefix) {
      return TomlKey{key, [this, key, prefix, &grants](const toml::node& n) {
                       return read_capabilities(n, "grants." + std::string(key), prefix, grants);
                     }};
    };
    return read_table(file_, *table, "grants",
                      {list_of("http", "http:"), list_of("env", "env:"), list_of("fs_read", "fs:read:"),
                       list_of("fs_write", "fs:write:"), list_of("exec", "exec:"),
                       list_of("network", "network:outbound:")});
  }

  Result<void> read_capabilities(const toml::node& node, const std::string& key, std::string_view prefix,
                                 Grants& grants) {
    WPLUG_TRY_ASSIGN(const std::vector<std::string> texts, read_strings(file_, node, key));
    for (size_t i = 0; i < texts.size(); ++i) {
      const toml::node& element = *node.as_array()->get(i);
      auto added = grants.add(std::string(prefix) + texts[i], location_of(element));
      if (!added.ok()) return toml_error(file_, element.source(), key + ": " + added.error().message());
    }
    return {};
  }

  std::string location_of(const toml::node& node) const {
    const toml::source_position at = node.source().begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  const std::string& file_;
  PipelineConfig config_;
  LimitSettings defaults_;
  std::set<std::string> names_;
};

}  // namespace

Result<PipelineConfig> parse_pipeline(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return toml_error(file, error.source(), std::string(error.description()));
  }
  return PipelineReader(file).read(parsed.table());
}

Result<PipelineConfig> read_pipeline(const std::string& file) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 20;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, kMostBytes));
  return parse_pipeline({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

}  // namespace wplug
