#include "tools/wplug/invoke.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include <fmt/core.h>

namespace wplug {
namespace {

// Decimal or 0x…, signed or unsigned: anything between the least signed and the greatest unsigned number.
template <class Unsigned>
std::optional<Unsigned> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  Unsigned magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr Unsigned kMostNegative = Unsigned{1} << (std::numeric_limits<Unsigned>::digits - 1);
  if (negative && magnitude > kMostNegative) return std::nullopt;
  return negative ? static_cast<Unsigned>(Unsigned{0} - magnitude) : magnitude;
}

// Also nan, inf and hexadecimal floats, as the C library reads them.
template <class Float>
std::optional<Float> parse_float(const std::string& text, Float (*parse)(const char*, char**)) {
  char* end = nullptr;
  const Float value = parse(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

template <class T, class Make>
std::optional<Value> made(const std::optional<T>& parsed, Make make) {
  return parsed ? std::optional<Value>(make(*parsed)) : std::nullopt;
}

// 0x and 32 hexadecimal digits, the highest lane first, as text_of() prints it.
std::optional<Value> parse_vector(std::string_view text) {
  if (text.size() != 34 || !text.starts_with("0x")) return std::nullopt;
  const auto high = parse_integer<uint64_t>("0x" + std::string(text.substr(2, 16)));
  const auto low = parse_integer<uint64_t>("0x" + std::string(text.substr(18)));
  if (!high || !low) return std::nullopt;
  return Value::v128(*low, *high);
}

std::optional<Value> parse_value(ValType type, const std::string& text) {
  if (type == ValType::i32()) {
    return made(parse_integer<uint32_t>(text), [](uint32_t v) { return Value::i32(static_cast<int32_t>(v)); });
  }
  if (type == ValType::i64()) {
    return made(parse_integer<uint64_t>(text), [](uint64_t v) { return Value::i64(static_cast<int64_t>(v)); });
  }
  if (type == ValType::f32()) return made(parse_float<float>(text, std::strtof), [](float v) { return Value::f32(v); });
  if (type == ValType::f64()) return made(parse_float<double>(text, std::strtod), [](double v) { return Value::f64(v); });
  if (type.is_vec()) return parse_vector(text);
  if (type.is_ref() && type.is_nullable() && text == "null") return Value::zero(type);
  return std::nullopt;
}

template <class Float>
std::string text_of_float(Float value) {
  return std::isnan(value) ? (std::signbit(value) ? "-nan" : "nan") : fmt::format("{}", value);
}

std::string text_of(const Value& value) {
  const ValType type = value.type();
  if (type == ValType::i32()) return std::to_string(value.i32());
  if (type == ValType::i64()) return std::to_string(value.i64());
  if (type == ValType::f32()) return text_of_float(value.f32());
  if (type == ValType::f64()) return text_of_float(value.f64());
  if (type.is_vec()) return fmt::format("0x{:016x}{:016x}", value.bits(1), value.bits(0));
  return value.ref().is_null() ? "null" : type.to_string();
}

const FuncType* find_function(const std::vector<ExportType>& exports, const std::string& name) {
  for (const ExportType& exported : exports) {
    if (exported.name == name && exported.type.kind == ExternKind::func) return &exported.type.func;
  }
  return nullptr;
}

}  // namespace

std::string exported_functions(const Module& module) {
  constexpr size_t kMostShown = 20;
  std::string list;
  size_t count = 0;
  for (const ExportType& exported : module.exports()) {
    if (exported.type.kind != ExternKind::func || ++count > kMostShown) continue;
    list += (list.empty() ? "" : ", ") + exported.name + " " + exported.type.func.to_string();
  }
  if (count > kMostShown) list += fmt::format(" and {} more", count - kMostShown);
  return list.empty() ? "it exports no function" : list;
}

std::string invoke_problem(const Module& module, const std::string& name, const std::vector<std::string>& arguments) {
  const std::vector<ExportType> exports = module.exports();
  const FuncType* type = find_function(exports, name);
  if (type == nullptr) return fmt::format("no function \"{}\" is exported; there is: {}", name, exported_functions(module));
  if (type->params.size() != arguments.size()) {
    return fmt::format("{} takes {} arguments, not {}: {}", name, type->params.size(), arguments.size(),
                       type->to_string());
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!parse_value(type->params[i], arguments[i])) {
      return fmt::format("{}: argument {} must be an {}: \"{}\"", name, i + 1, type->params[i].to_string(), arguments[i]);
    }
  }
  return "";
}

Result<void> invoke_and_print(const Instance& instance, const std::string& name,
                              const std::vector<std::string>& arguments) {
  const auto function = instance.get_func(name);
  if (!function) return Error(ErrorKind::misuse, "no function \"" + name + "\" is exported");
  std::vector<Value> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    values.push_back(parse_value(function->type().params[i], arguments[i]).value_or(Value()));
  }
  std::vector<Value> results(function->type().results.size());
  WPLUG_TRY(function->call(values, results));
  for (const Value& result : results) fmt::print("{}\n", text_of(result));
  return {};
}

}  // namespace wplug
