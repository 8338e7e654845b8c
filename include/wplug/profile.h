// What a store's guest executed, function by function and call path by call path: counted, not sampled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wplug {

// Of all calls since the store was made. Amounts are executed instructions, as Store::fuel_consumed() counts them.
struct CallProfile {
  static constexpr uint32_t kNoParent = UINT32_MAX;
  struct Function {
    std::string module;
    uint32_t index = 0;  // in its module
    std::string name;    // from the name section, else an export's name, else empty
    uint64_t self = 0;   // in the function itself
    uint64_t total = 0;  // in it and all it called; a recursive function counts once
    uint64_t calls = 0;
  };
  // One function as it was reached by one path of calls.
  struct Node {
    uint32_t function = 0;        // in `functions`
    uint32_t parent = kNoParent;  // in `nodes`; a parent stands before its children
    uint64_t self = 0;
    uint64_t calls = 0;
  };
  std::vector<Function> functions;
  std::vector<Node> nodes;
  uint64_t instructions = 0;  // the sum of `self` of all functions, and of all nodes: Store::fuel_consumed()
  // False: there were more than a million paths. What went on beyond stands with the last path before it; `self` and
  // `calls` of functions are right all the same.
  bool all_paths = true;
};

}  // namespace wplug
