// A plugin's configuration against the JSON Schema that the plugin gives of it.
//
// The schema comes from the plugin, so it is hostile until checked: its size, depth, references and the number of ways
// through it are bounded before the validator (valijson, recursive) sees it, it may refer to nothing outside itself, and
// its regular expressions run on RE2 in linear time. Draft 7; the drafts before it as far as draft 7 has them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "wplug/error.h"
#include "wplug/plugin.h"

namespace wplug {

struct ConfigProblem {
  std::string pointer;  // JSON pointer of the value: "/servers/0/port"; empty: the whole
  std::string what;     // what was expected of it
  // "config.servers[0].port: …"
  std::string message() const;
};

// nullopt: `json` is as `schema` wants it. Errors: invalid (what is not a schema), limit (a schema that is too large or
// refers to itself without end), misuse (`json` is not JSON), host (this host was built without the validator).
Result<std::optional<ConfigProblem>> validate_json(std::string_view schema, std::string_view json);

// Asks a plugin whose ABI has a schema for it and looks at the plugin's configuration. nullopt: it is right, or there is no
// schema. Errors: as of validate_json, the message says that it is the plugin's schema; host: it could not be asked.
Result<std::optional<ConfigProblem>> check_config(const Plugin& plugin);

// The place of the value, or of the nearest one around it that has a place.
std::optional<std::string> find_config_location(const std::map<std::string, std::string, std::less<>>& locations,
                                                std::string_view pointer);
// A key as a step of a JSON pointer (RFC 6901).
std::string json_pointer_step(std::string_view key);

}  // namespace wplug
