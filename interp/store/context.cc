// What running code keeps at hand of the current instance.
#include "interp/store/runtime.h"

#include <algorithm>
#include <chrono>

#include "interp/store/notice.h"
#include "interp/store/stop.h"

namespace wplug {

namespace {

int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void refresh_memory(Context& context) {
  const InstanceImpl* instance = context.instance;
  MemoryInstance* memory = instance == nullptr || instance->memory_count == 0 ? nullptr : instance->memories[0];
  if (memory != nullptr && memory->shared != nullptr) memory->size = memory->current_size();
  const uint64_t size = memory == nullptr ? 0 : memory->size;
  context.memory_base = memory == nullptr ? nullptr : memory->base;
  for (uint32_t k = 0; k < 5; ++k) {
    const uint64_t access = uint64_t{1} << k;
    context.memory_limit[k] = size >= access ? size - access + 1 : 0;
  }
}

bool refresh_shared(Context& context, MemoryInstance& memory) {
  const uint64_t size = memory.current_size();
  if (size == memory.size) return false;
  memory.size = size;
  refresh_memory(context);
  return true;
}

void load_instance(Context& context, InstanceImpl* instance) {
  context.instance = instance;
  context.globals = instance == nullptr ? nullptr : instance->globals.get();
  if (instance != nullptr) context.reserve = std::max(context.reserve, instance->code->largest_function);
  refresh_memory(context);
}

FuncInstance* function_instance(InstanceImpl& instance, uint32_t index) {
  FuncInstance*& known = instance.functions[index];
  if (known != nullptr) return known;
  FuncInstance& made = instance.own_functions.emplace_back();
  made.type = instance.code->types[instance.code->def.functions[index].type];
  made.code = &instance.code->function(index);
  made.instance = &instance;
  made.index = index;
  known = &made;
  return known;
}

numeric::MaybeTrap check_stop(const Context& context) {
  if (context.interrupt == nullptr) return numeric::kNoTrap;
  if (context.interrupt->load(std::memory_order_relaxed) != 0) return numeric::trap(TrapKind::interrupted);
  StopState& state = stop_state(*context.store);
  if (context.deadline_ns == INT64_MAX && state.notice_ns == INT64_MAX) return numeric::kNoTrap;
  const int64_t now = steady_now();
  if (now >= state.notice_ns) {
    state.notice_ns = INT64_MAX;
    state.notice();
  }
  return now >= context.deadline_ns ? numeric::trap(TrapKind::deadline_exceeded) : numeric::kNoTrap;
}

}  // namespace wplug
