#include "interp/validate/check_features.h"

#include <optional>

#include "interp/base/concat.h"
#include "interp/decode/instruction_reader.h"
#include "interp/decode/types_reader.h"
#include "interp/validate/signature.h"
#include "interp/wasm/profile.h"

namespace wplug {

namespace {

constexpr Features everything() {
  Features features;
  for (size_t i = 0; i < kFeatureCount; ++i) features.enable(static_cast<Feature>(i));
  return features;
}

// Of two integers and a result of the same type.
bool is_arithmetic(const Signature& rule) {
  const bool is_integer = rule.result == ValType::i32() || rule.result == ValType::i64();
  return rule.operands == 2 && rule.results == 1 && is_integer && rule.operand[0] == rule.result && rule.operand[1] == rule.result;
}

class FeatureChecker {
 public:
  FeatureChecker(const ModuleDef& module, Features features) : module_(module), features_(features) {}

  Result<void> run() {
    definitions();
    for (const FunctionDef& function : module_.functions) body(function.body);
    if (refusal_) return std::move(*refusal_);
    return {};
  }

 private:
  void need(Feature feature, std::string_view what, size_t offset) {
    if (refusal_ || features_.has(feature)) return;
    refusal_ = Error(ErrorKind::invalid, concat(to_string(feature), in_build(feature) ? " is switched off: " : " is not in this build: ", what), offset);
  }
  // What both forms of exceptions have.
  void need_exceptions(std::string_view what, size_t offset = 0) {
    if (!features_.has(Feature::legacy_exceptions)) need(Feature::exceptions, what, offset);
  }
  void type(ValType type, size_t offset) {
    if (type.is_vec()) need(Feature::simd, "v128", offset);
    if (!type.is_ref()) return;
    need(Feature::reference_types, "reference type", offset);
    switch (type.heap()) {
      case HeapKind::func:
      case HeapKind::extern_:
        if (!type.is_nullable()) need(Feature::function_references, "non-nullable reference type", offset);
        break;
      case HeapKind::concrete: need(Feature::function_references, "reference to a defined type", offset); break;
      case HeapKind::exn:
      case HeapKind::noexn: need(Feature::exceptions, "exception reference type", offset); break;
      default: need(Feature::gc, "reference type of garbage collection", offset); break;
    }
  }
  void limits(const Limits& limits, size_t offset) {
    if (limits.is_64) need(Feature::memory64, "64-bit limits", offset);
    if (limits.shared) need(Feature::threads, "shared memory", offset);
  }
  void definitions() {
    for (const SubType& definition : module_.types) {
      const FuncType& func = definition.func;
      if (definition.kind != CompositeKind::func) need(Feature::gc, "structure or array type", 0);
      if (!definition.is_final || definition.supertype) need(Feature::gc, "subtype", 0);
      for (const FieldType& field : definition.fields) type(field.type, 0);
      for (ValType param : func.params) type(param, 0);
      for (ValType result : func.results) type(result, 0);
      if (func.results.size() > 1) need(Feature::multi_value, "function type of several results", 0);
    }
    for (const RecGroup& group : module_.rec_groups) {
      if (group.end - group.begin != 1) need(Feature::gc, "recursion group", 0);
    }
    for (const TableDef& table : module_.tables) {
      type(table.type.element, 0);
      limits(table.type.limits, 0);
      if (table.init) expression(*table.init);
    }
    if (module_.tables.size() > 1) need(Feature::reference_types, "several tables", 0);
    for (const MemoryType& memory : module_.memories) {
      limits(memory.limits, 0);
      if (memory.page_size_log2 != 16) need(Feature::custom_page_sizes, "page size", 0);
    }
    if (module_.memories.size() > 1) need(Feature::multi_memory, "several memories", 0);
    if (!module_.tags.empty()) need_exceptions("tag");
    for (const GlobalDef& global : module_.globals) {
      type(global.type.type, global.init.begin);
      expression(global.init);
    }
    for (const ElementDef& element : module_.elements) {
      if (element.mode != SegmentMode::active) need(Feature::bulk_memory, "element segment that is not active", 0);
      if (element.uses_expressions) type(element.type, element.offset.begin);
      expression(element.offset);
      for (ConstExpr item : element.expressions) expression(item);
    }
    for (const DataDef& data : module_.data) {
      if (data.mode != SegmentMode::active) need(Feature::bulk_memory, "passive data segment", data.bytes.begin);
      expression(data.offset);
    }
  }
  void body(ByteRange range) {
    if (refusal_ || range.size() == 0) return;
    ByteReader reader(module_.bytes, range.begin, range.end);
    const uint32_t groups = reader.u32();
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      const size_t offset = reader.offset();
      (void)reader.u32();
      type(read_val_type(reader), offset);
    }
    instructions(reader, false);
  }
  void expression(ConstExpr range) {
    if (refusal_ || range.size() == 0) return;
    ByteReader reader(module_.bytes, range.begin, range.end);
    instructions(reader, true);
  }
  void instructions(ByteReader& reader, bool constant) {
    InstructionReader instructions(reader);
    Instruction in;
    while (!refusal_ && reader.ok() && !reader.at_end() && instructions.next(in)) {
      const OpRow op = info(in.op);
      if (in.op == Op::throw_) {
        need_exceptions(op.text, in.offset);
      } else {
        need(op.feature, op.text, in.offset);
      }
      // The arithmetic that constant expressions have at all.
      if (constant && in_build(op.feature) && op.immediates == ImmediateKind::none && is_arithmetic(signature(in.op))) {
        need(Feature::extended_const, op.text, in.offset);
      }
      const bool has_block = op.immediates == ImmediateKind::block_type || op.immediates == ImmediateKind::try_table;
      if (has_block && in.block.kind == BlockType::Kind::type_index) {
        need(Feature::multi_value, "block with a function type", in.offset);
      }
      if (has_block && in.block.kind == BlockType::Kind::value) type(in.block.value, in.offset);
      if (op.immediates == ImmediateKind::select_types || op.immediates == ImmediateKind::heap_type) type(in.type, in.offset);
    }
  }

  const ModuleDef& module_;
  Features features_;
  std::optional<Error> refusal_;
};

}  // namespace

Result<void> check_features(const ModuleDef& module, Features features) {
  if (features == everything()) return {};
  return FeatureChecker(module, features).run();
}

}  // namespace wplug
