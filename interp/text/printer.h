// Prints modules. Reads the bytes itself rather than a decoded module, so that it shows what cannot be decoded yet up
// to the damage, and needs nothing but the opcode table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "interp/base/byte_reader.h"
#include "interp/text/module_parser.h"
#include "interp/wasm/opcode.h"
#include "wplug/text.h"
#include "wplug/types.h"

namespace wplug::text {

// The names of a module (its name section), as far as they can stand in a text: none twice in one index space.
class ModuleNames {
 public:
  // Reads the name section's payload. What comes before the damage of a damaged one is kept.
  void read(ByteReader& reader);

  std::string_view module() const { return module_; }
  // Empty: it has no name.
  std::string_view of(Space space, uint32_t index) const { return find(spaces_[static_cast<size_t>(space)], index); }
  std::string_view local(uint32_t function, uint32_t index) const { return find(locals_, key(function, index)); }
  std::string_view label(uint32_t function, uint32_t index) const { return find(labels_, key(function, index)); }
  std::string_view field(uint32_t type, uint32_t index) const { return find(fields_, key(type, index)); }

 private:
  using Map = std::unordered_map<uint64_t, std::string_view>;
  static uint64_t key(uint32_t outer, uint32_t inner) { return uint64_t{outer} << 32 | inner; }
  static std::string_view find(const Map& map, uint64_t at) {
    const auto found = map.find(at);
    return found == map.end() ? std::string_view() : found->second;
  }
  static void read_map(ByteReader& reader, uint64_t base, bool unique, Map& map);
  static void read_indirect(ByteReader& reader, bool unique, Map& map);

  std::string_view module_;
  std::array<Map, kSpaceCount> spaces_;
  Map locals_, labels_, fields_;
};

// Prints a module, or finds an instruction in it.
class Printer {
 public:
  Printer(std::span<const uint8_t> module, const PrintOptions& options) : bytes_(module), options_(options) {}

  Result<std::string> print();
  Result<CodePlace> find(size_t offset);

 private:
  struct Type {
    bool is_func = false;
    std::vector<std::string> params, results;
  };
  struct Section {
    uint8_t id;
    size_t begin, end;
  };
  // The body that is being read.
  struct Body {
    uint32_t function = 0;
    uint32_t label_count = 0;
    std::vector<std::string_view> labels;                    // open blocks, the innermost last
    std::unordered_map<std::string_view, size_t> innermost;  // label → 1 + its place
    std::vector<size_t> shadowed;                            // for each open block, what `innermost` had
    bool in_function = false;
  };

  bool scan();
  bool is_kept(const Section& section) const;
  ByteReader reader_of(const Section& section) const { return ByteReader(bytes_, section.begin, section.end); }
  bool each(const Section& section, void (Printer::*item)(ByteReader&, uint32_t));

  // Sections' items.
  void type_item(ByteReader& reader, uint32_t index);
  void import_item(ByteReader& reader, uint32_t index);
  void function_item(ByteReader& reader, uint32_t index);
  void table_item(ByteReader& reader, uint32_t index);
  void memory_item(ByteReader& reader, uint32_t index);
  void tag_item(ByteReader& reader, uint32_t index);
  void global_item(ByteReader& reader, uint32_t index);
  void export_item(ByteReader& reader, uint32_t index);
  void element_item(ByteReader& reader, uint32_t index);
  void code_item(ByteReader& reader, uint32_t index);
  void data_item(ByteReader& reader, uint32_t index);
  void custom(ByteReader reader, std::string_view previous);

  // Pieces of text.
  void line(std::string_view text) {
    out_.append(2 * std::min<size_t>(indent_, kMostIndent), ' ').append(text) += '\n';
  }
  std::string sub_type(ByteReader& reader, uint32_t index);
  std::string composite_type(ByteReader& reader, uint32_t index);
  std::string storage_type(ByteReader& reader);
  std::string field_type(ByteReader& reader);
  static bool is_mutable(ByteReader& reader);
  std::string val_type(ByteReader& reader);
  std::string ref_type(ByteReader& reader);
  std::string heap_type(ByteReader& reader);
  std::string reference(bool nullable, const std::string& heap) const;
  std::string global_type(ByteReader& reader);
  std::string limits(ByteReader& reader);
  std::string table_type(ByteReader& reader);
  std::string type_use(uint32_t type, std::optional<uint32_t> function);
  std::string expression(ByteReader& reader);
  std::string offset(ByteReader& reader);
  static std::string unfolded(std::string text);
  std::string head(Space space, uint32_t index) const;
  uint32_t next(Space space);
  std::string ref(Space space, uint32_t index) const;

  // Instructions. Every one is read as text; `op` says which it is.
  std::string instruction(ByteReader& reader, Op& op);
  std::string immediates(ByteReader& reader, Op op);
  std::string label(uint32_t depth) const;
  std::string block(ByteReader& reader, Op op);
  std::string catches(ByteReader& reader);
  std::string memarg(ByteReader& reader, Op op);
  std::string pair(ByteReader& reader, Space first, Space second);
  std::string segment_pair(ByteReader& reader, Space segment, Space target);
  std::string optional(Space space, uint32_t index) const;
  std::string local(uint32_t index) const;
  Result<CodePlace> find_in(ByteReader reader, uint32_t function, size_t offset);
  void push_label(std::string_view name);
  void pop_label();
  void body(ByteReader& reader, uint32_t function);
  std::string locals(ByteReader& reader, uint32_t function);

  static constexpr size_t kMostIndent = 40;

  std::span<const uint8_t> bytes_;
  PrintOptions options_;
  std::vector<Section> sections_;
  std::unique_ptr<Error> error_;
  ModuleNames names_;
  std::vector<Type> types_;
  std::vector<uint32_t> functions_;  // types
  std::array<uint32_t, kSpaceCount> counts_{};
  uint32_t imported_functions_ = 0;
  size_t bodies_ = 0;
  Body body_;
  size_t indent_ = 0;
  std::string out_;
};

}  // namespace wplug::text
