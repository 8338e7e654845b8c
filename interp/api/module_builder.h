// For tests: builds small modules byte by byte (spec 5.5). Nothing is checked: what is wrong stays wrong. Sections come
// out in the order of the binary format whatever the order of the calls.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string_view>
#include <vector>

namespace wplug::test {

using Bytes = std::vector<uint8_t>;

inline constexpr uint8_t kI32 = 0x7f, kI64 = 0x7e, kF32 = 0x7d, kF64 = 0x7c, kFuncref = 0x70, kExternref = 0x6f,
                         kExnref = 0x69;
inline constexpr uint8_t kFuncKind = 0, kTableKind = 1, kMemoryKind = 2, kGlobalKind = 3, kTagKind = 4;

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes leb(uint32_t value) {
  Bytes bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<uint8_t>(value | 0x80));
  bytes.push_back(static_cast<uint8_t>(value));
  return bytes;
}

inline Bytes signed_leb(int64_t value) {
  Bytes bytes;
  for (;;) {
    const uint8_t byte = value & 0x7f;
    value >>= 7;
    if ((value == 0 && (byte & 0x40) == 0) || (value == -1 && (byte & 0x40) != 0)) {
      bytes.push_back(byte);
      return bytes;
    }
    bytes.push_back(byte | 0x80);
  }
}

inline Bytes text(std::string_view text) {
  return leb(static_cast<uint32_t>(text.size())) + Bytes(text.begin(), text.end());
}

inline Bytes vec(const std::vector<uint32_t>& values) {
  Bytes bytes = leb(static_cast<uint32_t>(values.size()));
  for (uint32_t value : values) bytes = bytes + leb(value);
  return bytes;
}

// Constant expressions with their end.
inline Bytes i32_const(int32_t value) { return Bytes{0x41} + signed_leb(value) + Bytes{0x0b}; }
inline Bytes i64_const(int64_t value) { return Bytes{0x42} + signed_leb(value) + Bytes{0x0b}; }
inline Bytes ref_func(uint32_t index) { return Bytes{0xd2} + leb(index) + Bytes{0x0b}; }
inline Bytes ref_null(uint8_t heap) { return {0xd0, heap, 0x0b}; }
inline Bytes global_get(uint32_t index) { return Bytes{0x23} + leb(index) + Bytes{0x0b}; }

inline Bytes limits(uint32_t min) { return Bytes{0} + leb(min); }
inline Bytes limits(uint32_t min, uint32_t max) { return Bytes{1} + leb(min) + leb(max); }

class ModuleBuilder {
 public:
  // The index of the new thing, in its index space as far as it is built: imports before definitions.
  uint32_t type(const Bytes& params, const Bytes& results) {
    return add(1, Bytes{0x60} + leb(static_cast<uint32_t>(params.size())) + params +
                      leb(static_cast<uint32_t>(results.size())) + results);
  }
  uint32_t import_func(std::string_view module, std::string_view name, uint32_t type) {
    add(2, text(module) + text(name) + Bytes{kFuncKind} + leb(type));
    return functions_++;
  }
  void import_table(std::string_view module, std::string_view name, uint8_t element, const Bytes& limits) {
    add(2, text(module) + text(name) + Bytes{kTableKind, element} + limits);
  }
  void import_memory(std::string_view module, std::string_view name, const Bytes& limits) {
    add(2, text(module) + text(name) + Bytes{kMemoryKind} + limits);
  }
  void import_global(std::string_view module, std::string_view name, uint8_t type, bool is_mutable) {
    add(2, text(module) + text(name) + Bytes{kGlobalKind, type, static_cast<uint8_t>(is_mutable)});
  }
  void import_tag(std::string_view module, std::string_view name, uint32_t type) {
    add(2, text(module) + text(name) + Bytes{kTagKind, 0} + leb(type));
  }
  uint32_t tag(uint32_t type) { return add(13, Bytes{0} + leb(type)); }
  // `code` is without its end; there are no locals but the parameters.
  uint32_t func(uint32_t type, const Bytes& code) { return func_body(type, Bytes{0} + code + Bytes{0x0b}); }
  // `body` as the binary has it: local declarations, code, end.
  uint32_t func_body(uint32_t type, const Bytes& body) {
    add(3, leb(type));
    add(10, leb(static_cast<uint32_t>(body.size())) + body);
    return functions_++;
  }
  uint32_t table(uint8_t element, const Bytes& limits) { return add(4, Bytes{element} + limits); }
  uint32_t memory(const Bytes& limits) { return add(5, limits); }
  uint32_t global(uint8_t type, bool is_mutable, const Bytes& init) {
    return add(6, Bytes{type, static_cast<uint8_t>(is_mutable)} + init);
  }
  void export_as(std::string_view name, uint8_t kind, uint32_t index) { add(7, text(name) + Bytes{kind} + leb(index)); }
  void start(uint32_t function) { start_ = leb(function); }
  void elements(const Bytes& offset, const std::vector<uint32_t>& functions) {
    add(9, Bytes{0} + offset + vec(functions));
  }
  void passive_elements(const std::vector<uint32_t>& functions) { add(9, Bytes{1, 0} + vec(functions)); }
  void data(const Bytes& offset, std::string_view bytes) { add(11, Bytes{0} + offset + text(bytes)); }
  void passive_data(std::string_view bytes) { add(11, Bytes{1} + text(bytes)); }
  void data_count(uint32_t count) { data_count_ = leb(count); }
  // One more item of section `id`, as the binary has it.
  uint32_t item(uint8_t id, const Bytes& item) { return add(id, item); }
  void custom(std::string_view name, const Bytes& payload) { customs_.push_back(text(name) + payload); }

  Bytes build() const {
    Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
    for (uint8_t id : {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 10, 11}) {
      if (id == 8 && !start_.empty()) module = module + section(8, start_);
      if (id == 10 && !data_count_.empty()) module = module + section(12, data_count_);
      const auto at = sections_.find(id);
      if (at != sections_.end()) module = module + section(id, leb(at->second.count) + at->second.items);
    }
    for (const Bytes& custom : customs_) module = module + section(0, custom);
    return module;
  }

 private:
  struct Section {
    uint32_t count = 0;
    Bytes items;
  };
  static Bytes section(uint8_t id, const Bytes& payload) {
    return Bytes{id} + leb(static_cast<uint32_t>(payload.size())) + payload;
  }
  uint32_t add(uint8_t id, const Bytes& item) {
    Section& section = sections_[id];
    section.items = std::move(section.items) + item;
    return section.count++;
  }

  std::map<uint8_t, Section> sections_;
  std::vector<Bytes> customs_;
  Bytes start_;
  Bytes data_count_;
  uint32_t functions_ = 0;
};

}  // namespace wplug::test
