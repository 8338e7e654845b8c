// Scripts in text, turned into the commands that the JSON has too.
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "spec-tests/runner/script.h"
#include "wplug/script.h"

namespace wplug::spec {
namespace {

struct KindRow {
  ScriptCommandKind kind;
  CommandKind to;
  std::string_view type;  // as the JSON has it
};

constexpr KindRow kKinds[] = {
#define WPLUG_SPEC_COMMAND(name, text) {ScriptCommandKind::name, CommandKind::name, text},
#include "spec-tests/runner/commands.def"
};

NanClass nan_class(ScriptValue::Nan nan) {
  switch (nan) {
    case ScriptValue::Nan::canonical:
      return NanClass::canonical;
    case ScriptValue::Nan::arithmetic:
      return NanClass::arithmetic;
    case ScriptValue::Nan::none:
      break;
  }
  return NanClass::none;
}

PatternKind pattern_kind(ScriptValue::Kind kind) {
  switch (kind) {
    case ScriptValue::Kind::lanes:
      return PatternKind::lanes;
    case ScriptValue::Kind::null_ref:
      return PatternKind::null_ref;
    case ScriptValue::Kind::host_ref:
      return PatternKind::host_ref;
    case ScriptValue::Kind::any_ref:
      return PatternKind::any_ref;
    case ScriptValue::Kind::either:
      break;
  }
  return PatternKind::either;
}

Pattern pattern_of(const ScriptValue& value) {
  Pattern pattern;
  pattern.kind = pattern_kind(value.kind);
  pattern.type = value.type;
  pattern.lane_bits = value.lane_bits;
  pattern.lanes_are_floats = value.lanes_are_floats;
  for (const ScriptValue::Lane& lane : value.lanes) pattern.lanes.push_back({lane.bits, nan_class(lane.nan)});
  pattern.host_value = value.host_value;
  for (const ScriptValue& alternative : value.alternatives) pattern.alternatives.push_back(pattern_of(alternative));
  return pattern;
}

Result<Command> command_of(ScriptCommand&& from) {
  Command command;
  for (const KindRow& row : kKinds) {
    if (row.kind != from.kind) continue;
    command.kind = row.to;
    command.type = row.type;
  }
  command.line = from.line;
  command.name = std::move(from.name);
  command.as = std::move(from.as);
  command.text = std::move(from.text);
  if (command.name.empty()) command.name = std::move(from.module.name);
  command.module = std::move(from.module.bytes);
  command.action.kind = from.action.is_get ? ActionKind::get : ActionKind::invoke;
  command.action.module = std::move(from.action.module);
  command.action.field = std::move(from.action.field);
  for (const ScriptValue& arg : from.action.args) {
    auto value = argument_of(pattern_of(arg));
    if (!value) {
      return Error(value.error().kind(), "line " + std::to_string(from.line) + ": " + value.error().message());
    }
    command.action.args.push_back(*value);
  }
  for (const ScriptValue& expected : from.expected) command.expected.push_back(pattern_of(expected));
  return command;
}

}  // namespace

Result<Script> parse_text_script(std::string_view text) {
  WPLUG_TRY_ASSIGN(std::vector<ScriptCommand> commands, parse_wast(text));
  Script script;
  script.commands.reserve(commands.size());
  for (ScriptCommand& command : commands) {
    WPLUG_TRY_ASSIGN(Command converted, command_of(std::move(command)));
    script.commands.push_back(std::move(converted));
  }
  return script;
}

Result<Script> load_text_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorKind::host, "cannot be read");
  return parse_text_script(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
}

}  // namespace wplug::spec
