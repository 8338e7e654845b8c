// Exact profiles of calls (Config::profile_calls).
//
// Every operation's handler is one that tells the profiler where the machine stands, then goes on in the real one.
// While operations follow each other in one frame it only remembers the last. When the frame is another one, the
// instructions executed up to that last operation belong to the frame that was left, and the shadow stack is brought in
// line with the machine's by comparing frame pointers: a callee's frame lies above its caller's, and a tail call's in
// the place of its caller's. So calls, returns, traps, exceptions and hosts that enter again need no hooks of their
// own, and code of stores that do not profile is not touched.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "interp/lower/code.h"
#include "interp/store/runtime.h"
#include "wplug/profile.h"

namespace wplug {

class CallProfiler {
 public:
  // `stack`: the store's, from which frames are measured.
  explicit CallProfiler(const Slot* stack) : stack_(stack) {}

  // The operation at `pc` of the current module's code is about to run in the frame at `fp`; `settled` is what the
  // machine has counted. Gives the operation's own handler.
  const void* dispatch(ModuleCode& module, const Cell* pc, const Slot* fp, uint64_t settled);
  // A run that began in `entered`, with its frame at `fp`, has ended by a trap, an exit or an error, with the count
  // complete.
  void stopped(uint64_t consumed, const FunctionCode& entered, const Slot* fp);
  CallProfile result(uint64_t consumed) const;

 private:
  struct Node {
    uint32_t function;
    uint32_t parent;
    uint64_t self = 0;
    uint64_t calls = 0;
  };
  struct Function {
    const FunctionCode* code;
    uint64_t self = 0;
    uint64_t calls = 0;
  };
  struct Frame {
    size_t fp;        // slots from the start of the stack
    uint32_t node;    // where its instructions are counted
    uint32_t parent;  // the node of the frame it was called from
    uint32_t function;
  };

  void change_frame(const LoweredBody& body, size_t at, size_t fp);
  void count_until(uint64_t executed);
  void enter(size_t fp, uint32_t parent, const FunctionCode& code);
  uint32_t function_id(const FunctionCode& code);
  uint32_t node_of(uint32_t parent, uint32_t function);

  const Slot* stack_;
  // The operation dispatched last.
  const LoweredBody* body_ = nullptr;
  size_t fp_ = 0;
  size_t at_ = 0;
  uint64_t settled_ = 0;
  FrameEffect effect_ = FrameEffect::returns;
  bool running_ = false;  // whether the last operation is still to be counted

  uint64_t counted_ = 0;  // instructions that functions have been given
  std::vector<Frame> frames_;
  std::vector<Node> nodes_;
  std::vector<Function> functions_;
  std::unordered_map<const FunctionCode*, uint32_t> function_ids_;
  std::unordered_map<uint64_t, uint32_t> children_;  // by parent and function
  bool all_paths_ = true;
};

// CallProfiler::stopped and CallProfiler::result of the store's, which is made when it is first needed.
void profile_stopped(Context& context, const FunctionCode& entered, const Slot* fp);
CallProfile profile_of(const Context& context);

}  // namespace wplug
