// Functions of both kinds, boxed and raw. A call without boxing goes straight to the executor; a boxed one checks its
// values, lays them out in slots, and takes the results from there. Host functions with boxed values share one raw
// callback, call_boxed().
#include "wplug/func.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "interp/api/impl.h"
#include "interp/exec/entry.h"

namespace wplug {

namespace {

// `count` things, on the stack where they are few. Not initialized beyond what T does itself.
template <class T, size_t kFew>
class Scratch {
 public:
  explicit Scratch(size_t count) : count_(count) {
    if (count > kFew) many_.resize(count);
  }
  T* data() { return count_ > kFew ? many_.data() : few_.data(); }
  std::span<T> span() { return {data(), count_}; }

 private:
  size_t count_;
  std::array<T, kFew> few_;
  std::vector<T> many_;
};

Error wrong_count(const char* what, size_t given, const FuncType& type) {
  return {ErrorKind::misuse, std::to_string(given) + " " + what + " given to a function of type " + type.to_string()};
}

Result<void> check_args(const StoreImpl& store, const FuncType& type, std::span<const Value> args) {
  if (args.size() != type.params.size()) return wrong_count("arguments", args.size(), type);
  for (size_t i = 0; i < args.size(); ++i) {
    if (!value_fits(store, args[i], type.params[i])) {
      return Error(ErrorKind::misuse, "argument " + std::to_string(i) + " is " + args[i].type().to_string() +
                                          ", the function's type is " + type.to_string());
    }
  }
  return {};
}

void unbox(std::span<const Value> values, uint64_t* slots) {
  for (const Value& value : values) {
    value.to_slots(slots);
    slots += value.type().slots();
  }
}

void box(const std::vector<ValType>& types, const uint64_t* slots, std::span<Value> values) {
  for (size_t i = 0; i < types.size(); ++i) {
    values[i] = Value::from_slots(types[i], slots);
    slots += types[i].slots();
  }
}

Result<void> call_boxed(void* env, Caller& caller, uint64_t* slots) {
  const BoxedHostFunction& boxed = *static_cast<const BoxedHostFunction*>(env);
  const FuncType& type = boxed.type->func;
  Scratch<Value, 8> args(type.params.size());
  Scratch<Value, 4> results(type.results.size());
  box(type.params, slots, args.span());
  for (size_t i = 0; i < type.results.size(); ++i) results.data()[i] = Value::zero(type.results[i]);
  WPLUG_TRY(boxed.function(caller, args.span(), results.span()));
  for (size_t i = 0; i < type.results.size(); ++i) {
    const Value& result = results.data()[i];
    if (!value_fits(*caller.store_impl(), result, type.results[i])) {
      return Error(ErrorKind::host, "host function of type " + type.to_string() + " gave " + result.type().to_string() +
                                        " as result " + std::to_string(i));
    }
  }
  unbox(results.span(), slots);
  return {};
}

}  // namespace

FuncInstance* new_host_function(StoreImpl& store, const CanonicalType* type, HostCallback callback, void* env) {
  FuncInstance& function = store.functions.emplace_back();
  function.type = type;
  function.host = callback;
  function.env = env;
  return &function;
}

FuncInstance* new_host_function(StoreImpl& store, const CanonicalType* type, HostFunction function) {
  BoxedHostFunction& boxed = store.host_functions.emplace_back();
  boxed.type = type;
  boxed.function = std::move(function);
  return new_host_function(store, type, &call_boxed, &boxed);
}

MemoryInstance* Caller::memory_impl() const { return instance_ == nullptr ? nullptr : instance_->exported_memory; }

std::span<uint8_t> Caller::memory() const {
  const MemoryInstance* memory = memory_impl();
  if (memory == nullptr) return {};
  return {memory->base, static_cast<size_t>(memory->current_size())};
}

Func Func::wrap_raw(Store& store, FuncType type, HostCallback callback, void* env) {
  const CanonicalType* canonical = store.engine().impl()->types.intern(type);
  return Func(store.impl(), new_host_function(*store.impl(), canonical, callback, env));
}

Func Func::wrap(Store& store, FuncType type, HostFunction function) {
  const CanonicalType* canonical = store.engine().impl()->types.intern(type);
  return Func(store.impl(), new_host_function(*store.impl(), canonical, std::move(function)));
}

const FuncType& Func::type() const { return func_->type->func; }

Result<void> Func::call(std::span<const Value> args, std::span<Value> results) const {
  const CanonicalType& type = *func_->type;
  WPLUG_TRY(check_args(*store_, type.func, args));
  if (results.size() != type.func.results.size()) return wrong_count("results", results.size(), type.func);
  Scratch<uint64_t, 32> slots(std::max(type.param_slots, type.result_slots));
  unbox(args, slots.data());
  WPLUG_TRY(call_function(*store_, *func_, slots.data()));
  keep_results(slots.data());
  box(type.func.results, slots.data(), results);
  return {};
}

Result<void> Func::call_raw(uint64_t* slots) const {
  WPLUG_TRY(call_function(*store_, *func_, slots));
  keep_results(slots);
  return {};
}

void Func::keep_results(const uint64_t* slots) const {
  if (!func_->type->results_have_refs) return;
  for (uint32_t i = 0; i < func_->type->result_slots; ++i) store_->heap.keep_candidate(slots[i]);
}

}  // namespace wplug
