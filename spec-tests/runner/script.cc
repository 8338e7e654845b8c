#include "spec-tests/runner/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

// The JSON library throws, and so do the helpers of this file; parse_script turns everything into a Result.

namespace wplug::spec {
namespace {

using nlohmann::json;

struct ScriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string string_or_empty(const json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? std::string() : it->get<std::string>();
}

const json& member(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) throw ScriptError("\"" + std::string(key) + "\" is missing");
  return *it;
}

CommandKind command_kind(std::string_view type) {
#define WPLUG_SPEC_COMMAND(name, text) \
  if (type == text) return CommandKind::name;
#include "spec-tests/runner/commands.def"
  return CommandKind::unknown;
}

// Numbers and references by the names that scripts use.
struct NumberType {
  std::string_view name;
  uint32_t bits;
  bool is_float;
  ValType type;  // of a scalar; lanes of 8 and 16 bits have none
};
constexpr std::array kNumberTypes = {
    NumberType{"i8", 8, false, ValType::bottom()}, NumberType{"i16", 16, false, ValType::bottom()},
    NumberType{"i32", 32, false, ValType::i32()},  NumberType{"i64", 64, false, ValType::i64()},
    NumberType{"f32", 32, true, ValType::f32()},   NumberType{"f64", 64, true, ValType::f64()},
};

struct RefType {
  std::string_view name;
  ValType type;
  bool always_null;
};
constexpr ValType nullable(HeapKind heap) { return ValType::ref(heap, true); }
constexpr std::array kRefTypes = {
    RefType{"funcref", ValType::funcref(), false},
    RefType{"externref", ValType::externref(), false},
    RefType{"anyref", nullable(HeapKind::any), false},
    RefType{"eqref", nullable(HeapKind::eq), false},
    RefType{"i31ref", nullable(HeapKind::i31), false},
    RefType{"structref", nullable(HeapKind::struct_), false},
    RefType{"arrayref", nullable(HeapKind::array), false},
    RefType{"exnref", nullable(HeapKind::exn), false},
    RefType{"nullref", nullable(HeapKind::none), true},
    RefType{"nullfuncref", nullable(HeapKind::nofunc), true},
    RefType{"nullexternref", nullable(HeapKind::noextern), true},
    RefType{"nullexnref", nullable(HeapKind::noexn), true},
    RefType{"refnull", ValType::bottom(), true},
};

template <class Table>
auto find_by_name(const Table& table, std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
  return it == table.end() ? nullptr : &*it;
}

uint64_t parse_unsigned(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || stop != end) throw ScriptError("\"" + std::string(text) + "\" is not a number");
  return number;
}

// Bits of a width from decimal text, signed or unsigned.
uint64_t parse_bits(std::string_view text, uint32_t width) {
  const bool negative = text.starts_with('-');
  const uint64_t magnitude = parse_unsigned(negative ? text.substr(1) : text);
  const uint64_t sign = uint64_t{1} << (width - 1);
  const uint64_t mask = sign | (sign - 1);
  if (magnitude > (negative ? sign : mask)) {
    throw ScriptError("\"" + std::string(text) + "\" does not fit " + std::to_string(width) + " bits");
  }
  return (negative ? uint64_t{0} - magnitude : magnitude) & mask;
}

LanePattern parse_lane(const std::string& text, const NumberType& number) {
  if (number.is_float && text == "nan:canonical") return {0, NanClass::canonical};
  if (number.is_float && text == "nan:arithmetic") return {0, NanClass::arithmetic};
  return {parse_bits(text, number.bits), NanClass::none};
}

Pattern lanes_pattern(ValType type, const NumberType& number) {
  Pattern pattern;
  pattern.kind = PatternKind::lanes;
  pattern.type = type;
  pattern.lane_bits = number.bits;
  pattern.lanes_are_floats = number.is_float;
  return pattern;
}

Pattern number_pattern(const NumberType& number, const json& node) {
  if (number.type.is_bottom()) throw ScriptError(std::string(number.name) + " is not a value type");
  Pattern pattern = lanes_pattern(number.type, number);
  if (!node.contains("value")) {
    pattern.kind = PatternKind::any;
  } else {
    pattern.lanes.push_back(parse_lane(node.at("value").get<std::string>(), number));
  }
  return pattern;
}

Pattern vector_pattern(const json& node) {
  if (!node.contains("value")) {
    Pattern any;
    any.type = ValType::v128();
    return any;
  }
  const std::string lane_type = member(node, "lane_type").get<std::string>();
  const NumberType* number = find_by_name(kNumberTypes, lane_type);
  if (number == nullptr) throw ScriptError("lane type \"" + lane_type + "\" is unknown");
  Pattern pattern = lanes_pattern(ValType::v128(), *number);
  for (const json& lane : member(node, "value")) {
    pattern.lanes.push_back(parse_lane(lane.get<std::string>(), *number));
  }
  if (pattern.lanes.size() * number->bits != 128) {
    throw ScriptError(std::to_string(pattern.lanes.size()) + " lanes of " + lane_type + " are not a v128");
  }
  return pattern;
}

Pattern ref_pattern(const RefType& ref, const json& node) {
  Pattern pattern;
  pattern.type = ref.type;
  const std::string value = string_or_empty(node, "value");
  if (ref.always_null || value == "null") {
    pattern.kind = PatternKind::null_ref;
  } else if (value.empty()) {
    pattern.kind = PatternKind::any_ref;
  } else {
    pattern.kind = PatternKind::host_ref;
    pattern.host_value = parse_unsigned(value);
  }
  return pattern;
}

Pattern parse_pattern(const json& node, bool alternatives_allowed = true) {
  const std::string type = member(node, "type").get<std::string>();
  if (const NumberType* number = find_by_name(kNumberTypes, type)) return number_pattern(*number, node);
  if (const RefType* ref = find_by_name(kRefTypes, type)) return ref_pattern(*ref, node);
  if (type == "v128") return vector_pattern(node);
  if (type != "either" || !alternatives_allowed) throw ScriptError("value type \"" + type + "\" is unknown");
  Pattern pattern;
  pattern.kind = PatternKind::either;
  for (const json& alternative : member(node, "values")) {
    pattern.alternatives.push_back(parse_pattern(alternative, false));
  }
  return pattern;
}

Result<Value> lanes_value(const Pattern& pattern) {
  std::array<uint64_t, 2> slots{};
  for (size_t i = 0; i < pattern.lanes.size(); ++i) {
    if (pattern.lanes[i].nan != NanClass::none) {
      return Error(ErrorKind::malformed, "a class of NaNs is not an argument");
    }
    const size_t bit = i * pattern.lane_bits;
    slots[bit / 64] |= pattern.lanes[i].bits << (bit % 64);
  }
  return Value::from_slots(pattern.type, slots.data());
}

// An argument is written as a pattern that only one value fits.
Value parse_value(const json& node) {
  auto value = argument_of(parse_pattern(node));
  if (!value) throw ScriptError(value.error().message());
  return *value;
}

Action parse_action(const json& node) {
  Action action;
  const std::string type = member(node, "type").get<std::string>();
  if (type != "invoke" && type != "get") throw ScriptError("action \"" + type + "\" is unknown");
  action.kind = type == "get" ? ActionKind::get : ActionKind::invoke;
  action.module = string_or_empty(node, "module");
  action.field = member(node, "field").get<std::string>();
  if (const auto args = node.find("args"); args != node.end()) {
    for (const json& arg : *args) action.args.push_back(parse_value(arg));
  }
  return action;
}

// The file with the module, if there is one. Scripts name files of their own folder only.
std::string file_of(const json& node) {
  std::string name = string_or_empty(node, "filename");
  if (name.find_first_of("/\\") != std::string::npos || name == "." || name == "..") {
    throw ScriptError("file name \"" + name + "\" leaves the script's folder");
  }
  return name;
}

void parse_members(Command& command, const json& node) {
  command.file = file_of(node);
  command.is_text = string_or_empty(node, "module_type") == "text";
  command.text = string_or_empty(node, "text");
  command.as = string_or_empty(node, "as");
  command.name = string_or_empty(node, "name");
  if (command.kind == CommandKind::module_instance) {
    command.as = string_or_empty(node, "instance");
    command.name = string_or_empty(node, "module");
  }
  if (const auto action = node.find("action"); action != node.end()) command.action = parse_action(*action);
  if (const auto expected = node.find("expected"); expected != node.end()) {
    for (const json& pattern : *expected) command.expected.push_back(parse_pattern(pattern));
  }
}

Command parse_command(const json& node, size_t index) {
  Command command;
  try {
    command.type = member(node, "type").get<std::string>();
    command.kind = command_kind(command.type);
    command.line = member(node, "line").get<uint32_t>();
    parse_members(command, node);
  } catch (const std::exception& error) {
    throw ScriptError("command " + std::to_string(index) + " (" + (command.type.empty() ? "no type" : command.type) +
                      ", line " + std::to_string(command.line) + "): " + error.what());
  }
  return command;
}

}  // namespace

Result<Value> argument_of(const Pattern& pattern) {
  switch (pattern.kind) {
    case PatternKind::lanes:
      return lanes_value(pattern);
    case PatternKind::null_ref:
      return Value::ref(pattern.type.is_bottom() ? ValType::externref() : pattern.type, Ref::null());
    case PatternKind::host_ref:
      return Value::ref(pattern.type, Ref::host(pattern.host_value));
    default:
      return Error(ErrorKind::malformed, pattern.to_string() + " is not an argument");
  }
}

std::string Action::to_string() const {
  return std::string(kind == ActionKind::get ? "get" : "invoke") + " \"" + field + "\"" +
         (module.empty() ? "" : " of $" + module);
}

Result<Script> parse_script(std::string_view text) {
  try {
    const json document = json::parse(text);
    if (!document.is_object() || !document.contains("commands") || !document.at("commands").is_array()) {
      return Error(ErrorKind::misuse, "not a script: it has no list \"commands\"");
    }
    Script script;
    script.source = string_or_empty(document, "source_filename");
    for (const json& node : document.at("commands")) {
      script.commands.push_back(parse_command(node, script.commands.size()));
    }
    return script;
  } catch (const std::exception& error) {
    return Error(ErrorKind::malformed, error.what());
  }
}

Result<Script> load_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorKind::host, "cannot be read");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_script(text);
}

}  // namespace wplug::spec
