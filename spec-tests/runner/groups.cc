#include "spec-tests/runner/groups.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace wplug::spec {
namespace {

enum class GroupId : uint8_t {
#define WPLUG_SPEC_GROUP(id, name, feature, words) id,
#define WPLUG_SPEC_SCRIPT(script, group)
#include "spec-tests/runner/groups.def"
};

constexpr Group kGroups[] = {
#define WPLUG_SPEC_GROUP(id, name, feature, words) {name, feature, words},
#define WPLUG_SPEC_SCRIPT(script, group)
#include "spec-tests/runner/groups.def"
};

struct Row {
  std::string_view script;
  GroupId group;
};

constexpr auto kRows = std::to_array<Row>({
#define WPLUG_SPEC_GROUP(id, name, feature, words)
#define WPLUG_SPEC_SCRIPT(script, group) {script, GroupId::group},
#include "spec-tests/runner/groups.def"
});
constexpr bool before(const Row& a, const Row& b) { return a.script < b.script; }
static_assert(std::is_sorted(kRows.begin(), kRows.end(), before), "find_group searches by halves");

}  // namespace

bool Group::supported() const { return feature.has_value() && Features::all().has(*feature); }

const Group* find_group(std::string_view script) {
  const auto it = std::lower_bound(kRows.begin(), kRows.end(), script,
                                   [](const Row& row, std::string_view name) { return row.script < name; });
  if (it == kRows.end() || it->script != script) return nullptr;
  return &kGroups[static_cast<size_t>(it->group)];
}

std::string source_path(const std::string& path) {
  std::filesystem::path source = std::filesystem::path(path).lexically_normal();
  if (source.extension() == ".wast") return source.generic_string();
  source.replace_extension();
  if (source.has_parent_path() && source.parent_path().filename() == source.filename()) source = source.parent_path();
  return source.generic_string() + ".wast";
}

std::string suite_name(const std::string& path) {
  const std::string source = source_path(path);
  std::string_view rest = source;
  while (find_group(rest) == nullptr) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
  return std::string(rest);
}

}  // namespace wplug::spec
