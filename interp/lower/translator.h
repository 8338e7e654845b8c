// The pass behind translate(): state and helpers. Split over translate.cc (values), translate_control.cc (blocks, branches, calls),
// translate_exceptions.cc.
//
// WebAssembly's stack is simulated. An entry is a temporary in a virtual register, or lazy: a local not yet read or a constant. Lazy
// entries become operands of the instruction that pops them, so local.get and const cost nothing; a local that is about to be written,
// and every lazy local where a block begins, is first copied to the home of its entry. `local.set` of a temporary just computed renames
// the definition instead of copying.
//
// Heights count entries. An entry's home is the first of its slots, below which are those of the entries under it (a vector's are two).
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "interp/decode/instruction_reader.h"
#include "interp/lower/code.h"
#include "interp/lower/ir.h"
#include "wplug/trap.h"

namespace wplug {

class Translator {
 public:
  Translator(const ModuleCode& module, uint32_t function);
  Result<IrFunction> run();

 private:
  struct Entry {
    enum class Kind : uint8_t { temporary, local, constant };
    Kind kind = Kind::temporary;
    ValType type;
    uint32_t vreg = kNoReg;
    uint64_t bits = 0;
    uint64_t high_bits = 0;  // of a vector
  };
  struct Control {
    enum class Kind : uint8_t { block, loop, if_, else_, function, try_, catch_ };
    Kind kind = Kind::block;
    uint32_t height = 0;            // entries below its parameters
    uint32_t label = 0;             // a branch to it goes there
    uint32_t else_label = 0;
    uint32_t merges = 0;            // first of the virtual registers a branch fills
    uint32_t arity = 0;             // values that a branch to the label carries
    std::span<const ValType> params;
    std::span<const ValType> results;
    std::span<const ValType> label_types;
    uint32_t outer_try = kNoTry;      // the try block around it
    uint32_t try_block = kNoTry;      // the one that it is
    uint32_t handler = 0;             // catch_: number of its handler in the try block
    uint32_t exception = kNoReg;      // catch_: virtual register of the exception, for `rethrow`
    bool merges_pinned = false;
    std::vector<Entry> else_entries;  // parameters as the else branch finds them
  };

  // Values (translate.cc)
  void declare_locals(ByteReader& reader);
  void step(const Instruction& in);
  void push(Entry entry);
  void push_local(uint32_t local);
  void push_constant(ValType type, uint64_t bits);
  uint32_t push_temporary(ValType type);
  Entry pop();
  // Of the entry at `height`, which is on the stack, or was just popped, or comes next.
  uint32_t home_slot(size_t height) const { return homes_[height]; }
  uint32_t new_vreg(ValType type, uint32_t slot);
  Ir& emit(IrOp op);
  void touch(uint32_t vreg);
  uint32_t use(const Entry& entry, size_t height);
  bool use_immediate(const Entry& entry, bool is_64, Ir& ir);
  uint32_t pin(Entry& entry, size_t height);
  void move_to(uint32_t d, const Entry& entry);
  void materialize_locals(uint32_t local);
  void materialize_all();
  bool can_redefine(const Entry& entry) const;
  void binary(IrOp op, ValType type, ValType result);
  bool is_last(const Entry& entry) const;
  bool can_delay(const Entry& entry, size_t height) const;
  Ir take_back(const Entry& entry);
  bool fuse_ternary(IrOp op, const Entry& a, const Entry& b, size_t height, ValType result);
  bool fuse_shift(IrOp op, const Entry& a, const Entry& b, ValType result);
  bool fuse_mask(IrOp op, const Entry& a, const Entry& b, ValType result);
  bool fuse_address(const Entry& address, size_t height, uint64_t offset, bool may_index, Ir& access);
  void unary(IrOp op, ValType result);
  void equal_zero(bool is_64);
  void load(IrOp op, ValType type, const Instruction& in);
  void store(IrOp op, const Instruction& in);
  void local_set(uint32_t local, bool keep);
  void select();
  void global_get(uint32_t index);
  void global_set(uint32_t index);
  void slots_operation(IrOp op, int operands, uint64_t imm, bool has_result, ValType result);
  bool simple(const Instruction& in);
  bool table_or_memory(const Instruction& in);

  // Memories in general (translate_memory.cc)
  bool is_near(uint32_t memory) const;
  void load_far(IrOp op, ValType type, const Instruction& in);
  void store_far(IrOp op, const Instruction& in);
  bool atomic(const Instruction& in);
  uint32_t index_64(uint32_t vreg);
  // Vectors and wide arithmetic (translate_vector.cc)
  bool vector(const Instruction& in);
  bool lane(const Instruction& in);
  bool wide(const Instruction& in);
  uint32_t vector_constant(uint64_t low, uint64_t high);
  void vector_binary(IrOp op);
  void vector_shift(IrOp op);
  void vector_any(IrOp op, size_t operands, ValType result);
  void shuffle(const Instruction& in);
  void extract_lane(IrOp op, uint32_t lane, ValType result);
  void load_lane(IrOp load_op, IrOp replace_op, ValType lane_type, const Instruction& in);
  void store_lane(IrOp extract_op, IrOp store_op, ValType lane_type, const Instruction& in);
  void add_wide(bool subtract);
  void multiply_wide(IrOp high);
  uint32_t binary_to(uint32_t d, IrOp op, uint32_t a, uint32_t b);
  // References (translate_reference.cc)
  bool reference(const Instruction& in);
  bool structure(const Instruction& in);
  bool array(const Instruction& in);
  void object_operation(IrOp op, size_t operands, uint64_t imm, bool has_result, ValType result);
  void struct_get(const Instruction& in);
  void struct_set(const Instruction& in);
  void array_get(const Instruction& in);
  void array_set(const Instruction& in);
  void ref_check(TrapKind kind);
  void ref_test(IrOp op, ValType type, ValType result);
  uint32_t keep_top();
  void branch_on_null(uint32_t depth);
  void branch_on_non_null(uint32_t depth);
  void branch_on_cast(uint32_t depth, ValType to, bool when);

  // Control (translate_control.cc)
  bool control(const Instruction& in);
  uint32_t new_label();
  void place_label(uint32_t label);
  uint32_t new_merges(std::span<const ValType> types, size_t height);
  void push_merges(uint32_t merges, std::span<const ValType> types);
  void set_stack(size_t height);
  std::span<const ValType> param_types(const BlockType& block) const;
  std::span<const ValType> result_types(const BlockType& block);
  void begin_block(const Instruction& in, Control::Kind kind);
  void begin_else();
  void end_block();
  void end_if(Control& control);
  void end_function(Control& control);
  void branch(uint32_t depth);
  void branch_if(uint32_t depth);
  void branch_table(std::span<const uint32_t> labels, uint32_t default_label);
  void move_to_label(const Control& target, bool rename);
  struct Condition {
    IrOp compare = IrOp::i32_ne;
    uint32_t a = kNoReg, b = kImmediate;
    uint64_t imm = 0;
  };
  Condition pop_condition();
  void fuse_test(Condition& condition);
  void branch_when(Condition condition, uint32_t depth, bool of_top = false);
  void emit_branch(Condition condition, bool when, uint32_t label);
  void emit_return();
  void call(const Instruction& in);

  // Exceptions (translate_exceptions.cc)
  bool exceptions(const Instruction& in);
  void begin_try_table(const Instruction& in, std::span<const CatchClause> clauses);
  void begin_try(const Instruction& in);
  void begin_catch(const Instruction& in);
  void end_delegate(uint32_t depth);
  void throw_tag(uint32_t tag);
  void throw_ref();
  void rethrow(uint32_t depth);
  void enter_try(Control& control);
  void set_try(uint32_t block);
  void keep_at_home(size_t height);
  static uint32_t try_inside(const Control& control) {
    bool in_body = control.try_block != kNoTry && control.kind != Control::Kind::catch_;
    return in_body ? control.try_block : control.outer_try;
  }
  void settle() { count_ = 0; }
  void become_unreachable();

  const ModuleCode& module_;
  const ModuleDef& def_;
  const FunctionDef& function_;
  const FuncType& type_;
  IrFunction ir_;
  std::vector<Entry> stack_;
  std::vector<uint32_t> homes_;  // by height, one more than the stack has ever been high
  std::vector<Control> controls_;
  std::vector<uint32_t> definition_;   // by virtual register: index of its one definition, or kNoReg
  std::vector<uint32_t> last_access_;  // by local: index after the last Ir that reads or writes it
  std::vector<uint32_t> last_write_;   // by local: index after the last Ir that writes it
  std::vector<uint32_t> pending_;      // by local: lazy entries on the stack
  std::vector<ValType> local_types_;
  std::deque<ValType> other_types_;    // of blocks with one result, for spans
  uint32_t temp_base_ = 0;
  uint32_t frame_end_ = 0;    // one past the highest slot in use so far
  uint32_t block_start_ = 0;  // no label since this Ir index
  size_t lazy_floor_ = 0;     // entries below are not lazy locals
  size_t home_floor_ = 0;     // entries below are pinned
  uint32_t current_try_ = kNoTry;
  uint32_t count_ = 0;        // instructions since the last settling point
  uint32_t offset_ = 0;
  uint32_t loop_depth_ = 0;
  bool unreachable_ = false;
  uint32_t skipped_ = 0;      // blocks opened in unreachable code
};

}  // namespace wplug
