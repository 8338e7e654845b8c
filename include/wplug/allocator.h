// Allocator: the embedder's memory, in place of the system's.
#pragma once

#include <cstddef>

namespace wplug {

// Gives what an engine allocates by the amount that guests ask for: linear memories, tables, value stacks, the arrays
// of instances and lowered code. All three functions are set, or none (the system's then). Blocks are aligned as malloc's
// are, and may have any contents. The functions must not call into the engine; those of an engine whose stores run in
// several threads are called by several threads. Null from the first two is an error of kind `limit`, or -1 of
// memory.grow and table.grow.
//
// What is of the size of the module and of the host's calls (decoded modules, types, names, errors, handles) comes from
// the program's operator new; see docs/small.md.
struct Allocator {
  void* (*allocate)(void* context, size_t size) = nullptr;
  void* (*reallocate)(void* context, void* block, size_t size) = nullptr;  // `block` is not null; as it was on failure
  void (*release)(void* context, void* block) = nullptr;                   // `block` is not null
  void* context = nullptr;
};

}  // namespace wplug
