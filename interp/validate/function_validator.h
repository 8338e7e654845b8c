// Validates bodies and constant expressions by the algorithm of the spec's appendix A.3: one pass, a stack of operand
// types and a stack of open blocks, no recursion. Code that cannot be reached has a stack of values of any type below
// what it pushed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interp/decode/instruction_reader.h"
#include "interp/validate/local_types.h"
#include "interp/validate/module_types.h"
#include "interp/validate/signature.h"
#include "interp/wasm/module_def.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// Serves all bodies of a module one after the other, so that its stacks are allocated once. Borrows module and limits.
class FunctionValidator {
 public:
  FunctionValidator(ModuleDef& module, ModuleTypes& types, const ModuleLimits& limits);

  // The body of defined function `index`. Types of all functions, tables, memories and globals are valid by now, and
  // all declared functions are marked.
  Result<void> validate_body(uint32_t index);

  // A constant expression of type `expected`, which may refer to the first `visible_globals` globals. Marks functions
  // that it refers to as declared. `what` and `index` name its owner in messages ("global", 3).
  Result<void> validate_const(ConstExpr expression, ValType expected, uint32_t visible_globals, std::string_view what,
                              uint32_t index);
  // The last constant expression makes objects.
  bool allocates() const { return allocates_; }

 private:
  enum class Kind : uint8_t { function, block, loop, if_, else_, try_, catch_, catch_all };
  // An open block. Its type is `type`, or no parameters and `value` as the result when that is null.
  struct Control {
    Kind kind = Kind::block;
    bool unreachable = false;
    bool has_value = false;
    ValType value;
    uint32_t base = 0;   // operands below it
    uint32_t slots = 0;  // of those
    uint32_t stamp = 0;  // of the last br_table that checked it
    uint32_t initializations = 0;  // when it began
    const FuncType* type = nullptr;

    std::span<const ValType> params() const;
    std::span<const ValType> results() const;
    std::span<const ValType> label_types() const { return kind == Kind::loop ? params() : results(); }
  };

  void start(std::string_view what, uint32_t index);
  bool run_body(ByteReader& reader);
  bool run_const(ByteReader& reader);
  Result<void> finish(const ByteReader& reader);
  bool missing_end(ByteReader& reader) const;

  // The rules. False: an error is recorded.
  bool step(const Instruction& in, const InstructionReader& instructions);
  bool simple(const Signature& signature);
  bool memory_access(const Signature& signature, const Instruction& in);
  bool block(const Instruction& in, Kind kind);
  bool else_block();
  bool end_block();
  bool branch(uint32_t depth);
  bool branch_if(uint32_t depth);
  bool branch_table(std::span<const uint32_t> labels, uint32_t default_label);
  bool try_table(const Instruction& in, std::span<const CatchClause> clauses);
  bool catch_clause(const CatchClause& clause);
  bool throw_tag(uint32_t index);
  bool throw_ref();
  bool catch_block(const Instruction& in);
  bool delegate_block(uint32_t depth);
  bool rethrow(uint32_t depth);
  bool call(uint32_t function);
  bool call_indirect(const Instruction& in);
  bool return_call(const FuncType& type);
  bool select();
  bool select_typed(const Instruction& in);
  bool local_get(uint32_t index);
  bool local_set(uint32_t index);
  bool local_tee(uint32_t index);
  bool global_get(uint32_t index);
  bool global_set(uint32_t index);
  bool call_ref(uint32_t type);
  bool is_initialized(uint32_t local) const;
  void initialize(uint32_t local);
  void forget_initializations(const Control& control);
  // Those of rules_reference.cc.
  bool reference_instruction(const Instruction& in);
  bool ref_func(uint32_t index);
  bool convert(HeapKind from, HeapKind to);
  bool cast(ValType to, ValType result);
  bool branch_on_null(uint32_t depth);
  bool branch_on_non_null(uint32_t depth);
  bool branch_on_cast(const Instruction& in);
  bool branch_with(uint32_t depth, ValType type);
  bool structure_instruction(const Instruction& in);
  bool array_instruction(const Instruction& in);
  bool array_copy(const Instruction& in, const FieldType& to);
  bool can_get(const FieldType& field, bool is_plain);
  bool numeric_data(const FieldType& field, uint32_t segment);
  bool element_for(const FieldType& field, uint32_t segment);
  ValType top_of_type(ValType type) const;
  bool memory_instruction(const Instruction& in);
  bool memory_init(const Instruction& in);
  bool table_instruction(const Instruction& in);
  bool table_copy(const Instruction& in);
  bool table_init(const Instruction& in);
  bool has_lanes(const Instruction& in);
  bool wide_arithmetic();

  // Index spaces. Null or false: unknown, recorded.
  const FuncType* function_type(uint32_t function);
  const FuncType* type(uint32_t index);
  const SubType* defined(uint32_t index, CompositeKind kind);
  bool known(ValType type);
  const TableType* table(uint32_t index);
  const MemoryType* memory(uint32_t index);
  const ElementDef* element(uint32_t index);
  const FuncType* tag(uint32_t index);
  bool has_data(uint32_t index);
  bool has_local(uint32_t index);
  Control* label(uint32_t depth);

  // Operands. An unreachable block's stack never runs out: below what was pushed there are values of type bottom.
  bool push(ValType type);
  bool push(std::span<const ValType> types);
  bool pop_any(ValType& type);
  bool pop_ref(ValType& type);
  bool pop(ValType expected);
  // Pops the last first.
  bool pop(std::span<const ValType> types);
  // As if popped and pushed again.
  bool check_top(std::span<const ValType> types);
  void push_control(const Control& control);
  bool pop_results();
  void set_unreachable();
  bool new_height();

  bool unknown(std::string_view what, uint32_t index);
  bool mismatch(std::string_view detail);
  bool mismatch(ValType expected, ValType found);
  bool missing(ValType expected);
  bool invalid(std::string text);
  bool fail(ErrorKind kind, std::string text);

  ModuleDef& module_;
  ModuleTypes& types_;
  const ModuleLimits& limits_;
  size_t code_end_ = 0;                // end of the code section
  std::vector<uint32_t> param_slots_;  // by type

  // Of the body or expression at hand.
  std::string_view what_;
  uint32_t index_ = 0;
  const FuncType* function_ = nullptr;
  bool is_constant_ = false;
  bool allocates_ = false;
  uint32_t visible_globals_ = 0;
  LocalTypes locals_;
  bool tracks_initialization_ = false;      // a local has no default value
  std::vector<bool> initialized_;           // by local; empty as long as none without default has been written
  std::vector<uint32_t> initializations_;   // the locals that open blocks have initialized
  Op op_ = Op::nop;
  uint32_t offset_ = 0;
  std::unique_ptr<Error> error_;

  // The operand stack, and `controls_.back().base` beside it because most instructions look at it.
  std::vector<ValType> values_;
  size_t height_ = 0;
  size_t base_ = 0;
  uint32_t slots_ = 0;
  uint32_t most_slots_ = 0;
  uint32_t slot_limit_ = 0;
  std::vector<Control> controls_;
  uint32_t stamp_ = 0;
};

}  // namespace wplug
