// Semantic versions (semver.org 2.0.0) and simple ranges of them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wplug {

struct Version {
  uint64_t major = 0, minor = 0, patch = 0;
  std::string pre;  // "beta.1"; a version with it comes before the one without
};

// nullopt: not MAJOR.MINOR.PATCH[-pre][+build].
std::optional<Version> parse_version(std::string_view text);
std::strong_ordering compare(const Version& a, const Version& b);

// `range` is a list of comparisons separated by commas: ">=0.1.0, <2.0.0", "=1.2.3"; a bare version means ">=". nullopt: it
// is no such list.
std::optional<bool> in_range(const Version& version, std::string_view range);

}  // namespace wplug
