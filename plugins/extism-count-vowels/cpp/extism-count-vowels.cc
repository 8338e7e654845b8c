// An Extism plugin without a PDK: counts vowels, and keeps the total of all calls in a variable.
//
// Extism's functions give and take offsets into a memory of the host's; bytes go in and out one at a time.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#define EXTISM_IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(#name)))

extern "C" {
EXTISM_IMPORT(alloc) uint64_t extism_alloc(uint64_t length);
EXTISM_IMPORT(length) uint64_t extism_length(uint64_t block);
EXTISM_IMPORT(load_u8) uint32_t extism_load_u8(uint64_t offset);
EXTISM_IMPORT(store_u8) void extism_store_u8(uint64_t offset, uint32_t byte);
EXTISM_IMPORT(input_length) uint64_t extism_input_length();
EXTISM_IMPORT(input_load_u8) uint32_t extism_input_load_u8(uint64_t index);
EXTISM_IMPORT(output_set) void extism_output_set(uint64_t offset, uint64_t length);
EXTISM_IMPORT(config_get) uint64_t extism_config_get(uint64_t key);
EXTISM_IMPORT(var_get) uint64_t extism_var_get(uint64_t key);
EXTISM_IMPORT(var_set) void extism_var_set(uint64_t key, uint64_t value);
}

namespace {

uint64_t block_of(std::string_view text) {
  const uint64_t block = extism_alloc(text.size());
  for (size_t i = 0; i < text.size(); ++i) extism_store_u8(block + i, static_cast<uint8_t>(text[i]));
  return block;
}

std::string text_of(uint64_t block) {
  std::string text(extism_length(block), '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(extism_load_u8(block + i));
  return text;
}

uint64_t number_of(std::string_view digits) {
  uint64_t number = 0;
  for (const char c : digits) number = number * 10 + static_cast<uint64_t>(c - '0');
  return number;
}

}  // namespace

extern "C" __attribute__((export_name("count_vowels"))) int32_t count_vowels() {
  std::string vowels = text_of(extism_config_get(block_of("vowels")));
  if (vowels.empty()) vowels = "aeiouAEIOU";
  uint64_t count = 0;
  for (uint64_t i = 0, n = extism_input_length(); i < n; ++i) {
    if (vowels.find(static_cast<char>(extism_input_load_u8(i))) != std::string::npos) ++count;
  }
  const uint64_t total = number_of(text_of(extism_var_get(block_of("total")))) + count;
  extism_var_set(block_of("total"), block_of(std::to_string(total)));
  const std::string answer =
      "{\"count\":" + std::to_string(count) + ",\"total\":" + std::to_string(total) + ",\"vowels\":\"" + vowels + "\"}";
  extism_output_set(block_of(answer), answer.size());
  return 0;
}
