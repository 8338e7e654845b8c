// Adds fields that follow from others.
//
//     config = { region = { from = "phone", prefixes = { "+49" = "de", "+1" = "us" }, otherwise = "other" },
//                priority = { from = "amount", high = 1000, medium = 100 },
//                bucket = { from = "user_id", count = 64 }, constants = { source = "edge" } }
//
// region: the value of the longest prefix that the text starts with. priority: "high", "medium" or "low" by two bounds;
// "low" for what is not a number. bucket: FNV-1a of the text modulo count, for a record that has the field; a number
// counts as the text it is written as. constants: any JSON values, as they are. A table that is not configured adds
// nothing. plugins/enricher/go is the same in Go.
#include <wplug_sdk/plugin.h>

namespace {

using wplug::json::Kind;
using wplug::json::Object;
using wplug::json::Value;

struct Prefix {
  std::string prefix;
  std::string region;
};

struct Plan {
  std::string region_from;
  std::vector<Prefix> prefixes;
  std::string otherwise;
  std::string priority_from;
  Value high;
  Value medium;
  std::string bucket_from;
  int64_t buckets = 0;
  Object constants;
};

// A configured table; empty when it is missing or no table.
Object table(Value value) {
  Object members;
  static_cast<void>(members.parse(value.text()));  // on an error the object is empty
  return members;
}

Value number_or(Value value, std::string_view otherwise) {
  return value.kind() == Kind::number ? value : Value(otherwise);
}

Plan read_plan() {
  Plan plan;
  const Object region = table(wplug::config("region"));
  plan.region_from = region["from"].string_or("");
  plan.otherwise = region["otherwise"].string_or("other");
  const Object prefixes = table(region["prefixes"]);
  for (const wplug::json::Field& field : prefixes.fields()) {
    plan.prefixes.push_back({field.key(), field.value.string_or("")});
  }
  const Object priority = table(wplug::config("priority"));
  plan.priority_from = priority["from"].string_or("");
  plan.high = number_or(priority["high"], "1000");
  plan.medium = number_or(priority["medium"], "100");
  const Object bucket = table(wplug::config("bucket"));
  plan.bucket_from = bucket["from"].string_or("");
  plan.buckets = bucket["count"].integer().value_or(64);
  plan.constants = table(wplug::config("constants"));
  return plan;
}

// What a value says: the characters of a string, the text of anything else.
std::string words(Value value) { return value.string_or(value.text()); }

const std::string& region_of(const Plan& plan, std::string_view text) {
  const Prefix* longest = nullptr;
  for (const Prefix& candidate : plan.prefixes) {
    if (text.starts_with(candidate.prefix) &&
        (longest == nullptr || candidate.prefix.size() > longest->prefix.size())) {
      longest = &candidate;
    }
  }
  return longest != nullptr ? longest->region : plan.otherwise;
}

std::string_view priority_of(const Plan& plan, Value value) {
  if (value.kind() != Kind::number) {
    return "low";
  }
  if (compare_numbers(value, plan.high) >= 0) {
    return "high";
  }
  return compare_numbers(value, plan.medium) >= 0 ? "medium" : "low";
}

uint32_t fnv1a(std::string_view text) {
  uint32_t hash = 2166136261;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  }
  return hash;
}

wplug::Result enrich(std::string_view input) {
  static const Plan plan = read_plan();
  Object record;
  if (auto error = record.parse(input)) {
    return *error;
  }
  if (!plan.region_from.empty()) {
    record.set_string("region", region_of(plan, words(record[plan.region_from])));
  }
  if (!plan.priority_from.empty()) {
    record.set_string("priority", priority_of(plan, record[plan.priority_from]));
  }
  if (!plan.bucket_from.empty() && plan.buckets > 0 && record.has(plan.bucket_from)) {
    record.set_integer("bucket", fnv1a(words(record[plan.bucket_from])) % plan.buckets);
  }
  for (const wplug::json::Field& constant : plan.constants.fields()) {
    record.set_raw(constant.key(), constant.value.text());
  }
  return record.text();
}

}  // namespace

WPLUG_TRANSFORM(enrich)
