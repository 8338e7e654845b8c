#include "host/config_schema.h"

#include <algorithm>
#include <vector>

namespace wplug {
namespace {

bool has_schema(const Plugin& plugin) {
  const std::vector<std::string> operations = plugin.abi().operations(plugin.module());
  return std::any_of(operations.begin(), operations.end(),
                     [](const std::string& name) { return name == "schema" || name == "describe"; });
}

bool is_index(std::string_view step) {
  return !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

}  // namespace

std::string json_pointer_step(std::string_view key) {
  std::string step(key);
  replace_all(step, "~", "~0");
  replace_all(step, "/", "~1");
  return step;
}

std::string ConfigProblem::message() const {
  std::string text = "config";
  for (std::string_view rest = pointer; !rest.empty();) {
    rest.remove_prefix(1);
    std::string step(rest.substr(0, std::min(rest.find('/'), rest.size())));
    rest.remove_prefix(step.size());
    replace_all(step, "~1", "/");
    replace_all(step, "~0", "~");
    text += is_index(step) ? "[" + step + "]" : "." + step;
  }
  return text + ": " + what;
}

std::optional<std::string> find_config_location(const std::map<std::string, std::string, std::less<>>& locations,
                                                std::string_view pointer) {
  for (;;) {
    if (const auto found = locations.find(pointer); found != locations.end()) return found->second;
    if (pointer.empty()) return std::nullopt;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

Result<std::optional<ConfigProblem>> check_config(const Plugin& plugin) {
  if (!has_schema(plugin)) return std::optional<ConfigProblem>();
  Failure failure;
  const PluginDescription* description = plugin.description(failure);
  if (description == nullptr) return Error(ErrorKind::host, failure.message);
  if (description->schema.empty()) return std::optional<ConfigProblem>();
  auto problem = validate_json(description->schema, plugin.terms().config_json());
  if (problem.ok() || problem.error().kind() == ErrorKind::misuse) return problem;
  return Error(problem.error().kind(), "the schema that the plugin gives of its configuration: " + problem.error().message());
}

}  // namespace wplug
