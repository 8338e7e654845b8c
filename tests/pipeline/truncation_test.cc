// Real plugins cut at every byte, and with bytes changed: compiling them ends in an error or in a module, never in
// anything else. The sanitizer builds look for what is not seen here.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "wplug/engine.h"
#include "wplug/module.h"

using namespace wplug;

namespace {

std::vector<uint8_t> read(const std::string& name) {
  const char* const folder = std::getenv("WPLUG_TEST_PLUGINS");
  REQUIRE_MESSAGE(folder != nullptr, "WPLUG_TEST_PLUGINS is not set to the folder of the plugins");
  std::ifstream file(std::string(folder) + "/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Engine engine() { return Engine::create().value(); }

// Where sections end: a module cut there may be one still.
std::vector<bool> section_ends(const std::vector<uint8_t>& bytes) {
  std::vector<bool> ends(bytes.size() + 1);
  size_t at = 8;
  ends[at] = true;
  while (at < bytes.size()) {
    ++at;
    size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      size |= static_cast<size_t>(bytes.at(at) & 0x7f) << shift;
      if ((bytes.at(at++) & 0x80) == 0) break;
    }
    at += size;
    ends.at(at) = true;
  }
  return ends;
}

}  // namespace

TEST_CASE("a plugin cut at any byte is refused with an offset inside what is left of it") {
  const Engine shared = engine();
  for (const char* const name : {"validator.wasm", "liar.wasm", "hostile.wasm"}) {
    const std::vector<uint8_t> bytes = read(name);
    REQUIRE(Module::compile(shared, bytes).ok());
    const std::vector<bool> ends = section_ends(bytes);
    size_t refused = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      const auto module = Module::compile(shared, cut);
      if (module.ok()) {
        CHECK_MESSAGE(ends[size], (std::string(name) + " cut at byte " + std::to_string(size) + " was accepted"));
        continue;
      }
      ++refused;
      const Error& error = module.error();
      if (error.kind() != ErrorKind::malformed || error.offset().value_or(0) > size || error.message().empty()) {
        FAIL_CHECK(name << " cut at byte " << size << ": " << error.to_string());
      }
    }
    CHECK(refused > bytes.size() / 2);
  }
}

TEST_CASE("a plugin with changed bytes compiles or is refused") {
  const Engine shared = engine();
  const std::vector<uint8_t> bytes = read("liar.wasm");
  uint64_t state = 88172645463325252;
  const auto below = [&](size_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<size_t>(state % bound);
  };
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> changed = bytes;
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      changed[below(changed.size())] = static_cast<uint8_t>(below(256));
    }
    const auto module = Module::compile(shared, changed);
    if (!module.ok()) {
      ++refused;
      CHECK_FALSE(module.error().message().empty());
    }
  }
  CHECK(refused > 1000);
}
