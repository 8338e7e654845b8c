#include "abi/midimon/request.h"

#include <utility>

#include "host/json_document.h"
#include "host/plugin_metadata.h"

namespace wplug {
namespace {

// A value as the text that metadata has: strings as they are, others as JSON.
std::string text_of(const Json& value) {
  const auto text = value.string();
  return text ? std::string(*text) : value.to_string();
}

Json metadata_of(const Json& record) {
  Json metadata = Json::object();
  for (size_t i = 0; i < record.size(); ++i) metadata.set(record.key(i), text_of(record.at(i)));
  return metadata;
}

// What the plugin's own types insist on, added where it is missing.
Json completed(const Json* given, uint64_t now) {
  Json context = given != nullptr && given->is_object() ? *given : Json::object();
  if (context.find("timestamp") == nullptr) context.set("timestamp", now);
  if (context.find("metadata") == nullptr) context.set("metadata", Json::object());
  return context;
}

bool is_complete(const Json& request) {
  const Json* const context = request.find("context");
  return context != nullptr && context->find("timestamp") != nullptr && context->find("metadata") != nullptr;
}

Result<std::string> wrap(const Json& record, std::string_view action, uint64_t now) {
  if (!record.is_object()) return Error(ErrorKind::misuse, "the input must be a JSON object");
  if (action.empty()) {
    return Error(ErrorKind::misuse, "the input has no \"action\" and the configuration has none: set config.action");
  }
  WPLUG_TRY_ASSIGN(const Json name, parse_json(action));
  if (!name.is_string()) return Error(ErrorKind::misuse, "config.action must be a text");
  Json context = Json::object();
  context.set("timestamp", now).set("metadata", metadata_of(record));
  Json request = Json::object();
  request.set("action", name).set("context", std::move(context));
  return request.to_string();
}

}  // namespace

Result<std::string> make_midimon_request(std::string_view input, std::string_view action, uint64_t now) {
  const bool is_empty = input.find_first_not_of(" \t\r\n") == std::string_view::npos;
  auto record = parse_json(is_empty ? std::string_view("{}") : input);
  if (!record.ok()) return Error(ErrorKind::malformed, "the input: " + record.error().message());
  const Json* const own_action = record->find("action");
  if (own_action == nullptr || !own_action->is_string()) return wrap(*record, action, now);
  if (is_complete(*record)) return std::string(input);
  record->set("context", completed(record->find("context"), now));
  return record->to_string();
}

Result<PluginDescription> read_midimon_metadata(std::string_view json) {
  Json metadata;
  WPLUG_TRY_ASSIGN(PluginDescription description, read_plugin_metadata(json, "init's metadata", &metadata));
  const Json* const capabilities = metadata.find("capabilities");
  for (size_t i = 0; capabilities != nullptr && i < capabilities->size(); ++i) {
    if (capabilities->at(i).string() != "filesystem") continue;
    description.capabilities.push_back({CapabilityKind::fs_read, "/**", {}});
    description.capabilities.push_back({CapabilityKind::fs_write, "/**", {}});
  }
  return description;
}

}  // namespace wplug
