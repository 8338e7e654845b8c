#include "abi/reglet/observation.h"

#include <algorithm>
#include <array>
#include <optional>

#include "abi/reglet/timestamp.h"
#include "host/json_text.h"

namespace wplug {
namespace {

constexpr std::array<std::string_view, 8> kErrorKeys = {"code",         "message", "type",    "is_timeout",
                                                        "is_not_found", "wrapped", "details", "stack"};
constexpr std::array<std::string_view, 7> kEvidenceKeys = {"status", "error", "timestamp", "data",
                                                           "raw",    "message", "metadata"};

bool is_nothing(const Json* value) { return value == nullptr || value->is_null(); }

bool is_empty_text(const Json* value) { return is_nothing(value) || (value->is_string() && value->string()->empty()); }

// true and false as they are, words as the later plugins have them.
std::optional<bool> status_of(const Json* status) {
  if (status == nullptr) return std::nullopt;
  if (const auto word = status->string()) return *word == "success";
  return status->boolean();
}

// The members that are none of the shape's own.
Json other_members(const Json& evidence) {
  Json others = Json::object();
  for (size_t i = 0; i < evidence.size(); ++i) {
    const std::string_view key = evidence.key(i);
    const bool known = std::any_of(kEvidenceKeys.begin(), kEvidenceKeys.end(), [&](std::string_view name) {
      return evidence.find_any_case(name) == &evidence.at(i);
    });
    if (!known) others.set(key, evidence.at(i));
  }
  return others;
}

}  // namespace

Result<std::string> observed_config(std::string_view record, const PluginTerms& terms) {
  const size_t begin = record.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return terms.config_json();
  record.remove_prefix(begin);
  const auto parsed = parse_json(record);
  if (!parsed.ok()) return Error(parsed.error().kind(), "what is to be observed " + parsed.error().message());
  if (!parsed->is_object()) {
    return Error(ErrorKind::malformed, "what is to be observed must be a JSON object of configuration values");
  }
  std::string config = "{";
  for (const auto& [key, value] : terms.config) {
    if (parsed->find(key) != nullptr) continue;
    append_json_string(config, key);
    config += ':' + value + ',';
  }
  if (parsed->size() == 0 && config.size() > 1) config.pop_back();
  // The record's own members follow as they were written.
  return config + std::string(record.substr(1));
}

Json normalized_error(const Json& error) {
  Json normalized = Json::object();
  if (!error.is_object()) {
    normalized.set("code", "").set("message", error.is_string() ? error : Json(error.to_string()));
    return normalized;
  }
  normalized.set("code", "").set("message", "");
  for (const std::string_view key : kErrorKeys) {
    const Json* value = error.find_any_case(key);
    if (!is_nothing(value)) normalized.set(key, key == "wrapped" ? normalized_error(*value) : *value);
  }
  return normalized;
}

Result<Json> normalized_evidence(std::string_view text) {
  WPLUG_TRY_ASSIGN(const Json evidence, parse_json(text));
  if (!evidence.is_object()) return Error(ErrorKind::malformed, "is no JSON object");
  const Json* error = evidence.find_any_case("error");
  std::optional<bool> status = status_of(evidence.find_any_case("status"));
  // An export that failed as a whole answers with nothing but an error.
  if (!status && !is_nothing(error)) status = false;
  if (!status) return Error(ErrorKind::malformed, "has no status");

  Json result = Json::object();
  result.set("status", *status);
  const Json* message = evidence.find_any_case("message");
  if (!is_nothing(error)) {
    result.set("error", normalized_error(*error));
  } else if (!*status && !is_empty_text(message)) {
    result.set("error", normalized_error(*message));
  }
  const Json* timestamp = evidence.find_any_case("timestamp");
  result.set("timestamp", is_empty_text(timestamp) ? Json(format_timestamp(wall_time_now())) : *timestamp);
  const Json* data = evidence.find_any_case("data");
  result.set("data", is_nothing(data) ? other_members(evidence) : *data);
  const Json* raw = evidence.find_any_case("raw");
  if (!is_nothing(raw)) {
    result.set("raw", *raw);
  } else if (*status && !is_empty_text(message)) {
    result.set("raw", *message);
  }
  return result;
}

}  // namespace wplug
