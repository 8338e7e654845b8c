// Module: a decoded and validated WebAssembly module.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/types.h"

namespace wplug {

struct ModuleImpl;

struct CustomSection {
  std::string_view name;
  std::span<const uint8_t> payload;
};

struct SectionInfo {
  uint8_t id = 0;       // binary section id; 0 for a custom section
  std::string name;     // "type", "code", …; the custom section's name
  size_t offset = 0;    // of the payload
  size_t size = 0;      // of the payload, bytes
};

// One internal instruction of a function that has run, with Config::count_dispatches.
struct DispatchCount {
  uint32_t function = 0;
  uint32_t cell = 0;          // in the function's internal code; the next instruction's is `cell + cells`
  uint32_t cells = 0;
  std::string operation;      // "i32_add"
  std::string text;           // with its operands' places
  uint64_t count = 0;
};

// Immutable after creation; copies share it; any number of threads may instantiate and run it. Code is lowered on
// first call and shared by all instances. Keeps its engine alive.
class Module {
 public:
  // Decodes and validates. Copies `bytes`. `name` is used in backtraces when the name section has none.
  // Errors: malformed, invalid, limit; with the byte offset.
  static Result<Module> compile(const Engine& engine, std::span<const uint8_t> bytes, std::string_view name = {});
  // The same, taking the bytes over.
  static Result<Module> compile(const Engine& engine, std::vector<uint8_t> bytes, std::string_view name = {});
  // Decodes and validates only: no module is kept.
  static Result<void> validate(const Engine& engine, std::span<const uint8_t> bytes);

  std::string_view name() const;
  std::span<const uint8_t> bytes() const;
  // In the order of the module.
  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  std::vector<CustomSection> custom_sections() const;
  std::vector<SectionInfo> sections() const;
  // Of all functions, imported ones included.
  uint32_t function_count() const;
  // From the name section, else an export's name, else empty.
  std::string function_name(uint32_t index) const;

  // Lowers every function now. Errors: limit.
  Result<void> lower_all() const;
  // The internal code of one function as text, for tests and engine people. Lowers it if need be.
  Result<std::string> print_code(uint32_t function_index) const;
  // Of all functions that have run, in the order of their code; empty without Config::count_dispatches. Not while the
  // module runs.
  std::vector<DispatchCount> dispatch_counts() const;

  const std::shared_ptr<ModuleImpl>& impl() const { return impl_; }

 private:
  friend class Instance;
  explicit Module(std::shared_ptr<ModuleImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<ModuleImpl> impl_;
};

}  // namespace wplug
