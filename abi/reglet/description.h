// What a reglet plugin says of itself, in either of its two forms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/json_document.h"
#include "wplug/abi.h"

namespace wplug {

// The release of reglet whose interface this ABI is: plugins name the least they need as min_host_version.
inline constexpr std::string_view kRegletHostVersion = "0.3.5";

struct RegletDescription {
  PluginDescription description;
  // Declarations that this host cannot understand, and so never grants; one line each.
  std::vector<std::string> remarks;
};

// Reads describe's {name, version, description, capabilities: [{kind, pattern}], …} or _manifest's {…, capabilities:
// GrantSet, config_schema}. Errors: malformed, limit (not what it should be), link (it needs a later host).
Result<RegletDescription> read_description(std::string_view text);

// A JSON Schema as `schema` gives it: JSON, or JSON that a marshal of bytes made base64 of. "" for null. Errors: malformed.
Result<std::string> read_schema(std::string_view text);

// Whether version `a` is later than `b`; false when either is no version (MAJOR[.MINOR[.PATCH]], a `v` before and a
// suffix behind are left out of account).
bool is_later_version(std::string_view a, std::string_view b);

}  // namespace wplug
