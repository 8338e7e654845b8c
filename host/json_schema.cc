// JSON Schema by valijson, on schemas made safe first:
//   - patterns are evaluated here, with RE2, on the strings and keys that the document has, and are rewritten to what they
//     come to: `pattern` to the strings it excludes, `patternProperties` to `properties`. valijson would use std::regex,
//     which backtracks without bound and recurses for each character;
//   - `format` says what a string is for and is not checked;
//   - a schema that comes back to itself without going down into the document is refused, and so is one with too many ways
//     through it: valijson follows each, recursively.
#include "host/config_schema.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>

#include <nlohmann/json.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
// Else it prints and aborts.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include "host/json_text.h"
#include "host/pattern_services.h"

namespace wplug {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = size_t{1} << 20;  // of a schema or a document
constexpr size_t kMostDepth = 100;
constexpr uint64_t kMostWays = 10'000;  // through a schema for one value
constexpr size_t kMostPatterns = 200;
constexpr const char* kPatterns = "x-wplug-patterns";

size_t depth_of(std::string_view text) {
  size_t depth = 0, most = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      most = std::max(most, ++depth);
    } else if (!in_string && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return most;
}

Result<Json> parse(std::string_view text, ErrorKind kind, const char* what) {
  if (text.size() > kMostBytes) return Error(ErrorKind::limit, std::string(what) + " has more than 1 MiB");
  if (const auto problem = find_json_problem(text)) {
    return Error(kind, std::string(what) + " is not JSON: byte " + std::to_string(problem->offset) + ": " + problem->what);
  }
  if (depth_of(text) > kMostDepth) return Error(ErrorKind::limit, std::string(what) + " is nested too deep");
  return Json::parse(text, nullptr, false);
}

// Every string of a document, keys too.
void collect_strings(const Json& value, std::set<std::string>& strings, std::set<std::string>& keys) {
  if (value.is_string()) strings.insert(value.get<std::string>());
  if (value.is_object()) {
    for (const auto& [key, below] : value.items()) keys.insert(key);
  }
  if (value.is_structured()) {
    for (const Json& below : value) collect_strings(below, strings, keys);
  }
}

// A step of a pointer as valijson reads it in a reference.
std::string reference_step(std::string_view key) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string step;
  for (const char c : json_pointer_step(key)) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                          c == '_' || c == '~';
    const uint8_t byte = static_cast<uint8_t>(c);
    if (is_plain) {
      step += c;
    } else {
      step += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return step;
}

// Rewrites a schema to what it means for one document.
class SafeSchema {
 public:
  explicit SafeSchema(const Json& document) {
    collect_strings(document, strings_, keys_);
    strings_.insert(keys_.begin(), keys_.end());
  }

  Result<void> rewrite(Json& schema) {
    if (schema.is_object()) {
      for (const char* key : {"$id", "id"}) {
        if (schema.contains(key) && schema[key].is_string()) root_ = schema[key].get<std::string>();
      }
    }
    WPLUG_TRY(visit(schema, "#"));
    return {};
  }

 private:
  Result<void> visit(Json& schema, const std::string& at) {
    if (schema.is_array()) {
      for (size_t i = 0; i < schema.size(); ++i) WPLUG_TRY(visit(schema[i], at + "/" + std::to_string(i)));
      return {};
    }
    if (!schema.is_object()) return {};
    schema.erase("format");
    // The root's own name, which what is inside is found by here.
    if (at == "#") {
      for (const char* key : {"$id", "id"}) {
        if (schema.contains(key) && schema[key].is_string()) schema.erase(key);
      }
    }
    if (schema.contains("$ref") && schema["$ref"].is_string()) local_reference(schema["$ref"]);
    for (const auto& [key, below] : schema.items()) {
      if (key == "enum" || key == "const" || key == "default" || key == "examples") continue;
      const std::string place = at + "/" + reference_step(key == "patternProperties" ? kPatterns : key);
      const bool is_map = key == "properties" || key == "patternProperties" || key == "definitions" || key == "$defs" ||
                          key == "dependencies";
      if (is_map && below.is_object()) {
        size_t index = 0;
        for (const auto& [name, member] : below.items()) {
          const std::string step = key == "patternProperties" ? std::to_string(index++) : reference_step(name);
          WPLUG_TRY(visit(member, place + "/" + step));
        }
      } else {
        WPLUG_TRY(visit(below, place));
      }
    }
    rewrite_exclusive(schema, "exclusiveMinimum", "minimum");
    rewrite_exclusive(schema, "exclusiveMaximum", "maximum");
    WPLUG_TRY(rewrite_pattern(schema));
    return rewrite_properties(schema, at);
  }

  // `https://example.com/schema.json#/$defs/x` of the schema with that name.
  void local_reference(Json& reference) const {
    const std::string text = reference.get<std::string>();
    if (root_.empty() || !text.starts_with(root_)) return;
    const std::string rest = text.substr(root_.size());
    if (rest.empty() || rest == "#" || rest.starts_with("#/")) reference = rest.empty() ? "#" : rest;
  }

  // In draft 4 it says of the other limit whether it is one itself.
  static void rewrite_exclusive(Json& schema, const char* exclusive, const char* limit) {
    if (!schema.contains(exclusive) || !schema[exclusive].is_boolean()) return;
    const bool is_exclusive = schema[exclusive].get<bool>();
    schema.erase(exclusive);
    if (!is_exclusive || !schema.contains(limit)) return;
    schema[exclusive] = std::move(schema[limit]);
    schema.erase(limit);
  }

  Result<void> rewrite_pattern(Json& schema) {
    if (!schema.contains("pattern") || !schema["pattern"].is_string()) return {};
    WPLUG_TRY_ASSIGN(const PatternSet* pattern, compile(schema["pattern"].get<std::string>()));
    schema.erase("pattern");
    if (pattern == nullptr) return {};
    Json excluded = Json::array();
    for (const std::string& text : strings_) {
      if (!pattern->any(text)) excluded.push_back(text);
    }
    if (excluded.empty()) return {};
    add_all(schema, {{"not", {{"enum", std::move(excluded)}}}});
    return {};
  }

  static void add_all(Json& schema, Json more) {
    if (!schema.contains("allOf") || !schema["allOf"].is_array()) schema["allOf"] = Json::array();
    schema["allOf"].push_back(std::move(more));
  }

  Result<void> rewrite_properties(Json& schema, const std::string& at) {
    if (!schema.contains("patternProperties") || !schema["patternProperties"].is_object()) return {};
    const Json patterns = std::move(schema["patternProperties"]);
    schema.erase("patternProperties");
    if (!schema.contains("properties")) schema["properties"] = Json::object();
    if (!schema["properties"].is_object()) return {};
    Json kept = Json::array();
    for (const auto& [text, below] : patterns.items()) {
      const Json reference = {{"$ref", at + "/" + kPatterns + "/" + std::to_string(kept.size())}};
      kept.push_back(below);
      WPLUG_TRY_ASSIGN(const PatternSet* pattern, compile(text));
      if (pattern == nullptr) continue;
      for (const std::string& key : keys_) {
        if (!pattern->any(key)) continue;
        Json& property = schema["properties"][key];
        property = property.is_null() ? reference : Json{{"allOf", Json::array({std::move(property), reference})}};
      }
    }
    schema[kPatterns] = std::move(kept);
    return {};
  }

  // Null: what RE2 has not (lookahead, back references); such a pattern is not checked.
  Result<const PatternSet*> compile(const std::string& pattern) {
    if (const auto found = compiled_.find(pattern); found != compiled_.end()) return found->second.get();
    if (compiled_.size() == kMostPatterns) {
      return Error(ErrorKind::limit, "has more than " + std::to_string(kMostPatterns) + " patterns");
    }
    WPLUG_TRY_ASSIGN(const PatternServices* services, pattern_services());
    std::string error;
    return (compiled_[pattern] = services->compile(std::span<const std::string>(&pattern, 1), false, error)).get();
  }

  std::set<std::string> strings_, keys_;
  std::string root_;
  std::map<std::string, std::unique_ptr<PatternSet>> compiled_;
};

// Counts the ways through a schema that one value is taken.
class SchemaWays {
 public:
  explicit SchemaWays(const Json& root) : root_(root) {}

  Result<void> check(const Json& value) {
    WPLUG_TRY(ways(value, 0));
    if (!value.is_structured()) return {};
    for (const Json& below : value) WPLUG_TRY(check(below));
    return {};
  }

 private:
  Result<uint64_t> ways(const Json& schema, size_t depth) {
    if (!schema.is_object()) return uint64_t{1};
    if (const auto known = ways_.find(&schema); known != ways_.end()) {
      if (known->second == 0) return Error(ErrorKind::limit, "refers to itself without end");
      return known->second;
    }
    if (depth > kMostDepth) return Error(ErrorKind::limit, "has references over more than 100 steps");
    ways_[&schema] = 0;
    uint64_t total = 1;
    for (const Json* next : same_value(schema)) {
      WPLUG_TRY_ASSIGN(const uint64_t more, ways(*next, depth + 1));
      total += more;
      if (total > kMostWays) return Error(ErrorKind::limit, "has too many ways for one value to be looked at");
    }
    return ways_[&schema] = total;
  }

  // The schemas that the same value is held against.
  std::vector<const Json*> same_value(const Json& schema) const {
    std::vector<const Json*> next;
    if (const auto reference = schema.find("$ref"); reference != schema.end() && reference->is_string()) {
      if (const Json* found = resolve(reference->get<std::string>())) next.push_back(found);
      return next;
    }
    for (const char* key : {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "type", "extends", "disallow"}) {
      const auto found = schema.find(key);
      if (found == schema.end()) continue;
      if (found->is_array() || std::string_view(key) == "dependencies") {
        if (found->is_structured()) {
          for (const Json& below : *found) next.push_back(&below);
        }
      } else {
        next.push_back(&*found);
      }
    }
    return next;
  }

  const Json* resolve(const std::string& reference) const {
    if (!reference.starts_with('#')) return nullptr;
    std::string pointer;
    for (size_t i = 1; i < reference.size(); ++i) {
      const bool is_coded = reference[i] == '%' && i + 2 < reference.size() &&
                            reference.find_first_not_of("0123456789abcdefABCDEF", i + 1) > i + 2;
      pointer += is_coded ? static_cast<char>(std::stoi(reference.substr(i + 1, 2), nullptr, 16)) : reference[i];
      if (is_coded) i += 2;
    }
    try {
      // valijson does not mind slashes at the end.
      pointer.erase(pointer.find_last_not_of('/') + 1);
      const Json::json_pointer place(pointer);
      return root_.contains(place) ? &root_.at(place) : nullptr;
    } catch (const std::exception&) {
      return nullptr;
    }
  }

  const Json& root_;
  std::unordered_map<const Json*, uint64_t> ways_;  // 0: being counted
};

// From valijson's words to where and what.
class ProblemFinder {
 public:
  ProblemFinder(const Json& schema, const Json& document) : schema_(schema), document_(document) {}

  ConfigProblem find(const valijson::ValidationResults& results) const {
    // What is deepest is nearest to the cause; of equals the first.
    const valijson::ValidationResults::Error* best = nullptr;
    for (const auto& error : results) {
      if (best == nullptr || error.context.size() > best->context.size()) best = &error;
    }
    ConfigProblem problem;
    if (best == nullptr) return {"", "is not what the schema allows"};
    const Json* value = &document_;
    const Json* schema = follow(&schema_);
    for (size_t i = 1; i < best->context.size(); ++i) {
      const std::string& step = best->context[i];
      const std::string key = step.size() > 2 ? step.substr(1, step.size() - 2) : "";
      problem.pointer += "/" + json_pointer_step(key);
      schema = below(schema, key);
      value = below_value(value, key);
    }
    describe(best->description, schema, value, problem);
    return problem;
  }

 private:
  const Json* follow(const Json* schema) const {
    for (int steps = 0; schema != nullptr && schema->is_object() && steps < 20; ++steps) {
      const auto reference = schema->find("$ref");
      if (reference == schema->end() || !reference->is_string()) return schema;
      // Whatever the document is called in it: references to others have been refused.
      const std::string text = reference->get<std::string>();
      const size_t pointer = text.find('#');
      if (pointer == std::string::npos) return nullptr;
      try {
        schema = &schema_.at(Json::json_pointer(text.substr(pointer + 1)));
      } catch (const std::exception&) {
        return nullptr;
      }
    }
    return schema;
  }

  const Json* below(const Json* schema, const std::string& key) const {
    if (schema == nullptr || !schema->is_object()) return nullptr;
    if (const auto found = schema->find("properties"); found != schema->end() && found->is_object() && found->contains(key)) {
      return follow(&(*found)[key]);
    }
    for (const char* others : {"items", "additionalProperties"}) {
      const auto found = schema->find(others);
      if (found != schema->end() && found->is_object()) return follow(&*found);
    }
    return nullptr;
  }

  static const Json* below_value(const Json* value, const std::string& key) {
    if (value == nullptr) return nullptr;
    if (value->is_object()) return value->contains(key) ? &(*value)[key] : nullptr;
    if (!value->is_array() || key.empty() || key.size() > 9 || key.find_first_not_of("0123456789") != std::string::npos) {
      return nullptr;
    }
    const size_t index = std::stoul(key);
    return index < value->size() ? &(*value)[index] : nullptr;
  }

  static std::string shown(const Json& value) {
    const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
  }

  static std::string list(const Json& values) {
    if (!values.is_array()) return values.is_string() ? values.get<std::string>() : shown(values);
    std::string text;
    for (size_t i = 0; i < values.size() && i < 20; ++i) {
      text += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + shown(values[i]);
    }
    return text;
  }

  static std::string quoted(const std::string& description) {
    const size_t begin = description.find('\''), end = description.rfind('\'');
    // The last quotes, as the sentence has others.
    const size_t last = description.rfind(": '");
    const size_t from = last != std::string::npos ? last + 2 : begin;
    return from == std::string::npos || end <= from ? "" : description.substr(from + 1, end - from - 1);
  }

  static void describe(const std::string& said, const Json* schema, const Json* value, ConfigProblem& problem) {
    const auto has = [&](const char* key) { return schema != nullptr && schema->is_object() && schema->contains(key); };
    if (said.starts_with("Value type not permitted") && has("type")) {
      problem.what = "must be " + list((*schema)["type"]) + (value != nullptr ? ", not " + std::string(value->type_name()) : "");
    } else if (said.starts_with("Failed to match against any enum") && has("enum")) {
      problem.what = "must be one of " + list((*schema)["enum"]);
    } else if (said.starts_with("Failed to match expected value set by 'const'") && has("const")) {
      problem.what = "must be " + shown((*schema)["const"]);
    } else if (said.starts_with("Missing required property")) {
      problem.what = "needs the key \"" + quoted(said) + "\"";
    } else if (said.starts_with("Object contains a property that could not")) {
      const std::string key = quoted(said);
      problem.pointer += "/" + json_pointer_step(key);
      problem.what = "is unknown" + known_keys(schema);
    } else if (said.starts_with("Target should not validate") && has("pattern")) {
      problem.what = "does not match the pattern " + shown((*schema)["pattern"]);
    } else {
      problem.what = static_cast<char>(said[0] | 0x20) + said.substr(1);
      if (problem.what.ends_with('.')) problem.what.pop_back();
    }
  }

  static std::string known_keys(const Json* schema) {
    if (schema == nullptr || !schema->is_object() || !schema->contains("properties")) return "";
    std::string keys;
    for (const auto& [key, below] : (*schema)["properties"].items()) keys += (keys.empty() ? "; known: " : ", ") + key;
    return keys.substr(0, 400);
  }

  const Json& schema_;
  const Json& document_;
};

Result<std::optional<ConfigProblem>> validate(const Json& original, const Json& document) {
  Json safe = original;
  WPLUG_TRY(SafeSchema(document).rewrite(safe));
  WPLUG_TRY(SchemaWays(safe).check(safe));
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(safe), schema);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results)) {
    return std::optional<ConfigProblem>();
  }
  return std::optional<ConfigProblem>(ProblemFinder(original, document).find(results));
}

}  // namespace

Result<std::optional<ConfigProblem>> validate_json(std::string_view schema_text, std::string_view json) {
  WPLUG_TRY_ASSIGN(const Json schema, parse(schema_text, ErrorKind::invalid, "it"));
  WPLUG_TRY_ASSIGN(const Json document, parse(json, ErrorKind::misuse, "the configuration"));
  try {
    return validate(schema, document);
  } catch (const std::exception& error) {
    return Error(ErrorKind::invalid, std::string("is not a JSON Schema: ") + error.what());
  }
}

}  // namespace wplug
