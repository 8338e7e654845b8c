#include "host/semver.h"

#include <algorithm>
#include <charconv>

namespace wplug {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool take_number(std::string_view& text, uint64_t& to) {
  const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto [last, error] = std::from_chars(text.data(), text.data() + end, to);
  if (end == 0 || error != std::errc() || (end > 1 && text.front() == '0')) return false;
  text.remove_prefix(end);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Identifiers of letters, digits and hyphens between dots.
bool are_identifiers(std::string_view text, bool numbers_are_canonical) {
  while (true) {
    const size_t dot = std::min(text.find('.'), text.size());
    const std::string_view identifier = text.substr(0, dot);
    const bool known = std::all_of(identifier.begin(), identifier.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (identifier.empty() || !known) return false;
    if (numbers_are_canonical && is_number(identifier) && identifier.size() > 1 && identifier[0] == '0') return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_number = is_number(a), b_is_number = is_number(b);
  if (a_is_number != b_is_number) return a_is_number ? std::strong_ordering::less : std::strong_ordering::greater;
  if (a_is_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_pre(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return b.size() <=> a.size();
  while (!a.empty() && !b.empty()) {
    const size_t a_end = std::min(a.find('.'), a.size()), b_end = std::min(b.find('.'), b.size());
    const auto order = compare_identifiers(a.substr(0, a_end), b.substr(0, b_end));
    if (order != 0) return order;
    a.remove_prefix(std::min(a_end + 1, a.size()));
    b.remove_prefix(std::min(b_end + 1, b.size()));
  }
  return a.size() <=> b.size();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<bool> satisfies(const Version& version, std::string_view comparison) {
  std::string_view sign = ">=";
  for (const std::string_view known : {">=", "<=", ">", "<", "="}) {
    if (!comparison.starts_with(known)) continue;
    sign = known;
    comparison.remove_prefix(known.size());
    break;
  }
  const auto bound = parse_version(trimmed(comparison));
  if (!bound) return std::nullopt;
  const auto order = compare(version, *bound);
  if (sign == ">=") return order >= 0;
  if (sign == "<=") return order <= 0;
  if (sign == ">") return order > 0;
  if (sign == "<") return order < 0;
  return order == 0;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  if (text.size() > 200) return std::nullopt;
  if (!take_number(text, version.major) || !take(text, '.') || !take_number(text, version.minor) || !take(text, '.') ||
      !take_number(text, version.patch)) {
    return std::nullopt;
  }
  const size_t plus = std::min(text.find('+'), text.size());
  if (plus < text.size() && !are_identifiers(text.substr(plus + 1), false)) return std::nullopt;
  text = text.substr(0, plus);
  if (text.empty()) return version;
  if (!take(text, '-') || !are_identifiers(text, true)) return std::nullopt;
  version.pre = text;
  return version;
}

std::strong_ordering compare(const Version& a, const Version& b) {
  if (const auto order = a.major <=> b.major; order != 0) return order;
  if (const auto order = a.minor <=> b.minor; order != 0) return order;
  if (const auto order = a.patch <=> b.patch; order != 0) return order;
  return compare_pre(a.pre, b.pre);
}

std::optional<bool> in_range(const Version& version, std::string_view range) {
  bool all = true;
  while (true) {
    const size_t comma = std::min(range.find(','), range.size());
    const auto one = satisfies(version, trimmed(range.substr(0, comma)));
    if (!one) return std::nullopt;
    all = all && *one;
    if (comma == range.size()) return all;
    range.remove_prefix(comma + 1);
  }
}

}  // namespace wplug
