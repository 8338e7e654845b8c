// For tests: what decoding and validation together say of a module.
#pragma once

#include <string>

#include "interp/api/module_builder.h"
#include "interp/decode/decoder.h"
#include "interp/validate/validator.h"

namespace wplug::test {

// "ok", or the error in one line with its kind and offset.
inline std::string verdict(const Bytes& bytes, const ModuleLimits& limits = {}) {
  Result<ModuleDef> module = decode_module(bytes, limits);
  if (!module.ok()) return module.error().to_string();
  const Result<void> valid = validate_module(*module, limits);
  return valid.ok() ? "ok" : valid.error().to_string();
}

// The same without the offset, which says little where it is not what a test is about.
inline std::string words(const Bytes& bytes, const ModuleLimits& limits = {}) {
  const std::string text = verdict(bytes, limits);
  return text.substr(0, text.find(" (at byte "));
}

inline std::string words(const ModuleBuilder& module, const ModuleLimits& limits = {}) {
  return words(module.build(), limits);
}

inline Bytes header() { return {0, 'a', 's', 'm', 1, 0, 0, 0}; }

inline Bytes section(uint8_t id, const Bytes& payload) {
  return Bytes{id} + leb(static_cast<uint32_t>(payload.size())) + payload;
}

// Something in every section, as far as this engine's features go.
inline Bytes full_module() {
  ModuleBuilder module;
  const uint32_t nullary = module.type({}, {});
  const uint32_t binary = module.type({kI32, kI32}, {kI32});
  module.import_func("env", "f", binary);
  module.import_table("env", "t", kFuncref, limits(1, 20));
  module.import_memory("env", "m", limits(1, 2));
  module.import_global("env", "g", kI32, false);
  // local.get 0, local.get 1, call 0, i32.const 1000, i32.load offset=300, i32.add, block (result i32) … end
  module.func_body(binary, {1,    2,    kI64, 0x20, 0,    0x20, 1,    0x10, 0,    0x41, 0xe8, 0x07, 0x28, 2,    0xac,
                            0x02, 0x6a, 0x02, kI32, 0x41, 3,    0x41, 0,    0x0e, 1,    0,    0,    0x0b, 0x6a, 0x0b});
  // memory.init, data.drop, table.init, f64.const, drop
  module.func_body(nullary, {0,    0x41, 0,    0x41, 0, 0x41, 0,    0xfc, 8, 1, 0, 0xfc, 9, 1, 0x41, 0,    0x41, 0,
                             0x41, 0,    0xfc, 12,   2, 1,    0x44, 1,    2, 3, 4, 5,    6, 7, 8,    0x1a, 0x0b});
  module.table(kFuncref, limits(10));
  module.item(4, Bytes{0x40, 0x00, kFuncref} + limits(3, 4) + ref_null(kFuncref));
  module.table(kExternref, limits(2));
  module.global(kI64, true, i64_const(-5));
  module.global(kI32, false, global_get(0));
  module.global(kFuncref, false, ref_func(1));
  module.export_as("f", kFuncKind, 1);
  module.export_as("a name: \xc3\xa9", kGlobalKind, 2);
  module.start(2);
  module.item(9, Bytes{0} + i32_const(1) + vec({0, 1}));
  module.item(9, Bytes{1, 0} + vec({2}));
  module.item(9, Bytes{2, 1} + i32_const(1) + Bytes{0} + vec({0}));
  module.item(9, Bytes{3, 0} + vec({0, 0}));
  module.item(9, Bytes{4} + i32_const(1) + leb(1) + ref_func(1));
  module.item(9, Bytes{5, kFuncref} + leb(2) + ref_null(kFuncref) + ref_func(2));
  module.item(9, Bytes{6, 3} + global_get(0) + Bytes{kExternref} + leb(1) + ref_null(kExternref));
  module.item(9, Bytes{7, kExternref} + leb(0));
  module.data_count(3);
  module.data(i32_const(8), "active");
  module.passive_data("passive");
  module.item(11, Bytes{2, 0} + global_get(0) + text("explicit"));
  module.custom("custom", {1, 2, 3});
  return module.build();
}

}  // namespace wplug::test
