#include "abi/reglet/description.h"

#include <array>
#include <charconv>
#include <optional>

#include "abi/reglet/observation.h"
#include "host/base64.h"

namespace wplug {
namespace {

constexpr size_t kMostCapabilities = 1000;
constexpr JsonLimits kLimits = {size_t{4} << 20, 100, 100'000};

std::optional<std::array<uint32_t, 3>> version_of(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::array<uint32_t, 3> version{};
  for (size_t i = 0; i < version.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.starts_with('.')) return version;
    text.remove_prefix(1);
  }
  return version;
}

// Collects what is declared, in the host's grammar.
class Declarations {
 public:
  explicit Declarations(RegletDescription& result) : result_(result) {}

  bool full() const { return count_ > kMostCapabilities; }

  // {kind: "fs", pattern: "read:/etc/**"} and its like.
  void add_pair(std::string_view kind, std::string_view pattern) {
    if (kind == "fs") {
      const size_t colon = pattern.find(':');
      const std::string_view way = pattern.substr(0, colon);
      if (colon != std::string_view::npos) return add("fs:" + std::string(way) + ":", file(pattern.substr(colon + 1)));
    }
    if (kind == "exec") return add_command(pattern);
    // "outbound:53" is what is usual; a pattern without it means the same.
    if (kind == "network" && !pattern.starts_with("outbound:")) return add("network:outbound:", std::string(pattern));
    add(std::string(kind) + ":", std::string(pattern));
  }

  void add_file(std::string_view way, std::string_view pattern) { add("fs:" + std::string(way) + ":", file(pattern)); }

  void add_command(std::string_view pattern) {
    // Any command at all may be declared, never granted: the grammar of grants has no word for it.
    if (pattern.find('*') != std::string_view::npos) {
      if (admit()) result_.description.capabilities.push_back({CapabilityKind::exec, std::string(pattern), {}});
      return;
    }
    add("exec:", std::string(pattern));
  }

  void add(const std::string& prefix, const std::string& pattern) {
    if (!admit()) return;
    auto capability = parse_capability(prefix + pattern);
    if (capability.ok()) {
      result_.description.capabilities.push_back(std::move(*capability));
    } else {
      result_.remarks.push_back("declares what this host does not know: " + capability.error().message());
    }
  }

 private:
  bool admit() { return ++count_ <= kMostCapabilities; }

  // Patterns are matched against absolute paths: `**` is `/**`.
  static std::string file(std::string_view pattern) {
    return pattern.starts_with('*') ? "/" + std::string(pattern) : std::string(pattern);
  }

  RegletDescription& result_;
  size_t count_ = 0;
};

std::string_view text_of(const Json& object, std::string_view key) {
  const Json* value = object.find_any_case(key);
  return value == nullptr ? std::string_view() : value->string().value_or(std::string_view());
}

// Calls `body` with each text of the list `key` of `object`.
template <class Body>
void each_text(const Json& object, std::string_view key, Body&& body) {
  const Json* list = object.find_any_case(key);
  for (size_t i = 0; list != nullptr && list->is_array() && i < list->size(); ++i) {
    if (const auto text = list->at(i).string()) body(*text);
  }
}

// Calls `body` with each rule of {key: {rules: […]}}.
template <class Body>
void each_rule(const Json& grants, std::string_view key, Body&& body) {
  const Json* kind = grants.find_any_case(key);
  const Json* rules = kind == nullptr ? nullptr : kind->find_any_case("rules");
  for (size_t i = 0; rules != nullptr && rules->is_array() && i < rules->size(); ++i) body(rules->at(i));
}

void add_pairs(const Json& list, Declarations& declarations) {
  for (size_t i = 0; i < list.size() && !declarations.full(); ++i) {
    declarations.add_pair(text_of(list.at(i), "kind"), text_of(list.at(i), "pattern"));
  }
}

// {network: {rules: [{hosts, ports}]}, fs: {rules: [{read, write}]}, env: {vars}, exec: {commands}}
void add_grant_set(const Json& grants, Declarations& declarations) {
  each_rule(grants, "network", [&](const Json& rule) {
    each_text(rule, "hosts", [&](std::string_view host) {
      each_text(rule, "ports", [&](std::string_view port) {
        const bool is_address_6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
        const std::string name = is_address_6 ? "[" + std::string(host) + "]" : std::string(host);
        declarations.add("network:outbound:", name + ":" + std::string(port));
      });
    });
  });
  each_rule(grants, "fs", [&](const Json& rule) {
    for (const std::string_view way : {"read", "write"}) {
      each_text(rule, way, [&](std::string_view pattern) { declarations.add_file(way, pattern); });
    }
  });
  if (const Json* variables = grants.find_any_case("env")) {
    each_text(*variables, "vars", [&](std::string_view name) { declarations.add("env:", std::string(name)); });
  }
  if (const Json* commands = grants.find_any_case("exec")) {
    each_text(*commands, "commands", [&](std::string_view command) { declarations.add_command(command); });
  }
  each_rule(grants, "kv", [&](const Json& rule) {
    each_text(rule, "keys", [&](std::string_view key) { declarations.add("kv:", std::string(key)); });
  });
}

Result<void> check_host_version(const Json& description) {
  const std::string_view wanted = text_of(description, "min_host_version");
  if (!is_later_version(wanted, kRegletHostVersion)) return {};
  return Error(ErrorKind::link, "plugin needs host version " + std::string(wanted) + ", this host does what reglet " +
                                    std::string(kRegletHostVersion) + " does");
}

Result<std::string> schema_of(const Json& value) {
  if (value.is_null()) return std::string();
  if (const auto text = value.string()) return read_schema(*text);
  return value.to_string();
}

}  // namespace

bool is_later_version(std::string_view a, std::string_view b) {
  const auto left = version_of(a), right = version_of(b);
  return left && right && *left > *right;
}

Result<std::string> read_schema(std::string_view text) {
  auto schema = parse_json(text, kLimits);
  if (schema.ok()) {
    if (!schema->is_string()) return schema->is_null() ? std::string() : schema->to_string();
    text = *schema->string();
  }
  if (text.empty()) return std::string();
  const auto bytes = base64_decode(text);
  if (!bytes) return Error(ErrorKind::malformed, "is neither JSON nor base64 of JSON");
  const auto decoded = parse_json(*bytes, kLimits);
  if (!decoded.ok()) return Error(ErrorKind::malformed, "is base64 of what " + decoded.error().message());
  return decoded->is_null() ? std::string() : decoded->to_string();
}

Result<RegletDescription> read_description(std::string_view text) {
  WPLUG_TRY_ASSIGN(const Json json, parse_json(text, kLimits));
  const std::string_view name = text_of(json, "name");
  if (const Json* error = json.find_any_case("error"); error != nullptr && !error->is_null() && name.empty()) {
    return Error(ErrorKind::malformed, "says: " + std::string(normalized_error(*error).string_of("message")));
  }
  if (!json.is_object() || name.empty()) return Error(ErrorKind::malformed, "gives no name");
  WPLUG_TRY(check_host_version(json));

  RegletDescription result;
  result.description.name = name;
  result.description.version = text_of(json, "version");
  result.description.description = text_of(json, "description");
  result.description.json = json.to_string();
  Declarations declarations(result);
  if (const Json* capabilities = json.find_any_case("capabilities")) {
    if (capabilities->is_array()) add_pairs(*capabilities, declarations);
    if (capabilities->is_object()) add_grant_set(*capabilities, declarations);
  }
  if (declarations.full()) {
    return Error(ErrorKind::limit, "declares more than " + std::to_string(kMostCapabilities) + " capabilities");
  }
  if (const Json* schema = json.find_any_case("config_schema")) {
    WPLUG_TRY_ASSIGN(result.description.schema, schema_of(*schema));
  }
  return result;
}

}  // namespace wplug
