// A plugin of the samuel ABI: keeps records as the lines of a file, and runs a command over it. Configured: `file`, and
// `command` for publish. plugins/samuel-notes/go is the same in Go.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))
#define IMPORT(name) extern "C" __attribute__((import_module("samuel"), import_name(#name)))

IMPORT(log) void samuel_log(const char* level, uint32_t level_size, const char* text, uint32_t size);
IMPORT(fs_read) uint64_t samuel_fs_read(const char* path, uint32_t size);
IMPORT(fs_write) uint32_t samuel_fs_write(const char* path, uint32_t path_size, const char* body, uint32_t size);
IMPORT(exec) uint32_t samuel_exec(const char* command, uint32_t size);
IMPORT(config_get) uint64_t samuel_config_get(const char* key, uint32_t size);
IMPORT(callback) uint32_t samuel_callback(const char* name, uint32_t name_size, const char* payload, uint32_t size);

namespace {

// What the host asked for last: the size of what it then gives.
uint32_t allocated = 0;

uint32_t size_of(std::string_view text) { return static_cast<uint32_t>(text.size()); }

// Takes over what the host put into samuel_alloc's memory; empty for 0.
std::string take(uint64_t at) {
  if (at == 0) {
    return {};
  }
  char* const data = reinterpret_cast<char*>(static_cast<uintptr_t>(at));
  std::string text(data, allocated);
  std::free(data);
  return text;
}

std::string config(std::string_view key) { return take(samuel_config_get(key.data(), size_of(key))); }

void say(std::string_view text) { samuel_log("info", 4, text.data(), size_of(text)); }

void output(std::string_view text) { samuel_callback("output", 6, text.data(), size_of(text)); }

}  // namespace

EXPORT(samuel_protocol_version) uint32_t samuel_protocol_version() { return 1; }
EXPORT(samuel_alloc) void* samuel_alloc(uint32_t size) {
  allocated = size;
  return std::malloc(size == 0 ? 1 : size);
}

// Healthy when it knows its file.
EXPORT(health) int32_t health() { return config("file").empty() ? 1 : 0; }

// Adds the call's input as a line. The code of fs_write.
EXPORT(run) int32_t run() {
  const std::string path = config("file");
  std::string notes = take(samuel_fs_read(path.data(), size_of(path)));
  std::string record = config("input");
  std::replace(record.begin(), record.end(), '\n', ' ');
  notes += record + "\n";
  const uint32_t code = samuel_fs_write(path.data(), size_of(path), notes.data(), size_of(notes));
  if (code == 0) {
    say("noted " + record);
    output("{\"notes\":" + std::to_string(std::count(notes.begin(), notes.end(), '\n')) + "}");
  }
  return static_cast<int32_t>(code);
}

// Runs the configured command. The code of exec.
EXPORT(publish) int32_t publish() {
  const std::string command = config("command");
  return static_cast<int32_t>(samuel_exec(command.data(), size_of(command)));
}
