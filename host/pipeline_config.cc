// The pipeline file. Keys are read by tables below; what a table does not list is an error.
#include <set>

#include "host/files.h"
#include "host/toml_reader.h"
#include "host/units.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

constexpr uint64_t kPage = uint64_t{1} << 16;
constexpr uint64_t kMostMemory = uint64_t{4} << 30;
constexpr uint64_t kLeastStack = uint64_t{4} << 10;
constexpr uint64_t kMostStack = uint64_t{1} << 30;

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
  Result<void> read_into(const toml::node& node, std::string_view key, uint64_t& to) {
    WPLUG_TRY_ASSIGN(to, read_count(file_, node, key));
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
    stage.options.limits = defaults_;
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
    const toml::source_position at = table.source().begin;
    stage.location = file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
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

  Result<void> read_limits(const toml::node& node, std::string_view where, PluginLimits& limits) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "limits"));
    return read_table(
        file_, *table, where,
        {{"timeout", [&](const toml::node& n) { return read_duration(n, "timeout", limits.timeout); }},
         {"start_timeout", [&](const toml::node& n) { return read_duration(n, "start_timeout", limits.start_timeout); }},
         {"memory", [&](const toml::node& n) { return read_size(n, "memory", kPage, kMostMemory, limits.memory); }},
         {"stack", [&](const toml::node& n) { return read_size(n, "stack", kLeastStack, kMostStack, limits.stack); }},
         {"fuel", [&](const toml::node& n) { return read_into(n, "fuel", limits.fuel); }},
         {"http_calls", [&](const toml::node& n) { return read_into(n, "http_calls", limits.http_calls); }},
         {"host_calls", [&](const toml::node& n) { return read_into(n, "host_calls", limits.host_calls); }}});
  }

  Result<void> read_duration(const toml::node& node, std::string_view key, std::chrono::nanoseconds& to) {
    WPLUG_TRY_ASSIGN(const std::string text, read_string(file_, node, key));
    auto duration = parse_duration(text);
    if (!duration.ok()) return toml_error(file_, node.source(), std::string(key) + ": " + duration.error().message());
    to = *duration;
    return {};
  }

  Result<void> read_size(const toml::node& node, std::string_view key, uint64_t least, uint64_t most, uint64_t& to) {
    if (node.is_integer()) {
      WPLUG_TRY(read_into(node, key, to));
    } else {
      WPLUG_TRY_ASSIGN(const std::string text, read_string(file_, node, key));
      auto size = parse_size(text);
      if (!size.ok()) return toml_error(file_, node.source(), std::string(key) + ": " + size.error().message());
      to = *size;
    }
    if (to >= least && to <= most) return {};
    return toml_error(file_, node.source(), std::string(key) + " must lie between " + format_size(least) + " and " +
                                                format_size(most) + ": " + format_size(to));
  }

  Result<void> read_grants(const toml::node& node, Grants& grants) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "grants"));
    return read_table(
        file_, *table, "grants",
        {{"http", [&](const toml::node& n) { return read_patterns(n, Capability::http, "http", grants.http); }},
         {"env", [&](const toml::node& n) { return read_patterns(n, Capability::env, "env", grants.env); }},
         {"fs_read", [&](const toml::node& n) { return read_paths(n, "fs_read", grants.fs_read); }},
         {"fs_write", [&](const toml::node& n) { return read_paths(n, "fs_write", grants.fs_write); }},
         {"exec", [&](const toml::node& n) { return read_list(n, "exec", grants.exec); }}});
  }

  Result<void> read_list(const toml::node& node, std::string_view key, std::vector<std::string>& to) {
    WPLUG_TRY_ASSIGN(to, read_strings(file_, node, "grants." + std::string(key)));
    for (const std::string& text : to) {
      if (text.empty()) return toml_error(file_, node.source(), "grants." + std::string(key) + " has an empty string");
    }
    return {};
  }

  Result<void> read_patterns(const toml::node& node, Capability capability, std::string_view key,
                             std::vector<std::string>& to) {
    WPLUG_TRY(read_list(node, key, to));
    for (const std::string& pattern : to) {
      if (const auto problem = grant_problem(capability, pattern)) {
        return toml_error(file_, node.source(),
                          "grants." + std::string(key) + ": \"" + pattern + "\" grants nothing: " + *problem);
      }
    }
    return {};
  }

  Result<void> read_paths(const toml::node& node, std::string_view key, std::vector<std::string>& to) {
    WPLUG_TRY(read_list(node, key, to));
    for (const std::string& path : to) {
      if (path.front() != '/') {
        return toml_error(file_, node.source(),
                          "grants." + std::string(key) + ": \"" + path + "\" must be an absolute path");
      }
    }
    return {};
  }

  const std::string& file_;
  PipelineConfig config_;
  PluginLimits defaults_;
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
