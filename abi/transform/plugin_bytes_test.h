// Plugins for tests of the ABI `transform`, put together from bytes (spec 3.0, chapter 5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wplug {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes leb(uint32_t value) {
  Bytes bytes;
  do {
    const uint8_t low = value & 0x7f;
    value >>= 7;
    bytes.push_back(static_cast<uint8_t>(low | (value != 0 ? 0x80 : 0)));
  } while (value != 0);
  return bytes;
}

// Instructions, as far as the tests need them.
inline Bytes i32_const(int64_t value) {
  int32_t rest = static_cast<int32_t>(value);
  Bytes bytes = {0x41};
  for (;;) {
    const uint8_t low = rest & 0x7f;
    rest >>= 7;
    const bool last = (rest == 0 && (low & 0x40) == 0) || (rest == -1 && (low & 0x40) != 0);
    bytes.push_back(static_cast<uint8_t>(low | (last ? 0 : 0x80)));
    if (last) return bytes;
  }
}
inline Bytes call(uint32_t function, std::initializer_list<int64_t> arguments = {}) {
  Bytes bytes;
  for (const int64_t argument : arguments) bytes = bytes + i32_const(argument);
  return bytes + Bytes{0x10} + leb(function);
}
inline Bytes set_length(const Bytes& value) { return value + Bytes{0x24, 0x00}; }
inline Bytes store(int64_t at, const Bytes& value) { return i32_const(at) + value + Bytes{0x36, 0x02, 0x00}; }
// What an entry ends with to give `length` bytes at `at`.
inline Bytes give(int64_t at, int64_t length) { return set_length(i32_const(length)) + i32_const(at); }
inline const Bytes kEcho = {0x20, 0x01, 0x24, 0x00, 0x20, 0x00};  // the length is the input's, the result its address
inline const Bytes kUnreachable = {0x00};
inline const Bytes kForever = {0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00};  // loop br 0 end, then a constant
// Puts the number a function returns at address 2048 and gives it as the result, 4 bytes.
inline Bytes give_number(const Bytes& value) { return store(2048, value) + give(2048, 4); }

// A plugin that gives records back, to be changed where a test wants another one. Functions have i32 only. Data lies at
// `data_at`; malloc gives 1024.
struct PluginBytes {
  struct Import {
    std::string module, name;
    uint32_t params, results;
  };
  struct Function {
    std::string name;  // its export; empty: none
    uint32_t params, results;
    Bytes body;
  };

  std::vector<Import> imports;
  std::vector<Function> functions = {{"malloc", 1, 1, i32_const(1024)},
                                     {"free", 1, 0, {}},
                                     {"get_output_len", 0, 1, {0x23, 0x00}},
                                     {"transform", 2, 1, kEcho}};
  std::string memory_export = "memory";
  uint32_t memory_pages = 1;
  uint8_t memory_flags = 0;
  std::string data;
  uint32_t data_at = 0;

  Function& function(std::string_view name) {
    for (Function& f : functions) {
      if (f.name == name) return f;
    }
    return functions.emplace_back(Function{std::string(name), 0, 0, {}});
  }

  Bytes bytes() const {
    return Bytes{0, 'a', 's', 'm', 1, 0, 0, 0} + types() + import_section() + function_section() +
           section(5, leb(1) + Bytes{memory_flags} + leb(memory_pages)) +
           section(6, Bytes{1, 0x7f, 0x01, 0x41, 0x00, 0x0b}) + export_section() + code_section() + data_section();
  }

 private:
  static Bytes text(std::string_view value) {
    return leb(static_cast<uint32_t>(value.size())) + Bytes(value.begin(), value.end());
  }
  static Bytes section(uint8_t id, const Bytes& payload) {
    return Bytes{id} + leb(static_cast<uint32_t>(payload.size())) + payload;
  }
  uint32_t count() const { return static_cast<uint32_t>(imports.size() + functions.size()); }
  static Bytes type(uint32_t params, uint32_t results) {
    return Bytes{0x60} + leb(params) + Bytes(params, 0x7f) + leb(results) + Bytes(results, 0x7f);
  }
  // One type for each function, imports first.
  Bytes types() const {
    Bytes payload = leb(count());
    for (const Import& import : imports) payload = payload + type(import.params, import.results);
    for (const Function& function : functions) payload = payload + type(function.params, function.results);
    return section(1, payload);
  }
  Bytes import_section() const {
    Bytes payload = leb(static_cast<uint32_t>(imports.size()));
    for (uint32_t i = 0; i < imports.size(); ++i) {
      payload = payload + text(imports[i].module) + text(imports[i].name) + Bytes{0x00} + leb(i);
    }
    return section(2, payload);
  }
  Bytes function_section() const {
    Bytes payload = leb(static_cast<uint32_t>(functions.size()));
    for (uint32_t i = 0; i < functions.size(); ++i) payload = payload + leb(static_cast<uint32_t>(imports.size()) + i);
    return section(3, payload);
  }
  Bytes export_section() const {
    Bytes payload;
    uint32_t exported = 0;
    for (uint32_t i = 0; i < functions.size(); ++i) {
      if (functions[i].name.empty()) continue;
      payload = payload + text(functions[i].name) + Bytes{0x00} + leb(static_cast<uint32_t>(imports.size()) + i);
      ++exported;
    }
    if (!memory_export.empty()) {
      payload = payload + text(memory_export) + Bytes{0x02, 0x00};
      ++exported;
    }
    return section(7, leb(exported) + payload);
  }
  Bytes code_section() const {
    Bytes payload = leb(static_cast<uint32_t>(functions.size()));
    for (const Function& function : functions) {
      const Bytes body = Bytes{0x00} + function.body + Bytes{0x0b};
      payload = payload + leb(static_cast<uint32_t>(body.size())) + body;
    }
    return section(10, payload);
  }
  Bytes data_section() const {
    Bytes offset = i32_const(data_at);
    if ((memory_flags & 4) != 0) offset[0] = 0x42;  // an i64.const has the same digits
    return section(11, Bytes{1, 0x00} + offset + Bytes{0x0b} + text(data));
  }
};

}  // namespace wplug
