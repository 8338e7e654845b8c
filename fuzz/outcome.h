// What running a module did, as text that can be compared.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wplug/engine.h"

namespace wplug::fuzz {

struct Outcome {
  // A line for instantiation and for each call: arguments, results or trap, and now and then and at the end checksums of the
  // memories and values of the globals. The same on every engine that conforms.
  std::vector<std::string> lines;
  // Of each call. The same for every configuration of this engine that meters.
  std::vector<uint64_t> fuel;
  bool out_of_fuel = false;  // some call was; `lines` end with it
};

struct RunOptions {
  uint64_t seed = 0;             // of the arguments
  uint64_t fuel = 200'000;       // for each call; 0: the engine does not meter
  // Calls again with fuel for all but the last instruction, to see that the end is exact.
  bool stop_one_short = false;
};

// Compiles, instantiates and calls every exported function. Arguments come from the seed.
Outcome run_module(const Engine& engine, std::span<const uint8_t> bytes, const RunOptions& options);

// The checksum of memories: CRC-32 as in zlib (polynomial 0xedb88320).
uint32_t crc32(std::span<const uint8_t> bytes);

}  // namespace wplug::fuzz
