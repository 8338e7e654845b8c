#include "interp/exec/profile.h"

#include <algorithm>

#include "interp/exec/handlers.h"
#include "interp/exec/step.h"

namespace wplug {
namespace {

constexpr size_t kMostNodes = size_t{1} << 20;  // 48 MiB with their index
constexpr uint32_t kNone = CallProfile::kNoParent;

CallProfiler& profiler_of(Context& context) {
  if (context.profiler == nullptr)
    context.profiler = std::make_shared<CallProfiler>(static_cast<const Slot*>(context.store->stack.data()));
  return *context.profiler;
}

const void* profile_and_find(Context& context, const Cell* pc, const Slot* fp, int64_t fuel) {
  return profiler_of(context).dispatch(*context.instance->code, original_cell(context, pc), fp,
                                       context.slice_end - static_cast<uint64_t>(fuel));
}

WPLUG_COLD_HANDLER(profile_dispatch) {
  WPLUG_ENTER;
  const void* handler = profile_and_find(*regs.ctx, pc, regs.fp, regs.fuel);
  auto* original = reinterpret_cast<Handler*>(reinterpret_cast<uintptr_t>(handler));
  WPLUG_TAIL(original);
}

}  // namespace

const void* profiling_handler() { return address_of(&profile_dispatch); }

const void* CallProfiler::dispatch(ModuleCode& module, const Cell* pc, const Slot* fp, uint64_t settled) {
  const LoweredBody* body = body_;
  if (body == nullptr || !body->contains(pc)) body = find_body(module, pc);
  const size_t at = static_cast<size_t>(pc - body->cells.data());
  const size_t frame = static_cast<size_t>(fp - stack_);
  if (!running_ || body != body_ || frame != fp_ || effect_ != FrameEffect::stays) change_frame(*body, at, frame);
  running_ = true;
  body_ = body;
  fp_ = frame;
  at_ = at;
  settled_ = settled;
  effect_ = body->traced[at].effect;
  return body->counted[at].handler;
}

void CallProfiler::change_frame(const LoweredBody& body, size_t at, size_t fp) {
  if (running_) count_until(settled_ + body_->traced[at_].executed);
  while (!frames_.empty() && frames_.back().fp > fp) frames_.pop_back();
  if (frames_.empty() || frames_.back().fp < fp) {
    enter(fp, frames_.empty() ? kNone : frames_.back().node, *body.function);
    return;
  }
  // In the same place: the same frame goes on, or another call has it now. Only a first instruction that comes after a
  // return is one of a new call; loops come back to it by branches.
  const bool tail_called = effect_ == FrameEffect::tail_calls && fp_ == fp;
  const bool called_again = effect_ != FrameEffect::stays && at == 0 && (fp_ == fp || !running_);
  if (!tail_called && !called_again && functions_[frames_.back().function].code == body.function) return;
  const uint32_t parent = frames_.back().parent;
  frames_.pop_back();
  enter(fp, parent, *body.function);
}

void CallProfiler::count_until(uint64_t executed) {
  if (frames_.empty() || executed <= counted_) return;
  const uint64_t units = executed - counted_;
  nodes_[frames_.back().node].self += units;
  functions_[frames_.back().function].self += units;
  counted_ = executed;
}

void CallProfiler::enter(size_t fp, uint32_t parent, const FunctionCode& code) {
  const uint32_t function = function_id(code);
  const uint32_t node = node_of(parent, function);
  ++functions_[function].calls;
  if (nodes_[node].function == function) ++nodes_[node].calls;
  frames_.push_back({fp, node, parent, function});
}

uint32_t CallProfiler::function_id(const FunctionCode& code) {
  const auto [found, added] = function_ids_.try_emplace(&code, static_cast<uint32_t>(functions_.size()));
  if (added) functions_.push_back({&code});
  return found->second;
}

// The node of a function called from another's; beyond the limit the caller's own, or the first one.
uint32_t CallProfiler::node_of(uint32_t parent, uint32_t function) {
  const uint64_t key = uint64_t{parent} << 32 | function;
  if (const auto found = children_.find(key); found != children_.end()) return found->second;
  if (nodes_.size() >= kMostNodes) {
    all_paths_ = false;
    return parent == kNone ? 0 : parent;
  }
  const uint32_t node = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({function, parent});
  children_.emplace(key, node);
  return node;
}

void CallProfiler::stopped(uint64_t consumed, const FunctionCode& entered, const Slot* fp) {
  // Fuel may end within the very first operation.
  if (frames_.empty()) enter(static_cast<size_t>(fp - stack_), kNone, entered);
  count_until(consumed);
  running_ = false;
  effect_ = FrameEffect::returns;
}

namespace {

// What each function and all it called executed. Goes through the tree with a count of how often each function is on
// the path.
void add_totals(CallProfile& profile) {
  const size_t count = profile.nodes.size();
  std::vector<uint64_t> sums(count);
  std::vector<uint32_t> first_child(count, kNone), next_sibling(count, kNone);
  for (size_t i = count; i-- > 0;) {
    const CallProfile::Node& node = profile.nodes[i];
    sums[i] += node.self;
    if (node.parent == kNone) continue;
    sums[node.parent] += sums[i];
    next_sibling[i] = first_child[node.parent];
    first_child[node.parent] = static_cast<uint32_t>(i);
  }
  std::vector<uint32_t> on_path(profile.functions.size());
  for (size_t root = 0; root < count; ++root) {
    if (profile.nodes[root].parent != kNone) continue;
    uint32_t node = static_cast<uint32_t>(root);
    for (bool down = true; node != kNone;) {
      const uint32_t function = profile.nodes[node].function;
      if (down && on_path[function]++ == 0) profile.functions[function].total += sums[node];
      if (down && first_child[node] != kNone) {
        node = first_child[node];
        continue;
      }
      --on_path[function];
      down = next_sibling[node] != kNone && node != root;
      node = node == root ? kNone : down ? next_sibling[node] : profile.nodes[node].parent;
    }
  }
}

}  // namespace

CallProfile CallProfiler::result(uint64_t consumed) const {
  CallProfile profile;
  for (const Function& function : functions_) {
    ModuleCode& module = *function.code->module;
    profile.functions.push_back({module.module_name(), function.code->index, module.function_name(function.code->index),
                                 function.self, 0, function.calls});
  }
  for (const Node& node : nodes_) profile.nodes.push_back({node.function, node.parent, node.self, node.calls});
  if (!frames_.empty() && consumed > counted_) {
    profile.nodes[frames_.back().node].self += consumed - counted_;
    profile.functions[frames_.back().function].self += consumed - counted_;
  }
  for (const CallProfile::Function& function : profile.functions) profile.instructions += function.self;
  profile.all_paths = all_paths_;
  add_totals(profile);
  return profile;
}

void profile_stopped(Context& context, const FunctionCode& entered, const Slot* fp) {
  profiler_of(context).stopped(context.consumed, entered, fp);
}

CallProfile profile_of(const Context& context) {
  return context.profiler == nullptr ? CallProfile() : context.profiler->result(context.consumed);
}

}  // namespace wplug
