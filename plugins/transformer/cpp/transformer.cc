// Shapes a record for its reader: drops, masks, uppercases and renames fields, in that order.
//
//     config = { drop = ["debug"], mask = { card = 4 }, uppercase = ["currency"], rename = { user_id = "userId" } }
//
// mask keeps the last characters, as many as it says, and makes the others `*`; a number or boolean is masked as the text
// it is written as, an array or object becomes "***", null stays. uppercase changes the ASCII letters of strings. Fields
// that are not there are passed over. plugins/transformer/go is the same in Go.
#include <wplug_sdk/plugin.h>

#include <algorithm>

namespace {

using wplug::json::Field;
using wplug::json::Kind;
using wplug::json::Object;
using wplug::json::Value;

struct Mask {
  std::string field;
  int64_t keep;
};

struct Rename {
  std::string field;
  std::string to;
};

struct Plan {
  std::vector<std::string> drop;
  std::vector<Mask> mask;
  std::vector<std::string> uppercase;
  std::vector<Rename> rename;
};

// A configured table; empty when it is missing or no table.
Object table(std::string_view key) {
  Object members;
  static_cast<void>(members.parse(wplug::config(key).text()));  // on an error the object is empty
  return members;
}

Plan read_plan() {
  Plan plan;
  plan.drop = wplug::config("drop").strings();
  plan.uppercase = wplug::config("uppercase").strings();
  const Object masks = table("mask");
  for (const Field& field : masks.fields()) {
    plan.mask.push_back({field.key(), field.value.integer().value_or(0)});
  }
  const Object renames = table("rename");
  for (const Field& field : renames.fields()) {
    plan.rename.push_back({field.key(), field.value.string_or("")});
  }
  return plan;
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// `*` for every character but the last `keep`.
std::string masked(std::string_view text, int64_t keep) {
  size_t shown = text.size();  // where the last `keep` characters begin
  while (shown > 0 && keep > 0) {
    --shown;
    keep -= starts_character(text[shown]) ? 1 : 0;
  }
  std::string out(static_cast<size_t>(std::count_if(text.begin(), text.begin() + static_cast<ptrdiff_t>(shown),
                                                    starts_character)), '*');
  return out.append(text.substr(shown));
}

void mask_field(Object& record, const Mask& mask) {
  const Value value = record[mask.field];
  switch (value.kind()) {
    case Kind::absent:
    case Kind::null: return;
    case Kind::array:
    case Kind::object: record.set_string(mask.field, "***"); return;
    default: record.set_string(mask.field, masked(value.string_or(value.text()), mask.keep));
  }
}

void uppercase_field(Object& record, const std::string& field) {
  if (std::optional<std::string> text = record[field].string()) {
    for (char& c : *text) {
      c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    record.set_string(field, *text);
  }
}

wplug::Result transform(std::string_view input) {
  static const Plan plan = read_plan();
  Object record;
  if (auto error = record.parse(input)) {
    return *error;
  }
  for (const std::string& field : plan.drop) {
    record.remove(field);
  }
  for (const Mask& mask : plan.mask) {
    mask_field(record, mask);
  }
  for (const std::string& field : plan.uppercase) {
    uppercase_field(record, field);
  }
  for (const Rename& rename : plan.rename) {
    record.rename(rename.field, rename.to);
  }
  return record.text();
}

}  // namespace

WPLUG_TRANSFORM(transform)
