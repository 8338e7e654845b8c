// Sizes, durations and numbers as people type them, on the command line and in configuration files.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wplug/error.h"

namespace wplug {

// "10_000": decimal digits with single underscores between them. Errors: misuse.
Result<uint64_t> parse_count(std::string_view text);
// "64KiB", "64K", "1MiB", "2GiB", "16pages" (of 64 KiB), "4096" (bytes). Errors: misuse.
Result<uint64_t> parse_size(std::string_view text);
// "50ms", "2s", "1m", also "us", "ns" and "h"; "0". Errors: misuse.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

// The shortest exact form: "64KiB", "1MiB", "1500 bytes".
std::string format_size(uint64_t bytes);
// "50ms", "2s", "1500us".
std::string format_duration(std::chrono::nanoseconds duration);
// "12,345,678".
std::string format_count(uint64_t count);

}  // namespace wplug
