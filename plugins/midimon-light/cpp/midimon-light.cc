// A plugin of the midimon ABI: switches a lamp, prints what it did, and counts its actions in its data directory.
// plugins/midimon-light/go is the same in Go.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

constexpr std::string_view kMetadata =
    R"({"name":"light","version":"1.0.0","description":"switches a lamp","author":"wplug","license":"Apache-2.0",)"
    R"("type":"action","capabilities":["filesystem"]})";

// The text after `"key":`, up to what ends a value; requests of this plugin have no escapes.
std::string_view value_of(std::string_view json, std::string_view key) {
  const std::string wanted = '"' + std::string(key) + "\":";
  const size_t at = json.find(wanted);
  if (at == std::string_view::npos) {
    return {};
  }
  std::string_view rest = json.substr(at + wanted.size());
  if (!rest.empty() && rest.front() == '"') {
    return rest.substr(1, rest.find('"', 1) - 1);
  }
  return rest.substr(0, rest.find_first_of(",}"));
}

// Adds one to the number in the file; 0 when there is no place to keep it.
unsigned count_up() {
  unsigned count = 0;
  if (std::FILE* file = std::fopen("/counter", "r")) {
    if (std::fscanf(file, "%u", &count) != 1) {
      count = 0;
    }
    std::fclose(file);
  }
  std::FILE* file = std::fopen("/counter", "w");
  if (file == nullptr) {
    return 0;
  }
  std::fprintf(file, "%u\n", ++count);
  std::fclose(file);
  return count;
}

}  // namespace

EXPORT(init) uint64_t init() {
  return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(kMetadata.data())) << 32 | kMetadata.size();
}

EXPORT(alloc) void* alloc(uint32_t size) { return std::malloc(size == 0 ? 1 : size); }
EXPORT(dealloc) void dealloc(void* at, uint32_t) { std::free(at); }

// 1: the request has no action; 3: there is no such action.
EXPORT(execute) int32_t execute(const char* at, uint32_t length) {
  const std::string_view request(at, length);
  const std::string action(value_of(request, "action"));
  if (action.empty()) {
    return 1;
  }
  if (action != "on" && action != "off") {
    std::fprintf(stderr, "there is no action %s\n", action.c_str());
    return 3;
  }
  const std::string_view lamp = value_of(request, "lamp"), velocity = value_of(request, "velocity");
  std::printf("%.*s: %s", static_cast<int>(lamp.size()), lamp.data(), action.c_str());
  if (!velocity.empty()) {
    std::printf(", %d%%", std::atoi(std::string(velocity).c_str()) * 100 / 127);
  }
  if (const unsigned count = count_up()) {
    std::printf(", action %u", count);
  }
  std::printf("\n");
  std::fflush(stdout);
  return 0;
}
