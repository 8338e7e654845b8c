// Shows what a plugin sees of its host, one host function a record: {"op":"config","key":"greeting"} answers with the
// configured value. For trying out a configuration, and for tests. plugins/probe/go is the same in Go.
#include <wplug_sdk/plugin.h>

namespace {

using wplug::json::Object;

wplug::Result fetch(Object& record) {
  const wplug::Result body = wplug::http_get(record["url"].string_or(""));
  const std::string* const text = std::get_if<std::string>(&body);
  if (text == nullptr) {
    return body;
  }
  record.set_integer("bytes", static_cast<int64_t>(text->size()));
  record.set_string("start", std::string_view(*text).substr(0, 40));
  return record.text();
}

wplug::Result probe(std::string_view input) {
  Object record;
  if (auto error = record.parse(input)) {
    return *error;
  }
  const std::string op = record["op"].string_or("");
  if (op == "config") {
    const wplug::json::Value value = wplug::config(record["key"].string_or(""));
    record.set_raw("value", value.present() ? value.text() : "null");
  } else if (op == "http") {
    return fetch(record);
  } else if (op == "log") {
    wplug::log(record["message"].string_or(""));
  } else if (op == "header") {
    wplug::set_header(record["key"].string_or(""), record["value"].string_or(""));
  } else if (op == "fail") {
    return wplug::Error{record["message"].string_or("")};
  }
  return record.text();
}

}  // namespace

WPLUG_TRANSFORM(probe)
