// What a midimon plugin is given and says, as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wplug/abi.h"
#include "wplug/error.h"

namespace wplug {

// The request for `input`; see midimon_abi.h. `action` is the configured one, JSON text, empty when there is none; `now` in
// milliseconds since the epoch. Errors malformed, misuse: why there is no request.
Result<std::string> make_midimon_request(std::string_view input, std::string_view action, uint64_t now);

// What init's metadata says. Errors malformed: it is no such JSON.
Result<PluginDescription> read_midimon_metadata(std::string_view json);

}  // namespace wplug
