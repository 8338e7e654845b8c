#include "wplug/types.h"

#include <string_view>

namespace wplug {

namespace {

std::string_view heap_name(HeapKind heap) {
  switch (heap) {
    case HeapKind::noexn: return "noexn";
    case HeapKind::nofunc: return "nofunc";
    case HeapKind::noextern: return "noextern";
    case HeapKind::none: return "none";
    case HeapKind::func: return "func";
    case HeapKind::extern_: return "extern";
    case HeapKind::any: return "any";
    case HeapKind::eq: return "eq";
    case HeapKind::i31: return "i31";
    case HeapKind::struct_: return "struct";
    case HeapKind::array: return "array";
    case HeapKind::exn: return "exn";
    case HeapKind::concrete: break;
  }
  return "";
}

// The short name of the nullable reference to an abstract heap type (spec 3.0, 6.4.3): the bottom types have one of
// their own.
std::string short_name(HeapKind heap) {
  switch (heap) {
    case HeapKind::none: return "nullref";
    case HeapKind::nofunc: return "nullfuncref";
    case HeapKind::noextern: return "nullexternref";
    case HeapKind::noexn: return "nullexnref";
    default: return std::string(heap_name(heap)) + "ref";
  }
}

std::string ref_name(ValType type) {
  if (type.heap() != HeapKind::concrete && type.is_nullable()) return short_name(type.heap());
  const std::string heap =
      type.heap() == HeapKind::concrete ? std::to_string(type.type_index()) : std::string(heap_name(type.heap()));
  return (type.is_nullable() ? "(ref null " : "(ref ") + heap + ")";
}

std::string list(const std::vector<ValType>& types) {
  std::string text = "(";
  for (size_t i = 0; i < types.size(); ++i) text += (i == 0 ? "" : ", ") + types[i].to_string();
  return text + ")";
}

// "1", "1 10"; memory64 and threads as the text format writes them.
std::string limits_text(const Limits& limits) {
  std::string text = limits.is_64 ? "i64 " : "";
  text += std::to_string(limits.min);
  if (limits.max.has_value()) text += " " + std::to_string(*limits.max);
  return limits.shared ? text + " shared" : text;
}

std::string memory_text(const MemoryType& type) {
  const std::string text = "memory " + limits_text(type.limits);
  return type.page_size_log2 == 16 ? text : text + " (pagesize " + std::to_string(uint64_t{1} << type.page_size_log2) + ")";
}

}  // namespace

std::string ValType::to_string() const {
  if (is_ref()) return ref_name(*this);
  switch (bits_) {
    case 0x7f: return "i32";
    case 0x7e: return "i64";
    case 0x7d: return "f32";
    case 0x7c: return "f64";
    case 0x7b: return "v128";
    default: return "any value";  // the validator's bottom type
  }
}

std::string FuncType::to_string() const { return list(params) + " -> " + list(results); }

const char* to_string(ExternKind kind) {
  switch (kind) {
    case ExternKind::func: return "function";
    case ExternKind::table: return "table";
    case ExternKind::memory: return "memory";
    case ExternKind::global: return "global";
    case ExternKind::tag: return "tag";
  }
  return "unknown";
}

std::string ExternType::to_string() const {
  switch (kind) {
    case ExternKind::func: return "function " + func.to_string();
    case ExternKind::table: return "table " + limits_text(table.limits) + " " + table.element.to_string();
    case ExternKind::memory: return memory_text(memory);
    case ExternKind::global:
      return global.is_mutable ? "global (mut " + global.type.to_string() + ")" : "global " + global.type.to_string();
    case ExternKind::tag: return "tag " + list(func.params);
  }
  return wplug::to_string(kind);
}

}  // namespace wplug
