// Func: guest and host functions.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wplug/error.h"
#include "wplug/memory.h"
#include "wplug/store.h"
#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug {

struct FuncInstance;
struct InstanceImpl;

// What a host function sees of the call it serves. Valid during that call only.
class Caller {
 public:
  // The store as its embedder made it (its user data, fuel, deadline).
  Store& store() const { return *store_; }
  // The calling instance's memory exported as "memory", else its memory 0; null pointer inside when it has none.
  // Cheap: no look-up by name on the common path.
  MemoryInstance* memory_impl() const;
  bool has_memory() const { return memory_impl() != nullptr; }
  // Bytes of that memory; empty when there is none. Invalid after anything that may run guest code or grow it. If the
  // memory is shared, guests on other threads may change them meanwhile: read what matters once, then check it.
  std::span<uint8_t> memory() const;
  // The calling instance; null when the host called the host function itself.
  InstanceImpl* instance_impl() const { return instance_; }
  StoreImpl* store_impl() const { return impl_; }

  // For the engine.
  Caller(Store* store, StoreImpl* impl, InstanceImpl* instance) : store_(store), impl_(impl), instance_(instance) {}

 private:
  Store* store_;
  StoreImpl* impl_;
  InstanceImpl* instance_;
};

// A host function without boxing. `slots` holds the arguments in 8-byte slots (v128: two) and takes the results in the
// same place; there is room for the larger of both. i32 and f32 use the low 32 bits, and results keep the high ones zero.
// An error ends the guest: kind trap and exit as they are, any other kind becomes the trap `host function failed`. An error
// that is an exception (Tag::exception, or what a call into the guest gave) is thrown in the guest, which may catch it.
using HostCallback = Result<void> (*)(void* env, Caller& caller, uint64_t* slots);

// A host function with boxed values.
using HostFunction = std::function<Result<void>(Caller& caller, std::span<const Value> args, std::span<Value> results)>;

// Small, copyable handle; valid as long as its store.
class Func {
 public:
  // `env` must outlive the store.
  static Func wrap_raw(Store& store, FuncType type, HostCallback callback, void* env);
  static Func wrap(Store& store, FuncType type, HostFunction function);

  const FuncType& type() const;
  // Calls with boxed values. `args` and `results` must have the type's lengths, args its types, else misuse.
  // Other errors: trap, exit.
  Result<void> call(std::span<const Value> args, std::span<Value> results) const;
  // Calls without boxing or checks: `slots` as for HostCallback.
  Result<void> call_raw(uint64_t* slots) const;

  Ref ref() const { return Ref::from_bits(reinterpret_cast<uintptr_t>(func_)); }
  // The function a non-null funcref stands for. The caller vouches that it is one of this store.
  static Func from_ref(Store& store, Ref ref) {
    return Func(store.impl(), reinterpret_cast<FuncInstance*>(static_cast<uintptr_t>(ref.bits())));
  }

  explicit Func(StoreImpl* store, FuncInstance* func) : store_(store), func_(func) {}
  FuncInstance* impl() const { return func_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  void keep_results(const uint64_t* slots) const;
  StoreImpl* store_;
  FuncInstance* func_;
};

namespace detail {

template <class T>
struct SlotType;
template <>
struct SlotType<int32_t> {
  static constexpr ValType type() { return ValType::i32(); }
  static int32_t read(uint64_t s) { return static_cast<int32_t>(s); }
  static uint64_t write(int32_t v) { return static_cast<uint32_t>(v); }
};
template <>
struct SlotType<uint32_t> {
  static constexpr ValType type() { return ValType::i32(); }
  static uint32_t read(uint64_t s) { return static_cast<uint32_t>(s); }
  static uint64_t write(uint32_t v) { return v; }
};
template <>
struct SlotType<int64_t> {
  static constexpr ValType type() { return ValType::i64(); }
  static int64_t read(uint64_t s) { return static_cast<int64_t>(s); }
  static uint64_t write(int64_t v) { return static_cast<uint64_t>(v); }
};
template <>
struct SlotType<uint64_t> {
  static constexpr ValType type() { return ValType::i64(); }
  static uint64_t read(uint64_t s) { return s; }
  static uint64_t write(uint64_t v) { return v; }
};
template <>
struct SlotType<float> {
  static constexpr ValType type() { return ValType::f32(); }
  static float read(uint64_t s) { return std::bit_cast<float>(static_cast<uint32_t>(s)); }
  static uint64_t write(float v) { return std::bit_cast<uint32_t>(v); }
};
template <>
struct SlotType<double> {
  static constexpr ValType type() { return ValType::f64(); }
  static double read(uint64_t s) { return std::bit_cast<double>(s); }
  static uint64_t write(double v) { return std::bit_cast<uint64_t>(v); }
};

}  // namespace detail

// Makes a HostCallback and its type from a plain function at compile time:
//   Result<int32_t> add(Env& env, Caller& caller, int32_t a, uint32_t b);
//   constexpr auto binding = HostBinding<&add>();   // binding.type(), binding.callback()
// The first parameter is the env, by reference. The result is Result<void> or Result of a number.
template <auto F>
struct HostBinding;
template <class R, class Env, class... Args, Result<R> (*F)(Env&, Caller&, Args...)>
struct HostBinding<F> {
  static FuncType type() {
    FuncType t;
    (t.params.push_back(detail::SlotType<Args>::type()), ...);
    if constexpr (!std::is_void_v<R>) t.results.push_back(detail::SlotType<R>::type());
    return t;
  }
  static constexpr HostCallback callback() {
    return [](void* env, Caller& caller, uint64_t* slots) -> Result<void> {
      return invoke(*static_cast<Env*>(env), caller, slots, std::index_sequence_for<Args...>{});
    };
  }

 private:
  template <size_t... I>
  static Result<void> invoke(Env& env, Caller& caller, [[maybe_unused]] uint64_t* slots, std::index_sequence<I...>) {
    auto result = F(env, caller, detail::SlotType<Args>::read(slots[I])...);
    if (!result.ok()) return std::move(result).error();
    if constexpr (!std::is_void_v<R>) slots[0] = detail::SlotType<R>::write(result.value());
    return {};
  }
};

}  // namespace wplug
