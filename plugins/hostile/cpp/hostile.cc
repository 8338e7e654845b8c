// A plugin that misbehaves on request, to show that a host survives it: {"op":"loop"} loops for ever. An op it does not
// know makes it a plugin that returns its input. Ops that need to lie about pointers and sizes are in ../raw/liar.c.
#include <wplug_sdk/plugin.h>

#include <cstdlib>
#include <cstring>
#include <iterator>

#include <wasi/api.h>

namespace {

using wplug::json::Object;

using Result = wplug::Result;

volatile int zero = 0;

// ---- traps ----

Result abort_now(Object&) { std::abort(); }

Result divide(Object& record) {
  record.set_integer("quotient", 100 / zero);  // of 1 / zero the compiler would make a comparison
  return record.text();
}

Result read_far(Object& record) {
  record.set_integer("byte", *reinterpret_cast<volatile const char*>(0xfffffff0 + static_cast<uintptr_t>(zero)));
  return record.text();
}

Result call_wrong_type(Object& record) {
  using Wrong = double (*)(double, double);
  Result (*volatile right)(Object&) = abort_now;
  record.set_boolean("called", reinterpret_cast<Wrong>(reinterpret_cast<uintptr_t>(right))(1, 2) > 0);
  return record.text();
}

// ---- time and space without end ----

Result loop(Object&) {
  for (;;) {
    zero = zero + 0;
  }
}

Result hog(Object&) {
  for (size_t size = 4096;; size += 4096) {
    // Volatile, or the compiler sees that the memory serves nothing and allocates none.
    auto* const block = static_cast<volatile char*>(std::malloc(size));
    if (block == nullptr) {
      std::abort();  // as operator new does
    }
    for (size_t at = 0; at < size; at += 1024) block[at] = 1;
  }
}

Result grow(Object& record) {
  while (__builtin_wasm_memory_grow(0, 1) != static_cast<size_t>(-1)) {
  }
  record.set_integer("pages", static_cast<int64_t>(__builtin_wasm_memory_size(0)));
  return record.text();
}

[[gnu::noinline]] int deeper(int depth) {
  volatile char room[64] = {};
  return depth == INT32_MAX ? room[0] : deeper(depth + 1) + room[1] + 1;
}

Result recurse(Object& record) {
  record.set_integer("depth", deeper(0));
  return record.text();
}

// The same without touching memory, so that only the engine's own stack runs out.
[[gnu::noinline]] int deeper_in_locals(int depth) {
  return depth == INT32_MAX ? 1 : deeper_in_locals(depth + 1) * 3 + depth;
}

Result recurse_locals(Object& record) {
  record.set_integer("depth", deeper_in_locals(zero));
  return record.text();
}

// ---- host functions ----

Result http_denied(Object& record) {
  const Result body = wplug::http_get("https://not-allowed.example/secret");
  if (std::get_if<std::string>(&body) == nullptr) {
    return body;
  }
  record.set_boolean("fetched", true);
  return record.text();
}

Result log_flood(Object& record) {
  const std::string line(100'000, 'x');
  for (int i = 0; i < 100'000; ++i) {
    wplug::log(line);
  }
  return record.text();
}

// get_config says that the budget is spent and returns, so only the clock ends this.
Result config_flood(Object&) {
  for (;;) {
    char out[8];
    wplug_get_config("key", 3, out, sizeof out);
  }
}

Result header_injection(Object& record) {
  wplug::set_header("x-good\r\nx-evil", "1\r\n\r\n<html>");
  return record.text();
}

// ---- WASI ----

Result exit_quietly(Object&) { std::exit(0); }

Result exit_loudly(Object&) { std::exit(41); }

Result sleep_long(Object& record) {
  __wasi_subscription_t subscription = {};
  subscription.u.tag = __WASI_EVENTTYPE_CLOCK;
  subscription.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  subscription.u.u.clock.timeout = 3'600'000'000'000;
  __wasi_event_t event;
  __wasi_size_t events = 0;
  static_cast<void>(__wasi_poll_oneoff(&subscription, &event, 1, &events));
  return record.text();
}

// Counts the files it could open, through any descriptor and by any kind of path.
Result open_files(Object& record) {
  constexpr const char* kPaths[] = {"etc/passwd", "/etc/passwd", "../../../../../etc/passwd", "."};
  int64_t opened = 0;
  for (__wasi_fd_t directory = 0; directory < 64; ++directory) {
    for (const char* path : kPaths) {
      __wasi_fd_t file;
      opened += __wasi_path_open(directory, 0, path, 0, __WASI_RIGHTS_FD_READ, 0, 0, &file) == 0 ? 1 : 0;
    }
  }
  record.set_integer("opened", opened);
  return record.text();
}

Result read_environment(Object& record) {
  __wasi_size_t count = 0;
  __wasi_size_t bytes = 0;
  static_cast<void>(__wasi_environ_sizes_get(&count, &bytes));
  record.set_integer("variables", static_cast<int64_t>(count));
  return record.text();
}

// Standard output is the log's, not the pipeline's.
Result print(Object& record) {
  constexpr char kLine[] = "{\"forged\":true}\n";
  const __wasi_ciovec_t pieces = {reinterpret_cast<const uint8_t*>(kLine), sizeof kLine - 1};
  __wasi_size_t written = 0;
  static_cast<void>(__wasi_fd_write(1, &pieces, 1, &written));
  return record.text();
}

// ---- state ----

// Grows by one with each "count" that the same instance handles.
Result count(Object& record) {
  static int64_t calls = 0;
  record.set_integer("calls", ++calls);
  return record.text();
}

Result fail(Object&) { return wplug::Error{"refused \"politely\"\nin two lines"}; }

struct Operation {
  std::string_view name;
  Result (*run)(Object&);
};

constexpr Operation kOperations[] = {
    {"abort", abort_now},
    {"divide", divide},
    {"read_far", read_far},
    {"call_wrong_type", call_wrong_type},
    {"loop", loop},
    {"hog", hog},
    {"grow", grow},
    {"recurse", recurse},
    {"recurse_locals", recurse_locals},
    {"http_denied", http_denied},
    {"log_flood", log_flood},
    {"config_flood", config_flood},
    {"header_injection", header_injection},
    {"exit_quietly", exit_quietly},
    {"exit_loudly", exit_loudly},
    {"sleep_long", sleep_long},
    {"open_files", open_files},
    {"read_environment", read_environment},
    {"print", print},
    {"count", count},
    {"fail", fail},
};

Result misbehave(std::string_view input) {
  Object record;
  if (auto error = record.parse(input)) {
    return *error;
  }
  const std::string op = record["op"].string_or("");
  for (const Operation& operation : kOperations) {
    if (operation.name == op) {
      return operation.run(record);
    }
  }
  return record.text();
}

}  // namespace

WPLUG_TRANSFORM(misbehave)
