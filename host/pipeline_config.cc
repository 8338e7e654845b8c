// The pipeline file. Keys are read by tables below; what a table does not list is an error.
#include <set>

#include "host/config_schema.h"
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
    if (const toml::node* redact = root.get("redact")) WPLUG_TRY(read_redaction(*redact, "[redact]", redaction_));
    WPLUG_TRY(read_table(file_, root, "the file",
                         {{"name", [&](const toml::node& node) { return read_into(node, "name", config_.name); }},
                          {"limits", [](const toml::node&) { return Result<void>(); }},
                          {"redact", [](const toml::node&) { return Result<void>(); }},
                          {"tenant", [&](const toml::node& node) { return read_tenants(node); }},
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

  Result<void> read_flag(const toml::node& node, std::string_view key, bool& to) {
    const auto value = node.value_exact<bool>();
    if (!value) return toml_error(file_, node.source(), std::string(key) + " must be true or false");
    to = *value;
    return {};
  }

  Result<void> read_life(const toml::node& node, InstanceLife& to) {
    std::string text;
    WPLUG_TRY(read_into(node, "instance", text));
    if (text != "reuse" && text != "fresh") {
      return toml_error(file_, node.source(), "instance must be \"reuse\" or \"fresh\": \"" + text + "\"");
    }
    to = text == "fresh" ? InstanceLife::fresh : InstanceLife::reuse;
    return {};
  }

  // Relative to the file.
  Result<void> read_directory(const toml::node& node, std::string& to) {
    WPLUG_TRY(read_into(node, "data_directory", to));
    if (to.front() != '/') to = config_.directory + "/" + to;
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
    stage.redaction = redaction_;
    WPLUG_TRY(read_table(
        file_, table, "[[stage]]",
        {{"name", [&](const toml::node& node) { return read_into(node, "name", stage.options.name); }},
         {"plugin", [&](const toml::node& node) { return read_into(node, "plugin", stage.plugin); }},
         {"abi", [&](const toml::node& node) { return read_into(node, "abi", stage.abi); }},
         {"entry", [&](const toml::node& node) { return read_into(node, "entry", stage.options.entry); }},
         {"config", [&](const toml::node& node) { return read_config(node, stage); }},
         {"limits", [&](const toml::node& node) { return read_limits(node, "limits", stage.options.limits); }},
         {"data_directory", [&](const toml::node& node) { return read_directory(node, stage.options.data_directory); }},
         {"native", [&](const toml::node& node) { return read_flag(node, "native", stage.native); }},
         {"redact", [&](const toml::node& node) { return read_redaction(node, "redact", stage.redaction); }},
         {"instance", [&](const toml::node& node) { return read_life(node, stage.options.life); }},
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

  Result<void> read_config(const toml::node& node, StageConfig& stage) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "config"));
    for (auto&& [key, value] : *table) {
      WPLUG_TRY_ASSIGN(stage.options.config[std::string(key.str())], json_of(file_, value));
    }
    note_locations(node, "", stage.config_locations);
    return {};
  }

  // Where each value below `node` stands. TOML bounds how deep it is.
  void note_locations(const toml::node& node, const std::string& pointer,
                      std::map<std::string, std::string, std::less<>>& locations) const {
    locations[pointer] = location_of(node);
    if (const toml::array* array = node.as_array()) {
      for (size_t i = 0; i < array->size(); ++i) note_locations(*array->get(i), pointer + "/" + std::to_string(i), locations);
    } else if (const toml::table* table = node.as_table()) {
      for (auto&& [key, value] : *table) {
        const std::string below = pointer + "/" + json_pointer_step(key.str());
        note_locations(value, below, locations);
        // The key is what a reader looks for.
        locations[below] = location_of(key.source());
      }
    }
  }

  // Lists of a stage go with those of the file; its other keys replace them.
  Result<void> read_redaction(const toml::node& node, std::string_view where, RedactionConfig& redaction) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, where));
    const auto list = [&](std::string_view key, std::vector<std::string>& to) {
      return TomlKey{key, [this, key, &to](const toml::node& n) { return read_more(n, key, to); }};
    };
    return read_table(file_, *table, where,
                      {{"builtin", [&](const toml::node& n) { return read_switch(n, "builtin", redaction.builtin); }},
                       list("patterns", redaction.patterns), list("paths", redaction.paths),
                       list("values_from_env", redaction.values_from_env),
                       list("values_from_config", redaction.values_from_config),
                       {"hash", [&](const toml::node& n) { return read_switch(n, "hash", redaction.hash); }},
                       {"salt", [&](const toml::node& n) { return read_into(n, "salt", redaction.salt); }},
                       {"outputs", [&](const toml::node& n) {
                          return read_switch(n, "outputs", redaction.outputs.emplace());
                        }}});
  }

  Result<void> read_more(const toml::node& node, std::string_view key, std::vector<std::string>& to) {
    WPLUG_TRY_ASSIGN(const std::vector<std::string> texts, read_strings(file_, node, key));
    to.insert(to.end(), texts.begin(), texts.end());
    return {};
  }

  Result<void> read_switch(const toml::node& node, std::string_view key, bool& to) {
    const auto* value = node.as_boolean();
    if (value == nullptr) return toml_error(file_, node.source(), std::string(key) + " must be true or false");
    to = value->get();
    return {};
  }

  Result<void> read_tenants(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "tenant"));
    for (auto&& [name, budgets] : *table) {
      WPLUG_TRY(read_budget(budgets, "[tenant." + std::string(name.str()) + "]", config_.tenants[std::string(name.str())]));
    }
    return {};
  }

  Result<void> read_budget(const toml::node& node, const std::string& where, Budget& budget) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, where));
    return read_table(file_, *table, where,
                      {
#define WPLUG_BUDGET(name, kind, used, doc) \
  {#name, [&](const toml::node& n) { return read_limit_##kind(file_, n, #name, 0, INT64_MAX, budget.name); }},
#include "wplug/budgets.def"
                      });
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

  std::string location_of(const toml::node& node) const { return location_of(node.source()); }
  std::string location_of(const toml::source_region& region) const {
    const toml::source_position at = region.begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  const std::string& file_;
  PipelineConfig config_;
  LimitSettings defaults_;
  RedactionConfig redaction_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::shared_ptr<Account>> tenant_account(const PipelineConfig& config, const std::string& name) {
  if (const auto found = config.tenants.find(name); found != config.tenants.end()) {
    return std::make_shared<Account>(name, found->second);
  }
  std::string known;
  for (const auto& [tenant, budget] : config.tenants) known += (known.empty() ? "" : ", ") + tenant;
  return Error(ErrorKind::misuse, "there is no [tenant." + name + "]" + (known.empty() ? "" : ", there is: " + known));
}

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
