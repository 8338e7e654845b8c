// What goes into `observe` and what comes out of it.
#pragma once

#include <string>
#include <string_view>

#include "host/json_document.h"
#include "wplug/abi.h"

namespace wplug {

// What is observed: the configured values, each replaced by the record's member of the same name where the record has it.
// An empty record leaves the configuration as it is. Errors: malformed, limit (the record is no JSON object).
Result<std::string> observed_config(std::string_view record, const PluginTerms& terms);

// The evidence in one shape, whichever the plugin's:
//   {status: bool, error?: {code, message, …}, timestamp, data: {…}, raw?}
// Keys are matched without regard to case. A status of "success" is true, other words are false; `message` becomes the
// error's message where the status is false and there is none, else `raw` where there is none. Without a timestamp it gets
// the time now; members that have no place go to `data` where there is no `data`.
// Errors: malformed, limit (not JSON, no object, no status).
Result<Json> normalized_evidence(std::string_view text);

// An error object with keys in lower case; a text becomes {code: "", message: text}.
Json normalized_error(const Json& error);

}  // namespace wplug
