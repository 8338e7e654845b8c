#include "host/toml_limits.h"

#include "host/units.h"

namespace wplug {
namespace {

Error out_of_range(const std::string& file, const toml::node& node, std::string_view key, const std::string& least,
                   const std::string& most, const std::string& value) {
  return toml_error(file, node.source(), std::string(key) + " must lie between " + least + " and " + most + ": " + value);
}

using Count = std::optional<uint64_t>;

}  // namespace

Result<void> read_limit_count(const std::string& file, const toml::node& node, std::string_view key, uint64_t least,
                              uint64_t most, Count& to) {
  WPLUG_TRY_ASSIGN(to, read_count(file, node, key));
  if (*to >= least && *to <= most) return {};
  return out_of_range(file, node, key, std::to_string(least), std::to_string(most), std::to_string(*to));
}

namespace {

Result<void> read_limit_size(const std::string& file, const toml::node& node, std::string_view key, uint64_t least,
                             uint64_t most, Count& to) {
  if (node.is_integer()) {
    WPLUG_TRY_ASSIGN(to, read_count(file, node, key));
  } else {
    WPLUG_TRY_ASSIGN(const std::string text, read_string(file, node, key));
    auto size = parse_size(text);
    if (!size.ok()) return toml_error(file, node.source(), std::string(key) + ": " + size.error().message());
    to = *size;
  }
  if (*to >= least && *to <= most) return {};
  return out_of_range(file, node, key, format_size(least), format_size(most), format_size(*to));
}

}  // namespace

Result<void> read_limit_duration(const std::string& file, const toml::node& node, std::string_view key, int64_t, int64_t,
                                 std::optional<std::chrono::nanoseconds>& to) {
  WPLUG_TRY_ASSIGN(const std::string text, read_string(file, node, key));
  auto duration = parse_duration(text);
  if (!duration.ok()) return toml_error(file, node.source(), std::string(key) + ": " + duration.error().message());
  to = *duration;
  return {};
}

Result<void> read_limits_table(const std::string& file, const toml::node& node, std::string_view where,
                               LimitSettings& limits) {
  WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file, node, "limits"));
  return read_table(
      file, *table, where,
      {
#define WPLUG_LIMIT(name, kind, value, least, most, doc) \
  {#name, [&](const toml::node& n) { return read_limit_##kind(file, n, #name, least, most, limits.name); }},
#include "wplug/limits.def"
      });
}

}  // namespace wplug
