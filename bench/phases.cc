// The phases of a module's life and the edges between host and guest, each by itself.
//
//   bench-phases [--runs N] [MODULE.wasm… | SCRIPT.wast…]
//
// Prints one JSON object: {"what": {"median": x, "min": x, "max": x, "unit": "ns"}, …}. Each number is the median of N batches;
// a batch is long enough for the clock. The modules given are decoded and lowered, the scripts read, all of them in one batch;
// their sizes make the MB/s.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "bench/module_bytes.h"
#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/module.h"
#include "wplug/script.h"
#include "wplug/store.h"

namespace wplug::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Ends the program: a benchmark that cannot run has nothing to say.
template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "bench-phases: %s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

class Report {
 public:
  explicit Report(int runs) : runs_(runs) {}

  // `batch` does its work once and returns one number in `unit`.
  void measure(const std::string& what, const char* unit, const std::function<double()>& batch) {
    batch();  // warms caches and lazy lowering
    std::vector<double> values;
    for (int i = 0; i < runs_; i++) values.push_back(batch());
    std::sort(values.begin(), values.end());
    std::printf("%s\"%s\": {\"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"unit\": \"%s\"}", first_ ? "{" : ",\n ",
                what.c_str(), values[values.size() / 2], values.front(), values.back(), unit);
    first_ = false;
  }
  ~Report() { std::puts("}"); }

 private:
  int runs_;
  bool first_ = true;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Nanoseconds of one of `count` repetitions.
double nanoseconds_each(int count, const std::function<void()>& repetition) {
  return seconds_of([&] {
           for (int i = 0; i < count; i++) repetition();
         }) *
         1e9 / count;
}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "bench-phases: cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::string base_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// Small modules are compiled many times over, so that a batch is long enough for the clock.
int repetitions(size_t bytes) { return static_cast<int>(std::max<size_t>(1, (size_t{4} << 20) / std::max<size_t>(bytes, 1))); }

void measure_module(Report& report, const Engine& engine, const std::string& path) {
  const Bytes bytes = read_file(path);
  const int count = repetitions(bytes.size());
  const double megabytes = static_cast<double>(bytes.size()) / 1e6;
  const std::string name = base_name(path);
  const auto compile = [&] { return must(Module::compile(engine, std::span<const uint8_t>(bytes))); };
  report.measure("decode and validate " + name, "MB/s",
                 [&] { return megabytes * 1e9 / nanoseconds_each(count, [&] { compile(); }); });
  report.measure("lower all of " + name, "MB/s", [&] {
    double seconds = 0;
    for (int i = 0; i < count; i++) {
      const Module module = compile();
      seconds += seconds_of([&] { must(module.lower_all()); });
    }
    return megabytes * count / seconds;
  });
}

void measure_scripts(Report& report, const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  std::vector<std::string> texts;
  size_t size = 0;
  for (const std::string& path : paths) {
    const Bytes bytes = read_file(path);
    texts.emplace_back(bytes.begin(), bytes.end());
    size += bytes.size();
  }
  report.measure("read " + std::to_string(texts.size()) + " scripts", "MB/s", [&] {
    return static_cast<double>(size) / 1e6 / seconds_of([&] {
             for (const std::string& text : texts) must(parse_wast(text));
           });
  });
}

Result<void> host_function(void* calls, Caller&, uint64_t* slots) {
  ++*static_cast<uint64_t*>(calls);
  slots[0] = static_cast<uint32_t>(slots[0] + 1);
  return {};
}

Result<int32_t> bound_function(uint64_t& calls, Caller&, int32_t value) {
  ++calls;
  return value + 1;
}

// Stores are thrown away after this many instances, as a server that lives long would do.
constexpr int kInstancesPerStore = 1000;

void measure_instantiation(Report& report, const Engine& engine) {
  const Module module = must(Module::compile(engine, small_module(), "small"));
  report.measure("instance of a small module, in a store there is", "us", [&] {
    Store store = must(Store::create(engine));
    return nanoseconds_each(kInstancesPerStore, [&] { must(Instance::create(store, module, {})); }) / 1e3;
  });
  report.measure("store and instance of a small module, made and freed", "us", [&] {
    return nanoseconds_each(kInstancesPerStore, [&] {
             Store store = must(Store::create(engine));
             must(Instance::create(store, module, {}));
           }) /
           1e3;
  });
}


Instance calls_instance(const Engine& engine, Store& store, uint64_t& count, bool bound) {
  const Module module = must(Module::compile(engine, calls_module(), "calls"));
  Linker linker;
  if (bound) {
    linker.define_host<&bound_function>("env", "host", &count);
  } else {
    linker.define_raw("env", "host", FuncType{{ValType::i32()}, {ValType::i32()}}, &host_function, &count);
  }
  return must(linker.instantiate(store, module));
}

void measure_calls_in(Report& report, const Engine& engine) {
  uint64_t count = 0;
  Store store = must(Store::create(engine));
  const Instance instance = calls_instance(engine, store, count, false);
  const Func add = *instance.get_func("add");
  constexpr int kCalls = 1'000'000;
  report.measure("host to wasm, add(i32, i32), raw slots", "ns", [&] {
    uint64_t sum = 0;
    return nanoseconds_each(kCalls, [&] {
      uint64_t slots[2] = {sum, 1};
      must(add.call_raw(slots));
      sum = slots[0];
    });
  });
  report.measure("host to wasm, add(i32, i32), boxed values", "ns", [&] {
    Value result;
    return nanoseconds_each(kCalls, [&] {
      const Value arguments[2] = {Value::i32(20), Value::i32(22)};
      must(add.call(arguments, {&result, 1}));
    });
  });
}

void measure_calls_out(Report& report, const Engine& engine, const char* what, bool bound) {
  uint64_t count = 0;
  Store store = must(Store::create(engine));
  const Func loop = *calls_instance(engine, store, count, bound).get_func("call_host");
  constexpr uint32_t kCalls = 1'000'000;
  report.measure(what, "ns", [&] {
    uint64_t slots[1] = {kCalls};
    return seconds_of([&] { must(loop.call_raw(slots)); }) * 1e9 / kCalls;
  });
}

void measure_execution(Report& report, const Engine& engine) {
  uint64_t count = 0;
  Store store = must(Store::create(engine));
  const Func spin = *calls_instance(engine, store, count, false).get_func("spin");
  constexpr uint32_t kRounds = 20'000'000;
  report.measure("execute a loop of arithmetic", "million instructions/s", [&] {
    const uint64_t before = store.fuel_consumed();
    uint64_t slots[1] = {kRounds};
    const double seconds = seconds_of([&] { must(spin.call_raw(slots)); });
    return static_cast<double>(store.fuel_consumed() - before) / 1e6 / seconds;
  });
}

int run(int runs, const std::vector<std::string>& modules, const std::vector<std::string>& scripts) {
  const Engine engine = must(Engine::create());
  Report report(runs);
  for (const std::string& path : modules) measure_module(report, engine, path);
  measure_scripts(report, scripts);
  measure_instantiation(report, engine);
  measure_calls_in(report, engine);
  measure_calls_out(report, engine, "wasm to host, raw callback", false);
  measure_calls_out(report, engine, "wasm to host, typed binding", true);
  measure_execution(report, engine);
  return 0;
}

}  // namespace
}  // namespace wplug::bench

int main(int argc, char** argv) {
  int runs = 5;
  std::vector<std::string> modules, scripts;
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
      runs = std::max(1, std::atoi(argv[++i]));
    } else {
      (std::string_view(argv[i]).ends_with(".wast") ? scripts : modules).emplace_back(argv[i]);
    }
  }
  return wplug::bench::run(runs, modules, scripts);
}
