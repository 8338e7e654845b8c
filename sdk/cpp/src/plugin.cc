#include "wplug_sdk/plugin.h"

#include <forward_list>

namespace wplug {
namespace {

constexpr uint32_t kFirstConfigBytes = 256;
constexpr uint32_t kFirstBodyBytes = 64 * 1024;

// Calls `fetch(out, capacity)` and once more when the value did not fit. A negative result is the host's code.
template <class Fetch>
int32_t read_growing(std::string& out, uint32_t capacity, Fetch fetch) {
  out.resize(capacity);
  int32_t size = fetch(out.data(), capacity);
  if (size > 0 && static_cast<uint32_t>(size) > capacity) {
    capacity = static_cast<uint32_t>(size);
    out.resize(capacity);
    size = fetch(out.data(), capacity);
  }
  if (size >= 0) {
    out.resize(static_cast<uint32_t>(size) < capacity ? static_cast<uint32_t>(size) : capacity);
  }
  return size;
}

std::string_view http_problem(int32_t code) {
  switch (code) {
    case WPLUG_NOT_FOUND: return "not found";
    case WPLUG_DENIED: return "domain not allowed";
    case WPLUG_EXHAUSTED: return "no http calls left";
    case WPLUG_NETWORK: return "network failure";
    case WPLUG_TIMED_OUT: return "timed out";
    case WPLUG_INVALID_ARGUMENT: return "invalid url";
    default: return "failed";
  }
}

struct Setting {
  std::string key;
  std::string text;  // empty: not configured
};

std::string read_setting(std::string_view key) {
  std::string text;
  const int32_t size = read_growing(text, kFirstConfigBytes, [&](char* out, uint32_t capacity) {
    return wplug_get_config(key.data(), static_cast<uint32_t>(key.size()), out, capacity);
  });
  return size > 0 && json::check(text) == std::nullopt ? text : std::string();
}

}  // namespace

json::Value config(std::string_view key) {
  static std::forward_list<Setting> settings;  // nodes stay where they are, so values may point into them
  for (const Setting& setting : settings) {
    if (setting.key == key) {
      return json::Value(setting.text);
    }
  }
  settings.push_front({std::string(key), read_setting(key)});
  return json::Value(settings.front().text);
}

void log(std::string_view message) { wplug_log(message.data(), static_cast<uint32_t>(message.size())); }

void set_header(std::string_view key, std::string_view value) {
  wplug_set_header(key.data(), static_cast<uint32_t>(key.size()), value.data(), static_cast<uint32_t>(value.size()));
}

Result http_get(std::string_view url) {
  std::string body;
  const int32_t size = read_growing(body, kFirstBodyBytes, [&](char* out, uint32_t capacity) {
    return wplug_http_get(url.data(), static_cast<uint32_t>(url.size()), out, capacity);
  });
  if (size < 0) {
    return Error{"http_get " + std::string(url) + ": " + std::string(http_problem(size))};
  }
  return body;
}

namespace detail {

const char* finish(Result result) {
  static std::string output;  // until the next call
  if (const Error* error = std::get_if<Error>(&result)) {
    return wplug_fail(error->message.data(), static_cast<uint32_t>(error->message.size()));
  }
  output = std::move(*std::get_if<std::string>(&result));
  return wplug_output(output.data(), static_cast<uint32_t>(output.size()));
}

const char* finish(const Check& check, std::string_view input) {
  if (check.has_value()) {
    return wplug_fail(check->message.data(), static_cast<uint32_t>(check->message.size()));
  }
  return wplug_output(input.data(), static_cast<uint32_t>(input.size()));
}

}  // namespace detail
}  // namespace wplug
