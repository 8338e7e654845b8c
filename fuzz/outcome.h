// What running a module did, as text that can be compared.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wplug/engine.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug::fuzz {

struct Outcome {
  // A line for instantiation and for each call: arguments, results or trap, and now and then and at the end checksums of the
  // memories and values of the globals. The same on every engine that conforms.
  std::vector<std::string> lines;
  // Of each call. The same for every configuration of this engine that meters.
  std::vector<uint64_t> fuel;
  bool out_of_fuel = false;  // some call was; `lines` end with it
  bool out_of_stack = false;  // the same; frames have other sizes in other configurations
  bool out_of_heap = false;  // some call was
  uint64_t collections = 0;  // of garbage
  uint64_t heap_bytes = 0;   // that objects took in the end, with their garbage
};

struct RunOptions {
  uint64_t seed = 0;             // of the arguments
  uint64_t fuel = 200'000;       // for each call; 0: the engine does not meter
  uint64_t heap_bytes = StoreLimits{}.gc_heap_bytes;
  uint64_t collect_each = UINT64_MAX;  // bytes allocated from one collection to the next, at most
  // Calls again with fuel for all but the last instruction, to see that the end is exact.
  bool stop_one_short = false;
};

// Instantiates and calls every exported function that takes and gives numbers only. Arguments come from the seed. A module
// that was refused gives a line that says so.
Outcome run_module(const Engine& engine, const Result<Module>& module, const RunOptions& options);

// The checksum of memories: CRC-32 as in zlib (polynomial 0xedb88320).
uint32_t crc32(std::span<const uint8_t> bytes);

}  // namespace wplug::fuzz
