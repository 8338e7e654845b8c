// What plugins say of themselves in JSON, where their system has {name, version, description, …}.
#pragma once

#include <string>
#include <string_view>

#include "host/json_document.h"
#include "wplug/abi.h"
#include "wplug/error.h"

namespace wplug {

// Reads an object with at least a name; `whose` is what messages call it ("init's metadata"). What more the object says is
// in `document` when that is not null. Errors malformed.
Result<PluginDescription> read_plugin_metadata(std::string_view json, std::string_view whose, Json* document = nullptr);

}  // namespace wplug
