// What arbitrary bytes are given to. None may crash, hang or leak, whatever the bytes are.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wplug::fuzz {

using Target = void (*)(std::span<const uint8_t> bytes);

// Decodes and validates.
void validate_target(std::span<const uint8_t> bytes);
// Validates and lowers every function, with and without machine registers, and prints its code.
void lower_target(std::span<const uint8_t> bytes);
// Instantiates, with whatever the module imports, and calls every export with little fuel, memory and time.
void execute_target(std::span<const uint8_t> bytes);

// Null when there is none of that name: "validate", "lower", "execute".
Target find_target(std::string_view name);

}  // namespace wplug::fuzz
