// Reads the fields of a module and makes the binary module that they mean (spec 6.6).
//
// Three passes over the tokens. The first gives every field its index and binds names, because a name may be used
// before it is bound. The second reads the types, because a type use needs them all. The third reads everything else in
// order and writes it at once into the sections; type uses without a type of their own find an equal one or append it,
// in the order of the text, as the spec has it. Nothing recurses: instructions have a stack of their own
// (instructions.cc).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interp/text/cursor.h"
#include "interp/text/writer.h"
#include "interp/wasm/opcode.h"

namespace wplug::text {

// The index spaces of a module. The first five have the numbers that imports and exports give them.
enum class Space : uint8_t { func, table, memory, global, tag, type, elem, data };
inline constexpr size_t kSpaceCount = 8;

// Whether the instruction opens a block.
constexpr bool is_structured(Op op) {
  return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_table || op == Op::try_;
}

void put_op(Op op, Bytes& out);

class ModuleParser {
 public:
  // Reads the fields that `in` has, up to its end. `name` is the module's identifier, or empty.
  ModuleParser(Cursor& in, std::string_view name);

  // The bytes of the binary module. Call once. False: the cursor has the error.
  bool run(Bytes& out);

 private:
  using NameMap = std::unordered_map<std::string_view, uint32_t>;
  using Names = std::vector<std::pair<uint32_t, std::string_view>>;  // by index, ascending

  struct IndexSpace {
    NameMap indices;
    Names names;  // for the name section
    uint32_t count = 0;
  };
  struct Section {
    Bytes items;
    uint32_t count = 0;
  };
  struct Type {
    Bytes signature;  // of a function type: its parameters and results as the binary format has them
    uint32_t params = 0;
    bool is_func = false;
  };
  struct TypeUse {
    std::optional<uint32_t> index;
    uint32_t param_count = 0;
    uint32_t result_count = 0;
    Bytes params;
    Bytes results;
    Names param_names;
    bool is_empty() const { return param_count == 0 && result_count == 0; }
    Bytes signature() const;
  };
  struct RefType {
    bool nullable = true;
    Bytes heap;
  };
  // A custom section asked for by an annotation: `order` is the place among the sections, in halves.
  struct Custom {
    unsigned order = 0;
    Bytes payload;
  };
  struct Indirect {
    uint32_t function;
    Names names;
  };
  struct BranchHint {
    uint32_t offset;
    uint8_t likely;
  };

  enum class FrameKind : uint8_t;

  // First pass (names.cc).
  bool collect();
  bool collect_field(Word word, size_t close);
  bool collect_import(size_t close);
  bool collect_described(uint32_t count);
  bool bind(Space space, std::string_view name, size_t offset);
  bool bind_next(Space space);
  bool has_inline(Word word, size_t close) const;

  // Types (types.cc).
  bool type_field();
  bool rec_field();
  bool type_definition(Bytes& out);
  bool composite_type(Type& type, Bytes& out);
  bool struct_fields(Bytes& out);
  bool field_type(Bytes& out);
  bool storage_type(Bytes& out);
  bool val_type(Bytes& out);
  bool is_ref_type() const;
  bool ref_type(RefType& type);
  bool ref_type(Bytes& out);
  bool heap_type(Bytes& out);
  bool global_type(Bytes& out);
  bool is_address_64();
  bool limits(bool is_64, bool is_memory, Bytes& out);
  bool table_type(Bytes& out);
  bool page_size(unsigned& log2);
  bool signature(TypeUse& use, bool names_allowed);
  bool type_use(TypeUse& use, bool names_allowed);
  bool resolve(TypeUse& use, uint32_t& index);
  static Bytes encode_ref(const RefType& type);
  void add_type(Type type, bool is_plain);

  // Fields (fields.cc).
  bool field();
  bool import_field();
  bool import_items(const Bytes& module);
  // `kind id? type )`, the parenthesis in front taken.
  bool extern_type(bool id_allowed, Space& kind, Bytes& type);
  void add_import(const Bytes& module, const Bytes& name, Space kind, const Bytes& type);
  bool check_import_order();
  // `id? (export "n")*`, and `(import "m" "n")` if it is there: then `imported` holds the names.
  struct Head {
    uint32_t index = 0;
    bool is_import = false;
    Bytes module, name;
  };
  bool head(Space space, Head& head);
  void define(Space space, unsigned section_id);
  bool func_field();
  bool locals();
  bool function_body(uint32_t index, const TypeUse& use, uint32_t type);
  bool table_field();
  bool inline_elements(uint32_t table, bool is_64, const RefType& type);
  bool memory_field();
  bool inline_data(uint32_t memory, bool is_64, std::optional<unsigned> page_log2);
  bool tag_field();
  bool global_field();
  bool export_field();
  bool start_field();
  bool elem_field();
  bool target(Word word, Space space, bool& is_there, uint32_t& target);
  bool element_list(bool indices_allowed, Bytes& type, Bytes& items, uint32_t& count, bool& uses_expressions);
  bool element_expressions(Bytes& items, uint32_t& count);
  bool function_indices(Bytes& items, uint32_t& count);
  bool data_field();
  bool offset_expression(Bytes& out);
  bool const_expression(FrameKind root, Bytes& out);
  bool strings(Bytes& out);

  // Instructions (instructions.cc, immediates.cc). They write to `code_`.
  enum class FrameKind : uint8_t {
    sequence,  // up to the parenthesis that closes what holds it
    single,    // one folded instruction
    block,     // block, loop or try_table, up to `end`
    if_,       // up to `else` or `end`
    else_,     // up to `end`
    try_,      // of legacy exceptions, up to `catch`, `catch_all`, `delegate` or `end`
    catch_,
    catch_all,
    folded,  // operands; the instruction itself waits in `pending_`
    folded_block,
    folded_if,         // operands, then `(then`; the instruction waits in `pending_`
    folded_if_then,    // behind its `then`
    folded_if_else,    // behind its `else`
    folded_try,        // before `(do`
    folded_try_do,     // behind it
    folded_try_catch,  // behind a `(catch`
    folded_try_end,    // behind `(catch_all` or `(delegate`
    folded_part,       // inside `(then`, `(else`, `(do`, `(catch` or `(catch_all`
  };
  struct Frame {
    FrameKind kind = FrameKind::sequence;
    bool delegated = false;
    std::optional<uint8_t> hint;
    uint32_t pending = 0;    // where in `pending_` the instruction begins
    std::string_view label;  // of a folded if, until it is in scope
  };

  void push_frame(FrameKind kind) { frames_.emplace_back().kind = kind; }
  bool expression(FrameKind root);
  bool keyword();
  bool keyword_else();
  bool keyword_end();
  bool keyword_catch(Op op);
  bool keyword_delegate();
  bool structured(Op op, bool is_folded);
  bool block_header(Op op, std::string_view& label, Bytes& out);
  bool catch_clauses(Bytes& out);
  bool open();
  bool open_folded();
  bool open_if();
  bool open_try_part();
  bool close();
  void finish_folded();
  void add_pending();
  bool check_label();
  void push_label(std::string_view name);
  void pop_label();
  static bool takes_plain(FrameKind kind);

  bool instruction(Op op, Bytes& out);
  bool immediates(Op op, Bytes& out);
  bool select(Bytes& out);
  bool label(Bytes& out);
  bool label_table(Bytes& out);
  bool local(Bytes& out);
  bool memarg(Op op, Bytes& out);
  bool memarg_lane(Op op, Bytes& out);
  bool number(unsigned bits, bool is_float, uint64_t& value);
  size_t numbers(size_t most) const;
  bool vector_constant(Bytes& out);
  bool lanes(Bytes& out);
  bool lane(Bytes& out);
  bool indirect(Bytes& out);
  bool ref_instruction(Op nullable, Op non_null, Bytes& out);
  bool struct_field(Bytes& out);
  bool cast_branch(Bytes& out);
  bool optional_index(Space space, Bytes& out);
  bool optional_pair(Space space, Bytes& out);
  bool optional_first(Space optional, Space last, Bytes& out);

  bool index(Space space, uint32_t& index);
  bool index(Space space, Bytes& out);

  // Annotations (annotations.cc).
  bool take_customs();
  bool custom_annotation(const Annotation& annotation);
  bool take_name(std::string_view& name);
  bool name_annotation(const Annotation& annotation, std::string_view& name);
  // Takes the hint before the instruction `op` at hand, which must be one that takes hints.
  bool take_hint(Op op, std::optional<uint8_t>& hint);
  // The instruction that `hint` is about is written next.
  void record_hint(const std::optional<uint8_t>& hint);
  bool check_annotations();
  // The first annotation of that name before the token at hand that nothing has taken, taken now; null when there is
  // none.
  const Annotation* annotation_here(std::string_view name);
  size_t first_annotation() const;

  // The module (assemble.cc).
  void assemble(Bytes& out) const;
  void put_section(unsigned id, Bytes& out) const;
  void put_customs(unsigned order, Bytes& out) const;
  Bytes name_section() const;
  Bytes hint_section() const;

  Section& section(unsigned id) { return sections_[id]; }

  Cursor& in_;
  std::string_view module_name_;
  std::array<IndexSpace, kSpaceCount> spaces_;
  std::vector<size_t> fields_;
  std::array<Section, 14> sections_;  // by id
  bool has_start_ = false;
  bool uses_data_ = false;  // instructions refer to data segments
  std::optional<Space> first_defined_;
  std::array<uint32_t, kSpaceCount> next_{};  // index of the next field of each kind, in the third pass

  std::vector<Type> types_;
  uint32_t type_entries_ = 0;  // recursive types in the type section
  std::unordered_map<Bytes, uint32_t> plain_types_;
  std::unordered_map<uint32_t, NameMap> field_names_;
  std::vector<Indirect> fields_by_type_;

  // Of the function or expression at hand.
  Bytes code_;
  Bytes pending_;
  std::vector<Frame> frames_;
  NameMap locals_;
  uint32_t local_count_ = 0;
  bool locals_unknown_ = false;  // the function's type does not exist: names of locals mean nothing
  struct Label {
    std::string_view name;
    uint32_t shadowed = 0;  // 1 + the label of the same name outside of it; 0: there is none
  };
  std::vector<Label> labels_;
  NameMap label_by_name_;  // 1 + the innermost
  uint32_t label_count_ = 0;
  Names label_names_;
  std::vector<BranchHint> hints_;
  bool in_function_ = false;

  std::vector<Indirect> local_names_, all_label_names_;
  std::vector<std::pair<uint32_t, std::vector<BranchHint>>> all_hints_;

  // Annotations.
  std::vector<Annotation> annotations_;
  std::vector<bool> taken_;
  std::vector<Custom> customs_;
};

}  // namespace wplug::text
