// The kernel's functions as plugins import them. They are defined raw: no argument is boxed and no Result<number> is made,
// because a plugin built with a PDK calls load_u8, store_u8 and their like once for each byte or word of its input and output.
#include "abi/extism/host.h"

namespace wplug {
namespace {

ExtismKernel& kernel_of(void* env) { return static_cast<ExtismHost*>(env)->kernel; }

// Out of line: what a plugin that is in order never gets to.
[[gnu::noinline, gnu::cold]] Error outside(void* env, std::string_view function, uint64_t at, uint64_t length) {
  ExtismHost& host = *static_cast<ExtismHost*>(env);
  return host.context.outside(function, at, length, host.kernel.top());
}

Result<void> alloc(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).allocate(slots[0]);
  return {};
}

Result<void> free(void* env, Caller&, uint64_t* slots) {
  kernel_of(env).free(slots[0]);
  return {};
}

Result<void> length(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).length(slots[0]);
  return {};
}

Result<void> length_unsafe(void* env, Caller& caller, uint64_t* slots) { return length(env, caller, slots); }

Result<void> load_u8(void* env, Caller&, uint64_t* slots) {
  const uint64_t at = slots[0];
  if (!kernel_of(env).load_u8(at, slots[0])) return outside(env, "load_u8", at, 1);
  return {};
}

Result<void> load_u64(void* env, Caller&, uint64_t* slots) {
  const uint64_t at = slots[0];
  if (!kernel_of(env).load_u64(at, slots[0])) return outside(env, "load_u64", at, 8);
  return {};
}

Result<void> store_u8(void* env, Caller&, uint64_t* slots) {
  if (!kernel_of(env).store_u8(slots[0], static_cast<uint8_t>(slots[1]))) return outside(env, "store_u8", slots[0], 1);
  return {};
}

Result<void> store_u64(void* env, Caller&, uint64_t* slots) {
  if (!kernel_of(env).store_u64(slots[0], slots[1])) return outside(env, "store_u64", slots[0], 8);
  return {};
}

Result<void> input_load_u8(void* env, Caller&, uint64_t* slots) {
  const ExtismKernel& kernel = kernel_of(env);
  const uint64_t index = slots[0];
  slots[0] = 0;
  // The range is inside, so the sum does not wrap.
  if (index < kernel.input.length) kernel.load_u8(kernel.input.offset + index, slots[0]);
  return {};
}

Result<void> input_load_u64(void* env, Caller&, uint64_t* slots) {
  const ExtismKernel& kernel = kernel_of(env);
  const uint64_t index = slots[0];
  slots[0] = 0;
  if (index < kernel.input.length && kernel.input.length - index >= 8) {
    kernel.load_u64(kernel.input.offset + index, slots[0]);
  }
  return {};
}

Result<void> input_set(void* env, Caller&, uint64_t* slots) {
  if (!kernel_of(env).text(slots[0], slots[1])) return outside(env, "input_set", slots[0], slots[1]);
  kernel_of(env).input = {slots[0], slots[1]};
  return {};
}

Result<void> input_length(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).input.length;
  return {};
}

Result<void> input_offset(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).input.offset;
  return {};
}

Result<void> output_set(void* env, Caller&, uint64_t* slots) {
  if (!kernel_of(env).text(slots[0], slots[1])) return outside(env, "output_set", slots[0], slots[1]);
  kernel_of(env).output = {slots[0], slots[1]};
  return {};
}

Result<void> output_length(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).output.length;
  return {};
}

Result<void> output_offset(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).output.offset;
  return {};
}

Result<void> error_set(void* env, Caller&, uint64_t* slots) {
  if (!kernel_of(env).block(slots[0])) return outside(env, "error_set", slots[0], 1);
  kernel_of(env).error = slots[0];
  return {};
}

Result<void> error_get(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).error;
  return {};
}

Result<void> reset(void* env, Caller&, uint64_t*) {
  kernel_of(env).reset();
  return {};
}

Result<void> memory_bytes(void* env, Caller&, uint64_t* slots) {
  slots[0] = kernel_of(env).bytes();
  return {};
}

// The type that a row of the table writes: "(offset: i64, i32) -> i64". Only i32 and i64 occur.
constexpr bool is_at(std::string_view text, size_t at, std::string_view word) { return text.substr(at, 3) == word; }
FuncType type_of(std::string_view text) {
  FuncType type;
  std::vector<ValType>* to = &type.params;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ')') to = &type.results;
    if (is_at(text, at, "i32")) to->push_back(ValType::i32());
    if (is_at(text, at, "i64")) to->push_back(ValType::i64());
  }
  return type;
}

}  // namespace

void add_extism_kernel(Linker& linker, ExtismHost& host) {
#define WPLUG_EXTISM_KERNEL(name, type, doc) linker.define_raw(kExtismModule, #name, type_of(type), &name, &host);
#include "abi/extism/functions.def"
}

std::span<const AbiFunction> extism_functions() {
  static constexpr AbiFunction functions[] = {
#define WPLUG_EXTISM_KERNEL(name, type, doc) {kExtismModule, #name, type, "", doc},
#define WPLUG_EXTISM_HOST(name, type, capability, doc) {kExtismModule, #name, type, capability, doc},
#include "abi/extism/functions.def"
  };
  return functions;
}

const std::string_view* extism_capability(std::string_view name) {
  for (const AbiFunction& function : extism_functions()) {
    if (function.name == name) return &function.capability;
  }
  return nullptr;
}

}  // namespace wplug
