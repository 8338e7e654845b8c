// What reglet plugins in C++ share: the exports of the later form (_manifest, _observe), calls of the host, and as much
// JSON as passing values on takes. A plugin defines kManifest and observe().
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace reglet {

// What _manifest says: name, version, description, capabilities, config_schema.
extern const char* const kManifest;
// Observes what the configuration, a JSON object, says; evidence as JSON.
std::string observe(std::string_view config);

// ---- JSON: members as the text they are written as ---------------------------------------------------------------------

inline size_t end_of_string(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\';
  return at + 1;
}

inline size_t end_of_value(std::string_view json, size_t at) {
  int depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = end_of_string(json, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
    ++at;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return at;
}

inline size_t skip_blanks(std::string_view json, size_t at) {
  while (at < json.size() && std::strchr(" \t\r\n,:", json[at]) != nullptr) ++at;
  return at;
}

// The value of `key`, as written; `missing` when the object has none.
inline std::string member(std::string_view object, std::string_view key, std::string_view missing = "null") {
  size_t at = skip_blanks(object, object.find('{') + 1);
  while (at < object.size() && object[at] == '"') {
    const size_t key_end = end_of_string(object, at);
    const std::string_view name = object.substr(at + 1, key_end - at - 2);
    const size_t value = skip_blanks(object, key_end);
    const size_t end = end_of_value(object, value);
    if (name == key) return std::string(object.substr(value, end - value));
    at = skip_blanks(object, end);
  }
  return std::string(missing);
}

// The text that a JSON string stands for; escapes of other letters than these stay as they are.
inline std::string text_of(std::string_view json) {
  std::string text;
  for (size_t i = 1; i + 1 < json.size(); ++i) {
    if (json[i] == '\\' && std::strchr("\"\\/", json[i + 1]) != nullptr) ++i;
    text += json[i];
  }
  return text;
}

inline std::string quoted(std::string_view text) {
  static const char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      json += std::string("\\u00") + kHex[c >> 4] + kHex[c & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

// ---- The host ----------------------------------------------------------------------------------------------------------

inline uint64_t give(std::string_view text) {
  char* const copy = static_cast<char*>(std::malloc(text.size()));
  if (copy == nullptr) std::abort();
  std::memcpy(copy, text.data(), text.size());
  return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(copy)) << 32 | text.size();
}

// Asks a host function; its answer lies in memory that the host had from allocate.
inline std::string ask(uint64_t (*function)(uint64_t), const std::string& request) {
  const uint64_t packed = reinterpret_cast<uintptr_t>(request.data()) * (uint64_t{1} << 32) | request.size();
  const uint64_t answer = function(packed);
  char* const at = reinterpret_cast<char*>(static_cast<uintptr_t>(answer >> 32));
  std::string text(at, static_cast<uint32_t>(answer));
  std::free(at);
  return text;
}

// The evidence of an answer: an error where it has one.
inline std::string evidence_of(const std::string& answer) {
  const std::string error = member(answer, "error", "");
  if (error.empty()) return R"({"status":"success","data":)" + answer + "}";
  return R"({"status":"error","message":)" + member(error, "message") + ",\"error\":" + error + ",\"data\":" + answer + "}";
}

inline std::string failure(std::string_view message, std::string_view data = "{}") {
  return R"({"status":"failure","message":)" + quoted(message) + ",\"data\":" + std::string(data) + "}";
}

}  // namespace reglet

#define REGLET_IMPORT(name) \
  extern "C" __attribute__((import_module("reglet_host"), import_name(#name))) uint64_t name(uint64_t request)

extern "C" {
__attribute__((export_name("allocate"))) void* reglet_allocate(uint32_t size) { return std::malloc(size); }
__attribute__((export_name("deallocate"))) void reglet_deallocate(void* at, uint32_t) { std::free(at); }
__attribute__((export_name("_manifest"))) uint64_t reglet_manifest() { return reglet::give(reglet::kManifest); }
__attribute__((export_name("_observe"))) uint64_t reglet_observe(const char* config, uint32_t length) {
  return reglet::give(reglet::observe({config, length}));
}
}
