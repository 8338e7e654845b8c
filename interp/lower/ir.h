// The three-address form between validated bytes and internal code.
//
// A function is a list of Ir instructions over virtual registers: one for each local, one for each value that an instruction leaves on
// WebAssembly's stack (a temporary, defined once), and one for each result of a block (a merge, defined by every branch to its label).
// Each virtual register has a home slot: locals their own, the others the slot of their height on the stack. Two of the same home are never alive
// at once, so code that leaves all values at home is correct as it is; the allocation (allocate.h) then moves some to machine registers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "interp/wasm/opcode.h"
#include "interp/wasm/profile.h"
#include "wplug/types.h"

namespace wplug {

#ifndef WPLUG_INT_REGISTERS
#define WPLUG_INT_REGISTERS 0
#endif
#ifndef WPLUG_FLOAT_REGISTERS
#define WPLUG_FLOAT_REGISTERS 0
#endif
inline constexpr int kIntRegisters = WPLUG_INT_REGISTERS;
inline constexpr int kFloatRegisters = WPLUG_FLOAT_REGISTERS;

// A frame is [parameters][header][other locals][temporaries]; the header holds what a return needs.
inline constexpr uint32_t kHeaderSlots = 2;
inline constexpr uint32_t kHeaderReturnPc = 0;
inline constexpr uint32_t kHeaderCallerFp = 1;

enum class IrOp : uint16_t {
#define WPLUG_IR_INT(name, T, R) name,
#define WPLUG_IR_INT_TRAP(name, T) name,
#define WPLUG_IR_SHIFTED(name, T, outer, inner) name,
#define WPLUG_IR_MASKED(name, T, inner) name,
#define WPLUG_IR_TERNARY(name, T, outer, inner) name,
#define WPLUG_IR_FLOAT_TERNARY(name, T, outer, inner, reversed) name,
#define WPLUG_IR_FLOAT(name, T) name,
#define WPLUG_IR_FLOAT_COMPARE(name, T) name,
#define WPLUG_IR_UNARY(name, T, R) name,
#define WPLUG_IR_UNARY_TRAP(name, T, R) name,
#define WPLUG_IR_LOAD(name, M, R) name,
#define WPLUG_IR_STORE(name, M, T) name,
#define WPLUG_IR_ATOMIC(name, M, T, action) name,
#define WPLUG_IR_STRUCT_GET(name, M, R) name,
#define WPLUG_IR_STRUCT_SET(name, M, T) name,
#define WPLUG_IR_ARRAY_GET(name, M, R) name,
#define WPLUG_IR_ARRAY_SET(name, M, T) name,
#define WPLUG_IR_SPECIAL(name) name,
#define WPLUG_IR_VECTOR(name) name,
#define WPLUG_IR_VECTOR_SHIFT(name) name,
#define WPLUG_IR_VECTOR_SPECIAL(name) name,
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_INT_COMPARE(name, T) br_if_##name,
#define WPLUG_IR_INT_TEST(name, T) br_if_##name,
#define WPLUG_IR_ADD_BRANCH(compare, T, add) add_br_if_##compare,
#define WPLUG_IR_FLOAT_COMPARE(name, T) br_if_##name,
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) name##_indexed,
#define WPLUG_IR_STORE(name, M, T) name##_indexed,
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) name##_wrapped,
#define WPLUG_IR_STORE(name, M, T) name##_wrapped,
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD(name, M, R) name##_far,
#define WPLUG_IR_STORE(name, M, T) name##_far,
#include "interp/lower/ir_ops.def"
  count_
};
inline constexpr size_t kIrOpCount = static_cast<size_t>(IrOp::count_);

// How an operation's operands and words are laid out.
enum class IrShape : uint8_t {
  int_binary, int_shifted, int_masked, int_ternary, float_ternary, float_binary, float_compare, unary, load, store, load_indexed, store_indexed, load_wrapped, store_wrapped, load_far, store_far, atomic,
  branch_int, branch_add, branch_float, struct_get, struct_set, array_get, array_set, special, vector_binary, vector_shift, vector_any,
};
// The kind of a value: which file of registers it may be in (vectors and floating values share theirs) and how wide its home is.
enum class RegClass : uint8_t { integer, floating, vector };

// Where an operand of a vector_any operation is, as its cell says: a slot, or one of these plus the number of a machine register. Frames are
// smaller than these (see translate.cc).
inline constexpr uint16_t kIntLocation = 0xfff0;
inline constexpr uint16_t kFloatLocation = 0xfff8;

// An operation's name, for the printer; nothing where there is none.
#if WPLUG_PROFILE_SMALL
struct IrName {
  constexpr IrName(const char*) {}
};
#else
using IrName = const char*;
#endif

struct IrOpInfo {
  [[no_unique_address]] IrName name;
  IrShape shape;
  RegClass a;  // of operands
  RegClass d;  // of the result, or of the stored value
};
const IrOpInfo& info(IrOp op);

inline constexpr uint32_t kNoReg = 0xffffffff;
inline constexpr uint32_t kImmediate = 0xfffffffe;  // as operand b: `imm`

struct Ir {
  IrOp op;
  bool negate = false;   // branch_float: taken when the comparison is false
  uint8_t loop_depth = 0;
  uint8_t shift = 0;     // *_indexed, shifted, masked; the lane of vector operations
  uint32_t d = kNoReg;
  uint32_t a = kNoReg;
  uint32_t b = kNoReg;
  uint32_t c = kNoReg;
  // Target; br_table: first of its targets in Function::tables; calls and object operations: base slot; *_far, atomic: memory.
  uint32_t label = 0;
  uint32_t count = 0;    // instructions of the module since the last settling point, this one included
  uint32_t offset = 0;   // of the module's instruction, for traps
  uint64_t imm = 0;
};

struct VReg {
  uint32_t slot = 0;     // the first of two for a vector
  RegClass reg_class = RegClass::integer;
  bool pinned = false;   // must be in its slot
  bool is_local = false;
};

struct Label {
  uint32_t position = 0;  // index of the Ir it stands before
  uint32_t count = 0;     // the linear count there
  bool used = false;
};

// The virtual registers that hold a call's results.
struct CallResults {
  uint32_t call;   // Ir index
  uint32_t first;  // virtual register; the others follow
  uint32_t count;
};

// What a call, an object operation or return_slots takes from consecutive slots; for the checker.
struct SlotOperands {
  uint32_t index;  // Ir index
  uint32_t vreg;
};
// Exceptions. A try block is a set of handlers for what is thrown in its part of the text: by `throw` or by a call. A handler is a label
// like any other, whose virtual registers the throw defines in their slots. Machine registers are lost on the way, so everything that is
// alive at a handler is in its slot at every instruction that may throw to it.
inline constexpr uint32_t kNoTry = 0xffffffff;
inline constexpr uint32_t kAnyTag = 0xffffffff;
struct CatchTarget {
  uint32_t tag = kAnyTag;
  uint32_t label = 0;
  uint32_t first = 0;     // virtual register of the exception's first value; the others follow, their slots too
  uint32_t count = 0;
  uint32_t ref = kNoReg;  // virtual register of the exception itself, when the handler wants it
};
struct TryBlock {
  uint32_t parent = kNoTry;           // where an exception that no handler takes goes on; always a smaller number
  std::vector<CatchTarget> handlers;  // the first that fits takes it
};
// The Ir from `begin` to the next region's are in try block `block`, or in none.
struct TryRegion {
  uint32_t begin;
  uint32_t block;
};

struct IrFunction {
  std::vector<Ir> code;
  std::vector<VReg> vregs;       // locals first
  std::vector<Label> labels;
  std::vector<uint32_t> tables;  // labels of br_tables
  std::vector<CallResults> call_results;
  std::vector<SlotOperands> slot_operands;  // by ascending index
  std::vector<std::array<uint64_t, 2>> vectors;  // constants that an `imm` is the index of
  std::vector<TryBlock> try_blocks;
  std::vector<TryRegion> try_regions;  // ascending
  uint32_t locals = 0;
  uint32_t params = 0;        // of the locals
  uint32_t param_slots = 0;
  uint32_t result_slots = 0;
  uint32_t frame_slots = 0;
  uint32_t local_slots_begin = 0;  // of the locals that are not parameters
  uint32_t local_slots_end = 0;
};

bool is_branch(IrOp op);        // has `label` as a target (br_table apart)
bool is_terminator(IrOp op);    // control does not go on to the next instruction
bool is_call(IrOp op);          // clobbers machine registers
bool is_copy(const Ir& ir);     // of one virtual register to another
IrOp move_of(RegClass reg_class);  // the copy of a value
bool is_object_operation(IrOp op);  // makes objects or works on whole arrays: operands in slots from Ir::label on
bool may_throw(IrOp op);        // calls and throws
bool is_indirect_call(IrOp op);  // operand c is the table's index
bool is_int_compare(IrOp op);
bool is_float_compare(IrOp op);
IrOp swapped(IrOp compare);     // the integer comparison with its operands exchanged; other operations as they are
IrOp inverted(IrOp compare);    // the integer comparison (or br_if_…_test) that is true when this one is false; others as they are
IrOp test_of(IrOp compare, IrOp operation);  // br_if_…_test of x & y compared with 0, or IrOp::count_
// The innermost try block around an instruction, or kNoTry.
uint32_t try_block_at(const IrFunction& function, uint32_t index);
// The operation that computes outer(x, inner(y, constant)), or inner(x, constant) & constant; IrOp::count_ when there is none.
IrOp shifted_of(IrOp outer, IrOp inner);
IrOp masked_of(IrOp inner);
IrOp indexed_of(IrOp access);   // the indexed form of a load or store, or IrOp::count_
IrOp wrapped_of(IrOp access);   // the form with a constant added to the address, or IrOp::count_
// The operation that computes outer(inner(x, y), z), or IrOp::count_. Of floating operations: outer(z, inner(x, y)) when `reversed`.
IrOp ternary_of(IrOp outer, IrOp inner, bool reversed);
IrOp far_of(IrOp access);       // the form for memories that are not near (wasm/memory_access.h)
IrOp branch_of(IrOp compare);   // the compare-and-branch of a comparison
// The operation that adds a constant and then does `branch`, when there is one for `add`; else IrOp::count_.
IrOp add_branch_of(IrOp add, IrOp branch);
IrOp inverted_branch(IrOp branch);  // the integer compare-and-branch that is taken when this one is not

}  // namespace wplug
