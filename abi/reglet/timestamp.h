// Times as the JSON of Go programs has them: RFC 3339.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wplug {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// "2026-01-14T10:00:00.25+02:00"; nullopt for anything else. Digits beyond milliseconds are dropped.
std::optional<WallTime> parse_timestamp(std::string_view text);
// "2026-01-14T08:00:00.250Z".
std::string format_timestamp(WallTime time);
WallTime wall_time_now();

}  // namespace wplug
