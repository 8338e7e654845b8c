#include "wplug/account.h"

#include <algorithm>

#include "host/json_text.h"
#include "host/units.h"

namespace wplug {
namespace {

uint64_t number(uint64_t value) { return value; }
uint64_t number(std::chrono::nanoseconds time) { return static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)); }

// Most members of most calls are 0, and adding is what costs.
void add_to(std::atomic<uint64_t>& total, uint64_t value) {
  if (value > 0) total.fetch_add(value, std::memory_order_relaxed);
}
uint64_t read(const std::atomic<uint64_t>& total) { return total.load(std::memory_order_relaxed); }

void set(uint64_t& to, uint64_t value) { to = value; }
void set(std::chrono::nanoseconds& to, uint64_t value) {
  to = std::chrono::nanoseconds(static_cast<int64_t>(std::min(value, uint64_t{INT64_MAX})));
}

std::string json_number(uint64_t value) { return std::to_string(value); }
std::string json_number(std::chrono::nanoseconds time) { return std::to_string(number(time) / 1000); }

std::string shown(uint64_t value) { return format_count(value); }
std::string shown(std::chrono::nanoseconds time) { return "\"" + format_duration(time) + "\""; }

template <class T>
std::string spent(const std::string& tenant, const char* doc, const char* key, T budget) {
  return "tenant \"" + tenant + "\" has spent its budget of " + doc + ": " + key + " = " + shown(budget);
}

}  // namespace

void Usage::add(const Usage& other) {
#define WPLUG_USAGE(name, kind, key, doc) name += other.name;
#include "wplug/usage.def"
  peak_memory = std::max(peak_memory, other.peak_memory);
}

std::string Usage::to_json() const {
  std::string text = "{";
#define WPLUG_USAGE(name, kind, key, doc) text += "\"" key "\":" + json_number(name) + ",";
#include "wplug/usage.def"
  return text + "\"peak_memory\":" + std::to_string(peak_memory) + "}";
}

std::string Budget::to_json() const {
  std::string text;
#define WPLUG_BUDGET(name, kind, used, doc) \
  if (name) text += (text.empty() ? "\"" : ",\"") + std::string(#name) + "\":" + budget_json(*name);
  const auto budget_json = [](auto value) {
    if constexpr (std::is_same_v<decltype(value), uint64_t>) return std::to_string(value);
    else return json_string(format_duration(value));
  };
#include "wplug/budgets.def"
  return "{" + text + "}";
}

Usage Account::usage() const {
  Usage usage;
#define WPLUG_USAGE(name, kind, key, doc) set(usage.name, read(name##_));
#include "wplug/usage.def"
  usage.peak_memory = read(peak_memory_);
  return usage;
}

std::optional<std::string> Account::refusal() const {
#define WPLUG_BUDGET(name, kind, used, doc) \
  if (budget_.name && read(used##_) >= number(*budget_.name)) return spent(name_, doc, #name, *budget_.name);
#include "wplug/budgets.def"
  return std::nullopt;
}

std::optional<std::string> Account::begin_call() {
  if (auto why = refusal()) return why;
  const uint64_t before = calls_.fetch_add(1, std::memory_order_relaxed);
  if (!budget_.calls || before < *budget_.calls) return std::nullopt;
  // Another thread took the last one in between.
  calls_.fetch_sub(1, std::memory_order_relaxed);
  return spent(name_, "calls of plugins", "calls", *budget_.calls);
}

Budget Account::left() const {
  Budget rest;
#define WPLUG_BUDGET(name, kind, used, doc)                                                          \
  if (budget_.name) {                                                                                \
    const uint64_t most = number(*budget_.name);                                                     \
    set(rest.name.emplace(), most - std::min(most, read(used##_)));                                  \
  }
#include "wplug/budgets.def"
  return rest;
}

void Account::end_call(Usage usage) {
  usage.calls = 0;
  add(usage);
}

void Account::add(const Usage& usage) {
#define WPLUG_USAGE(name, kind, key, doc) add_to(name##_, number(usage.name));
#include "wplug/usage.def"
  uint64_t peak = read(peak_memory_);
  while (usage.peak_memory > peak && !peak_memory_.compare_exchange_weak(peak, usage.peak_memory, std::memory_order_relaxed)) {
  }
}

std::string Account::spent_fuel() const { return spent(name_, "instructions", "fuel", budget_.fuel.value_or(0)); }
std::string Account::spent_time() const {
  return spent(name_, "wall clock of all calls together", "time", budget_.time.value_or(std::chrono::nanoseconds(0)));
}

}  // namespace wplug
