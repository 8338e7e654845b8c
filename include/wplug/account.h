// Accounts: what calls have used, and what a tenant may use in all.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "wplug/limits.h"

namespace wplug {

// Of one call or of many together.
struct Usage {
#define WPLUG_USAGE(name, kind, key, doc) limit_kind::kind name{};
#include "wplug/usage.def"
  uint64_t peak_memory = 0;  // bytes, of the largest instance

  void add(const Usage& other);
  // One object, with the keys of usage.def and peak_memory.
  std::string to_json() const;
};

// Limits on totals; unset: none.
struct Budget {
#define WPLUG_BUDGET(name, kind, used, doc) std::optional<limit_kind::kind> name;
#include "wplug/budgets.def"

  bool operator==(const Budget&) const = default;
  // One object with the budgets that are set.
  std::string to_json() const;
};

// Totals of a plugin or a tenant. Any thread; each number is exact, numbers read together may be of different moments.
class Account {
 public:
  explicit Account(std::string name = {}, Budget budget = {}) : name_(std::move(name)), budget_(budget) {}

  const std::string& name() const { return name_; }
  const Budget& budget() const { return budget_; }
  Usage usage() const;
  // Counts the call and answers nullopt, or answers why there may be none: `tenant "acme" has spent its budget of …`.
  // Calls that run at the same time may together use more than what was left when they began.
  std::optional<std::string> begin_call();
  std::optional<std::string> refusal() const;
  // What a call that begins now may use: the budget without what was used.
  Budget left() const;
  // After a call that begin_call has counted: its calls are not counted again.
  void end_call(Usage usage);
  void add(const Usage& usage);
  // "tenant "acme" has spent its budget of instructions: fuel = 1,000".
  std::string spent_fuel() const;
  std::string spent_time() const;

 private:
  std::string name_;
  Budget budget_;
#define WPLUG_USAGE(name, kind, key, doc) std::atomic<uint64_t> name##_{0};
#include "wplug/usage.def"
  std::atomic<uint64_t> peak_memory_{0};
};

}  // namespace wplug
