// The keys of limits.def in a TOML table. Included by the .cc files that read configuration.
#pragma once

#include <string>
#include <string_view>

#include "host/toml_reader.h"
#include "wplug/limits.h"

namespace wplug {

// `where` names the table in messages.
Result<void> read_limits_table(const std::string& file, const toml::node& node, std::string_view where,
                               LimitSettings& limits);

// Single values, of the kinds of limits.def: "50ms", 10_000. Messages name `key`.
Result<void> read_limit_count(const std::string& file, const toml::node& node, std::string_view key, uint64_t least,
                              uint64_t most, std::optional<uint64_t>& to);
Result<void> read_limit_duration(const std::string& file, const toml::node& node, std::string_view key, int64_t least,
                                 int64_t most, std::optional<std::chrono::nanoseconds>& to);

}  // namespace wplug
