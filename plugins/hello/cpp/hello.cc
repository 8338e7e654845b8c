// The smallest useful plugin: greets whoever the record names.
#include <wplug_sdk/plugin.h>

static wplug::Result greet(std::string_view input) {
  wplug::json::Object record;
  if (auto error = record.parse(input)) {
    return *error;
  }
  const std::string greeting = wplug::config("greeting").string_or("hello");
  record.set_string("greeting", greeting + " " + record["name"].string_or("stranger"));
  return record.text();
}

WPLUG_TRANSFORM(greet)
