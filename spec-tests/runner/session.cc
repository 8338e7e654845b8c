#include "spec-tests/runner/session.h"

#include <fstream>
#include <iterator>

#include "spec-tests/runner/spectest.h"
#include "wplug/ref.h"
#include "wplug/text.h"

namespace wplug::spec {
namespace {

Outcome passed() { return {}; }
Outcome failed(std::string message) { return {Verdict::failed, std::move(message)}; }
Outcome skipped(std::string message) { return {Verdict::skipped, std::move(message)}; }

std::string describe(const Error& error) { return error.to_string(); }

std::string print_values(const std::vector<Value>& values) {
  if (values.empty()) return "nothing";
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : ", ") + print_value(value);
  return text;
}

// What the command needs when that is why there is no module: a feature that this build of the engine has not.
std::optional<Outcome> left_out(const Error& error) {
  const std::string_view message = error.message();
  const size_t end = message.find(" is not in this build");
  if (end == std::string_view::npos) return std::nullopt;
  return skipped("needs " + std::string(message.substr(0, end)));
}

// For a module that does not compile.
Outcome absent(const Error& error) {
  if (auto outcome = left_out(error)) return *outcome;
  return failed(describe(error));
}

// An error of the right kind with the script's words.
Outcome judge(const Error& error, ErrorKind kind, const std::string& words) {
  if (error.kind() == kind && message_matches(words, error.message())) return passed();
  return failed("expected " + std::string(to_string(kind)) + ": " + words + "; got " + describe(error));
}

// A reference of the hierarchy of any, or to a defined type, with the least abstract type that it is of.
Value with_heap_kind(const Store& store, const Value& value) {
  const ValType type = value.type();
  if (!type.is_ref() || value.ref().is_host()) return value;
  switch (type.heap()) {
    case HeapKind::extern_:
    case HeapKind::noextern:
    case HeapKind::func:
    case HeapKind::nofunc:
    case HeapKind::exn:
    case HeapKind::noexn: return value;
    default: return Value::ref(ValType::ref(heap_kind(store, value), type.is_nullable()), value.ref());
  }
}

Outcome compare(const Store& store, const std::vector<Pattern>& expected, const std::vector<Value>& given) {
  std::vector<Value> values;
  for (const Value& value : given) values.push_back(with_heap_kind(store, value));
  if (expected.size() != values.size()) {
    return failed("expected " + std::to_string(expected.size()) + " results, got " + print_values(values));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].matches(values[i])) continue;
    const std::string which = expected.size() == 1 ? "" : "result " + std::to_string(i) + ": ";
    return failed(which + "expected " + expected[i].to_string() + ", got " + print_value(values[i]));
  }
  return passed();
}

bool continues_at_word(std::string_view text, std::string_view start) {
  return text.starts_with(start) && (text.size() == start.size() || text[start.size()] == ' ' ||
                                     text[start.size()] == ':' || text[start.size()] == ',');
}

}  // namespace

bool message_matches(std::string_view expected, std::string_view actual) {
  if (expected.empty() || actual.empty()) return false;
  constexpr std::string_view kMismatch = "type mismatch";
  if (continues_at_word(expected, kMismatch)) expected = kMismatch;
  return actual.starts_with(expected) || continues_at_word(expected, actual);
}

Result<std::unique_ptr<Session>> Session::create(const Engine& engine, std::string folder,
                                                 std::chrono::milliseconds timeout) {
  WPLUG_TRY_ASSIGN(Store store, Store::create(engine));
  // On the heap, so that the store stays where its objects found it.
  std::unique_ptr<Session> session(new Session(std::move(store), std::move(folder), timeout));
  WPLUG_TRY(define_spectest(session->store_, session->spectest_));
  session->linker_ = session->spectest_;
  return session;
}

Outcome Session::run(const Command& command) {
  switch (command.kind) {
    case CommandKind::module:
      return module(command);
    case CommandKind::module_definition:
      return module_definition(command);
    case CommandKind::module_instance:
      return module_instance(command);
    case CommandKind::register_:
      return register_instance(command);
    case CommandKind::action:
      return action(command);
    case CommandKind::assert_return:
      return assert_return(command);
    case CommandKind::assert_trap:
    case CommandKind::assert_exhaustion:
      return assert_trap(command);
    case CommandKind::assert_exception:
      return assert_exception(command);
    case CommandKind::assert_malformed:
      return assert_rejected(command, ErrorKind::malformed);
    case CommandKind::assert_invalid:
      return assert_rejected(command, ErrorKind::invalid);
    case CommandKind::assert_malformed_custom:
      return assert_annotation(command, ErrorKind::malformed);
    case CommandKind::assert_invalid_custom:
      return assert_annotation(command, ErrorKind::invalid);
    case CommandKind::assert_unlinkable:
      return assert_not_instantiable(command, ErrorKind::link);
    case CommandKind::assert_uninstantiable:
      return assert_not_instantiable(command, ErrorKind::trap);
    case CommandKind::thread:
    case CommandKind::wait:
      return skipped("threads of scripts");
    case CommandKind::unknown:
      break;
  }
  return failed("the runner does not know this command");
}

Outcome Session::module(const Command& command) {
  Slot result;
  if (auto compiled = compile(command)) {
    result = make_slot(command, *compiled);
  } else {
    result.absence = absent(compiled.error());
  }
  Outcome outcome = result.instance ? passed() : result.absence;
  // Commands that use the missing module point at it.
  if (outcome.verdict == Verdict::failed) {
    result.absence.message = "the module of line " + std::to_string(command.line) + " is missing";
  }
  put(command.name, std::move(result));
  return outcome;
}

Outcome Session::module_definition(const Command& command) {
  Definition definition;
  Outcome outcome;
  if (auto compiled = compile(command)) {
    definition.module = std::move(*compiled);
  } else {
    outcome = definition.absence = absent(compiled.error());
    if (outcome.verdict == Verdict::failed) {
      definition.absence = failed("the module of line " + std::to_string(command.line) + " is missing");
    }
  }
  if (!command.name.empty()) definitions_.insert_or_assign(command.name, definition);
  last_definition_ = std::move(definition);
  return outcome;
}

Outcome Session::module_instance(const Command& command) {
  const auto named = definitions_.find(command.name);
  if (!command.name.empty() && named == definitions_.end()) return failed("no module $" + command.name);
  const Definition& definition = command.name.empty() ? last_definition_ : named->second;
  Slot result;
  if (definition.module) {
    result = make_slot(command, *definition.module);
  } else {
    result.absence = definition.absence;
  }
  Outcome outcome = result.instance ? passed() : result.absence;
  put(command.as, std::move(result));
  return outcome;
}

Outcome Session::register_instance(const Command& command) {
  const Slot& source = slot(command.name);
  // The name must not go on standing for an older instance when this one is missing.
  registered_.erase(command.as);
  left_out_.erase(command.as);
  if (!source.instance && source.absence.verdict == Verdict::skipped) left_out_.emplace(command.as, source.absence);
  if (source.instance) registered_.emplace(command.as, *source.instance);
  linker_ = spectest_;
  for (const auto& [name, instance] : registered_) linker_.define_instance(name, instance);
  return source.instance ? passed() : source.absence;
}

Outcome Session::action(const Command& command) {
  Outcome absence;
  auto values = perform(command.action, absence);
  if (values) return passed();
  if (absence.verdict != Verdict::passed) return absence;
  return failed(command.action.to_string() + ": " + describe(values.error()));
}

Outcome Session::assert_return(const Command& command) {
  Outcome outcome;
  auto values = perform(command.action, outcome);
  if (outcome.verdict != Verdict::passed) return outcome;
  outcome = values ? compare(store_, command.expected, *values) : failed(describe(values.error()));
  if (outcome.verdict == Verdict::failed) outcome.message = command.action.to_string() + ": " + outcome.message;
  return outcome;
}

Outcome Session::assert_trap(const Command& command) {
  Outcome outcome;
  auto values = perform(command.action, outcome);
  if (outcome.verdict != Verdict::passed) return outcome;
  outcome = values ? failed("expected trap: " + command.text + "; got " + print_values(*values))
                   : judge(values.error(), ErrorKind::trap, command.text);
  if (outcome.verdict == Verdict::failed) outcome.message = command.action.to_string() + ": " + outcome.message;
  return outcome;
}

Outcome Session::assert_exception(const Command& command) {
  Outcome outcome;
  auto values = perform(command.action, outcome);
  if (outcome.verdict != Verdict::passed) return outcome;
  if (values) {
    return failed(command.action.to_string() + ": expected an exception; got " + print_values(*values));
  }
  // The spec gives no words for it; the reference interpreter says "uncaught exception".
  return judge(values.error(), ErrorKind::trap, "uncaught exception");
}

Outcome Session::assert_rejected(const Command& command, ErrorKind kind) {
  auto compiled = compile(command);
  if (compiled) return failed("expected " + std::string(to_string(kind)) + ": " + command.text + "; got a module");
  if (auto outcome = left_out(compiled.error())) return *outcome;
  return judge(compiled.error(), kind, command.text);
}

// Annotations are judged where they are read: a binary made of the module has lost them, or has a section that engines
// do not look into.
Outcome Session::assert_annotation(const Command& command, ErrorKind kind) {
  if (!command.file.empty() && !command.is_text) return skipped("custom section contents");
  return assert_rejected(command, kind);
}

Outcome Session::assert_not_instantiable(const Command& command, ErrorKind kind) {
  auto compiled = compile(command);
  if (!compiled) return absent(compiled.error());
  auto instance = instantiate(*compiled);
  if (instance) return failed("expected " + std::string(to_string(kind)) + ": " + command.text + "; got an instance");
  if (const Outcome* outcome = missing_exporter(instance.error())) return *outcome;
  return judge(instance.error(), kind, command.text);
}

const Outcome* Session::missing_exporter(const Error& error) const {
  constexpr std::string_view kWords = "unknown import: ";
  if (error.kind() != ErrorKind::link || !error.message().starts_with(kWords)) return nullptr;
  const std::string_view import = std::string_view(error.message()).substr(kWords.size());
  for (const auto& [name, outcome] : left_out_) {
    if (import.starts_with(name + ".")) return &outcome;
  }
  return nullptr;
}

Result<Module> Session::compile(const Command& command) const {
  if (command.file.empty()) {
    if (!command.module) return command.module.error();
    return Module::compile(store_.engine(), std::span<const uint8_t>(*command.module), command.name);
  }
  const std::string path = folder_ + "/" + command.file;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorKind::host, path + ": cannot be read");
  std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (command.is_text) {
    const std::string text(bytes.begin(), bytes.end());
    WPLUG_TRY_ASSIGN(bytes, parse_wat(text));
  }
  return Module::compile(store_.engine(), std::move(bytes), command.file);
}

Result<Instance> Session::instantiate(const Module& module) {
  start_clock();
  return linker_.instantiate(store_, module);
}

Session::Slot Session::make_slot(const Command& command, const Module& module) {
  Slot result;
  auto instance = instantiate(module);
  if (instance) {
    result.instance = *instance;
  } else if (const Outcome* outcome = missing_exporter(instance.error())) {
    result.absence = *outcome;
  } else {
    result.absence = failed("line " + std::to_string(command.line) + ": " + describe(instance.error()));
  }
  return result;
}

void Session::put(const std::string& name, Slot slot) {
  if (!name.empty()) named_.insert_or_assign(name, slot);
  current_ = std::move(slot);
}

const Session::Slot& Session::slot(const std::string& name) const {
  static const Slot unknown{std::nullopt, failed("there is no module of that name")};
  if (name.empty()) return current_;
  const auto it = named_.find(name);
  return it == named_.end() ? unknown : it->second;
}

Result<std::vector<Value>> Session::perform(const Action& action, Outcome& absence) {
  const Slot& target = slot(action.module);
  if (!target.instance) {
    absence = target.absence;
    return std::vector<Value>();
  }
  if (action.kind == ActionKind::invoke) return invoke(*target.instance, action);
  const auto global = target.instance->get_global(action.field);
  if (!global) return Error(ErrorKind::misuse, "there is no global of that name");
  return std::vector<Value>{global->get()};
}

Result<std::vector<Value>> Session::invoke(const Instance& instance, const Action& action) {
  const auto func = instance.get_func(action.field);
  if (!func) return Error(ErrorKind::misuse, "there is no function of that name");
  const FuncType& type = func->type();
  std::vector<Value> args = action.args;
  for (size_t i = 0; i < args.size() && i < type.params.size(); ++i) {
    // Scripts write one null for a whole family of types, calls want the parameter's.
    const bool null_of_other_type = args[i].type().is_ref() && args[i].ref().is_null() && type.params[i].is_ref();
    if (null_of_other_type) args[i] = Value::zero(type.params[i]);
  }
  std::vector<Value> results;
  for (const ValType result : type.results) results.push_back(Value::zero(result));
  start_clock();
  WPLUG_TRY(func->call(args, results));
  return results;
}

void Session::start_clock() { store_.set_deadline(std::chrono::steady_clock::now() + timeout_); }

}  // namespace wplug::spec
