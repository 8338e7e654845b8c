// The generator of one body, in four files: body_generator.cc (values and calls), body_control.cc (blocks, branches, exceptions),
// body_objects.cc (references, structures, arrays), body_bulk.cc (memories and tables).
//
// Every function here appends instructions that are valid where they stand. `depth` bounds how deep expressions and blocks nest.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "fuzz/byte_writer.h"
#include "fuzz/plan.h"
#include "fuzz/random.h"
#include "interp/wasm/opcode.h"

namespace wplug::fuzz {

// Simple instructions by the type of their result; those without one apart.
struct Menu {
  std::vector<std::pair<ValType, std::vector<Op>>> by_result;
  std::vector<Op> statements;

  explicit Menu(Features features);
  const std::vector<Op>& list(ValType type) const;
};

class BodyGenerator {
 public:
  BodyGenerator(Random& random, const Plan& plan, uint32_t function);

  std::vector<uint8_t> run();

 private:
  // closed: no branch gives what it takes. handler: of a legacy try, which rethrow may name.
  enum class LabelKind : uint8_t { block, loop, closed, handler };
  struct Label {
    std::vector<ValType> types;
    LabelKind kind = LabelKind::block;
  };
  // A field of a structure.
  struct Place {
    uint32_t type;
    uint32_t field;
  };

  uint32_t below(size_t n) { return random_.below(static_cast<uint32_t>(n)); }
  bool spent() const;
  bool has(Feature feature) const { return plan_.features.has(feature); }

  // Places. None found: the number of all there are.
  uint32_t local_to_read(ValType type);
  uint32_t local_to_write(ValType type);
  uint32_t new_local(ValType type);
  uint32_t global_to_read(ValType type);
  uint32_t global_to_write(ValType type);
  bool has_memory() const { return !plan_.memories.empty(); }
  uint32_t some_memory();
  // A table whose elements may stand where the type is wanted.
  uint32_t table_of(ValType type);
  static ValType address_type(bool is_64) { return is_64 ? ValType::i64() : ValType::i32(); }

  // Instructions.
  void op(Op op, uint64_t immediate);
  void number(bool is_64, uint64_t value);
  // A value of an address type, mostly below `size`.
  void bounded(bool is_64, uint64_t size, int depth);
  uint64_t memory_bytes(uint32_t memory) const { return plan_.memories[memory].min << 16; }
  void memarg(Op op, uint32_t memory);
  void simple(Op op, int depth);
  void immediates(Op op, uint32_t memory);
  void make_canonical(const OpRow& row, ValType type);

  // Values.
  void leaf(ValType type);
  void expression(ValType type, int depth);
  void select(ValType type, int depth);
  bool odd_source(ValType type, int depth);

  // Calls.
  void arguments(const std::vector<ValType>& types, int depth);
  void call(uint32_t function, int depth);
  bool call_for(ValType type, int depth);
  void keep_results(const std::vector<ValType>& types);
  void call_indirect(int depth);
  void call_reference(int depth);
  void tail_call(int depth);

  // Statements.
  void statement(int depth);
  void assign(int depth);
  void rare(int depth);
  void wide(int depth);

  // Blocks and branches.
  void open(Op opener, const std::vector<ValType>& results, LabelKind kind = LabelKind::block);
  void close();
  // An if block with a condition, to be closed.
  void open_if(int depth);
  const Label& label(uint32_t depth) const { return labels_[labels_.size() - 1 - depth]; }
  static bool can_branch(const Label& label) { return label.kind != LabelKind::loop && label.kind != LabelKind::closed; }
  void block_type(const std::vector<ValType>& results);
  bool has_block_type(const std::vector<ValType>& results) const;
  void block_body(const std::vector<ValType>& results, int depth);
  void block(const std::vector<ValType>& results, int depth);
  void if_else(const std::vector<ValType>& results, int depth);
  template <class Body>
  void repeat(uint32_t times, const std::vector<ValType>& results, int depth, Body body);
  void loop(const std::vector<ValType>& results, int depth);
  void block_with_params(int depth);
  void branch(int depth);
  bool branch_if_with(ValType type, int depth);
  void branch_table(int depth);
  void several_results(int depth);

  // Exceptions.
  void exception(int depth);
  void try_table(int depth);
  void legacy_try(int depth);
  void throw_some(int depth);
  void throw_again(int depth);

  // References and objects.
  void reference(ValType type, int depth);
  bool make(ValType type, int depth);
  void make_structure(uint32_t type, int depth);
  void make_array(uint32_t type, int depth);
  bool read_object(ValType type, int depth);
  bool object_number(ValType type, int depth);
  bool cast(ValType type, int depth);
  bool check_null(ValType type, int depth);
  bool convert(ValType type, int depth);
  void test_object(int depth);
  void digest(int depth);
  // A reference to an object of the type, null now and then.
  void object(uint32_t type, int depth);
  // An array in a local, mostly with elements; array_index() is mostly within it.
  uint32_t array_in_local(uint32_t type, int depth);
  void array_index(uint32_t array, int depth);
  std::vector<uint32_t> types_below(ValType type) const;
  ValType some_supertype(ValType type);
  ValType some_subtype(ValType type);
  void object_statement(int depth);
  void set_field(int depth);
  void change_array(int depth);
  void make_many(int depth);
  template <class Emit>
  bool with_segment(const FieldType& element, Emit emit);

  // Ranges of memories and tables.
  void bulk(int depth);
  void memory_fill(int depth);
  void memory_copy(int depth);
  void memory_init(int depth);
  void table_set(int depth);
  void table_fill(int depth);
  void table_copy(int depth);
  void table_init(int depth);
  void drop_segment();

  Random& random_;
  const Plan& plan_;
  uint32_t index_;
  const FuncType& type_;
  Menu menu_;
  ByteWriter out_;
  std::vector<ValType> locals_;
  uint32_t plain_ = 0;      // locals below are for everybody
  uint32_t canonical_ = 0;  // first of the locals that make_canonical uses
  std::vector<Label> labels_;
};

// Goes round by a counter of its own; `body` leaves the stack as it was.
template <class Body>
void BodyGenerator::repeat(uint32_t times, const std::vector<ValType>& results, int depth, Body body) {
  const uint32_t counter = new_local(ValType::i32());
  number(false, times);
  op(Op::local_set, counter);
  open(Op::loop, results, LabelKind::loop);
  body();
  op(Op::local_get, counter);
  number(false, 1);
  out_.op(Op::i32_sub);
  op(Op::local_tee, counter);
  op(Op::br_if, 0);
  for (ValType type : results) expression(type, depth - 1);
  close();
}

}  // namespace wplug::fuzz
