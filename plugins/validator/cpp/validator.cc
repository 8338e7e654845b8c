// Lets a record pass when it keeps the configured rules, and else says which ones it breaks, all of them.
//
//     config = { required = ["user_id"], types = { amount = "number" }, ranges = { amount = [0, 10000] },
//                one_of = { currency = ["EUR", "USD"] } }
//
// A required field is there and not null. Types are null, boolean, number, integer, string, array, object; an integer is
// a number written without fraction and exponent. Ranges include both ends and apply to numbers, one_of to strings; a
// field that is not there, or null, breaks none of these three. plugins/validator/go is the same in Go.
#include <wplug_sdk/plugin.h>

#include <algorithm>

namespace {

using wplug::json::Kind;
using wplug::json::Value;

struct TypeRule {
  std::string field;
  std::string type;
};

struct RangeRule {
  std::string field;
  Value low;
  Value high;
};

struct ChoiceRule {
  std::string field;
  std::vector<std::string> choices;
};

struct Rules {
  std::vector<std::string> required;
  std::vector<TypeRule> types;
  std::vector<RangeRule> ranges;
  std::vector<ChoiceRule> choices;
  wplug::Check problem;  // with the configuration; then every record fails with it
};

bool known_type(std::string_view type) {
  constexpr std::string_view kTypes[] = {"null", "boolean", "number", "integer", "string", "array", "object"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

// Calls `read(field, value)` for each member of a configured object; it returns false for a value of the wrong shape.
template <class Read>
void read_table(Rules& rules, std::string_view key, std::string_view shape, Read read) {
  const Value table = wplug::config(key);
  wplug::json::Object members;
  bool good = !table.present() || !members.parse(table.text());
  for (const wplug::json::Field& member : members.fields()) {
    good = good && read(member.key(), member.value);
  }
  if (!good && !rules.problem) {
    rules.problem = wplug::Error{"config " + std::string(key) + ": want " + std::string(shape)};
  }
}

Rules read_rules() {
  Rules rules;
  rules.required = wplug::config("required").strings();
  read_table(rules, "types", "a type name for each field", [&](std::string field, Value value) {
    rules.types.push_back({std::move(field), value.string_or("")});
    return known_type(rules.types.back().type);
  });
  read_table(rules, "ranges", "[low, high] for each field", [&](std::string field, Value value) {
    const std::vector<Value> ends = value.items();
    const bool good = ends.size() == 2 && ends[0].kind() == Kind::number && ends[1].kind() == Kind::number;
    if (good) {
      rules.ranges.push_back({std::move(field), ends[0], ends[1]});
    }
    return good;
  });
  read_table(rules, "one_of", "a list of strings for each field", [&](std::string field, Value value) {
    rules.choices.push_back({std::move(field), value.strings()});
    return !rules.choices.back().choices.empty();
  });
  return rules;
}

bool is_integer(Value value) {
  return value.kind() == Kind::number && value.text().find_first_of(".eE") == std::string_view::npos;
}

bool has_type(Value value, std::string_view type) {
  return type == "integer" ? is_integer(value) : wplug::json::to_string(value.kind()) == type;
}

bool given(Value value) { return value.present() && value.kind() != Kind::null; }

// The rules that a record breaks, as one line.
class Findings {
 public:
  void add(std::string_view field, std::string text) {
    message_.append(message_.empty() ? "" : "; ").append("field ").append(wplug::json::quote(field)).append(text);
  }
  wplug::Check check() const { return message_.empty() ? wplug::Check() : wplug::Error{message_}; }

 private:
  std::string message_;
};

void check_range(Findings& findings, const RangeRule& rule, Value value) {
  if (value.kind() == Kind::number && (compare_numbers(value, rule.low) < 0 || compare_numbers(value, rule.high) > 0)) {
    findings.add(rule.field, ": " + std::string(value.text()) + " is outside " + std::string(rule.low.text()) + " to " +
                                 std::string(rule.high.text()));
  }
}

void check_choice(Findings& findings, const ChoiceRule& rule, Value value) {
  const std::optional<std::string> text = value.string();
  if (text && std::find(rule.choices.begin(), rule.choices.end(), *text) == rule.choices.end()) {
    findings.add(rule.field, ": " + wplug::json::quote(*text) + " is not an allowed value");
  }
}

wplug::Check validate(std::string_view input) {
  static const Rules rules = read_rules();
  if (rules.problem) {
    return rules.problem;
  }
  wplug::json::Object record;
  if (auto error = record.parse(input)) {
    return error;
  }
  Findings findings;
  for (const std::string& field : rules.required) {
    if (!given(record[field])) {
      findings.add(field, " is missing");
    }
  }
  for (const TypeRule& rule : rules.types) {
    const Value value = record[rule.field];
    if (given(value) && !has_type(value, rule.type)) {
      findings.add(rule.field, ": want " + rule.type + ", found " + std::string(to_string(value.kind())));
    }
  }
  for (const RangeRule& rule : rules.ranges) {
    check_range(findings, rule, record[rule.field]);
  }
  for (const ChoiceRule& rule : rules.choices) {
    check_choice(findings, rule, record[rule.field]);
  }
  return findings.check();
}

}  // namespace

WPLUG_VALIDATE(validate)
