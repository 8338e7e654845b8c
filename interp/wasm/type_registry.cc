#include "interp/wasm/type_registry.h"

namespace wplug {

namespace {

uint32_t slots_of(const std::vector<ValType>& types) {
  uint32_t slots = 0;
  for (ValType type : types) slots += type.slots();
  return slots;
}

// FNV-1a over the types' bits; the separator keeps (i32) -> () and () -> (i32) apart.
size_t hash_of(const FuncType& type) {
  uint64_t hash = 0xcbf29ce484222325u;
  auto mix = [&hash](uint64_t bits) { hash = (hash ^ bits) * 0x100000001b3u; };
  for (ValType param : type.params) mix(param.bits());
  mix(UINT64_MAX);
  for (ValType result : type.results) mix(result.bits());
  return static_cast<size_t>(hash);
}

}  // namespace

const CanonicalType* TypeRegistry::intern(const FuncType& type) {
  const size_t hash = hash_of(type);
  const std::lock_guard<std::mutex> lock(mutex_);
  auto [known, end] = by_hash_.equal_range(hash);
  for (; known != end; ++known) {
    if (known->second->func == type) return known->second;
  }
  CanonicalType& made = types_.emplace_back();
  made.func = type;
  made.id = static_cast<uint32_t>(types_.size() - 1);
  made.param_slots = slots_of(type.params);
  made.result_slots = slots_of(type.results);
  by_hash_.emplace(hash, &made);
  return &made;
}

}  // namespace wplug
