// Runs the commands of one script.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec-tests/runner/script.h"
#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug::spec {

enum class Verdict : uint8_t { passed, failed, skipped };

// What became of a command; the message says why it failed or was skipped.
struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string message;
};

// Whether an engine's message says what the script expects: one of the two begins with the other, the engine's may
// go on with detail, the script's too, but at the end of a word ("uninitialized element 7"). What is on the stack in a
// type mismatch each engine tells in its own way.
bool message_matches(std::string_view expected, std::string_view actual);

// One script's store, instances and names. A failed command leaves the session usable: what depended on its module
// fails and says so.
class Session {
 public:
  // `folder` holds the script's modules; each call into the guest may take `timeout`.
  static Result<std::unique_ptr<Session>> create(const Engine& engine, std::string folder,
                                                 std::chrono::milliseconds timeout);

  Outcome run(const Command& command);

 private:
  // An instance, or why there is none.
  struct Slot {
    std::optional<Instance> instance;
    Outcome absence{Verdict::failed, "no module was instantiated before"};
  };
  struct Definition {
    std::optional<Module> module;
    Outcome absence{Verdict::failed, "no module was defined before"};
  };

  Session(Store store, std::string folder, std::chrono::milliseconds timeout)
      : store_(std::move(store)), folder_(std::move(folder)), timeout_(timeout) {}

  Outcome module(const Command& command);
  Outcome module_definition(const Command& command);
  Outcome module_instance(const Command& command);
  Outcome register_instance(const Command& command);
  Outcome action(const Command& command);
  Outcome assert_return(const Command& command);
  Outcome assert_trap(const Command& command);
  Outcome assert_exception(const Command& command);
  Outcome assert_rejected(const Command& command, ErrorKind kind);
  Outcome assert_annotation(const Command& command, ErrorKind kind);
  Outcome assert_not_instantiable(const Command& command, ErrorKind kind);

  Result<Module> compile(const Command& command) const;
  // Why a registered name, of which the error says that an import is unknown, has no instance; null: for no such reason.
  const Outcome* missing_exporter(const Error& error) const;
  Result<Instance> instantiate(const Module& module);
  Slot make_slot(const Command& command, const Module& module);
  void put(const std::string& name, Slot slot);
  const Slot& slot(const std::string& name) const;
  // The values an action gives; `absence` is filled in when its module is not there.
  Result<std::vector<Value>> perform(const Action& action, Outcome& absence);
  Result<std::vector<Value>> invoke(const Instance& instance, const Action& action);
  void start_clock();

  Store store_;
  std::string folder_;
  std::chrono::milliseconds timeout_;
  Linker spectest_;
  Linker linker_;  // spectest and everything registered
  Slot current_;
  std::map<std::string, Slot> named_;
  std::map<std::string, Instance> registered_;
  std::map<std::string, Outcome, std::less<>> left_out_;  // names of instances that this build of the engine cannot have
  Definition last_definition_;
  std::map<std::string, Definition> definitions_;
};

}  // namespace wplug::spec
