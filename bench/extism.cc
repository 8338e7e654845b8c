// What the boundary of Extism plugins costs: each program of bench/extism/*.wat moves a megabyte 10 times, a call of a kernel
// function for each byte or word.
//
//   bench-extism bench/extism      CPU nanoseconds of a call, and MB/s; the median of 7 rounds
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "abi/extism/host.h"
#include "host/files.h"
#include "wplug/engine.h"
#include "wplug/linker.h"
#include "wplug/text.h"

namespace wplug {
namespace {

constexpr uint64_t kBytes = 1'000'000;
constexpr int kTurns = 10, kRounds = 7;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Result<Module> compile(const Engine& engine, const std::string& file) {
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> text, read_file(file));
  WPLUG_TRY_ASSIGN(std::vector<uint8_t> bytes, parse_wat({reinterpret_cast<const char*>(text.data()), text.size()}));
  return Module::compile(engine, std::move(bytes), file);
}

// Seconds of one run of the program's `run`, the median.
Result<double> measure(const std::string& folder, const std::string& name) {
  WPLUG_TRY_ASSIGN(const Engine engine, Engine::create());
  WPLUG_TRY_ASSIGN(Store store, Store::create(engine));
  const PluginTerms terms;
  const HostServices services;
  ExtismHost host(terms, services);
  CallState state;
  host.context.begin_call(state);
  WPLUG_TRY(host.kernel.create(store));
  Linker linker;
  add_extism_kernel(linker, host);
  WPLUG_TRY_ASSIGN(const Module kernel, compile(engine, folder + "/kernel.wat"));
  WPLUG_TRY_ASSIGN(const Instance instance, linker.instantiate(store, kernel));
  linker.define_instance("kernel", instance);
  WPLUG_TRY_ASSIGN(const Module module, compile(engine, folder + "/" + name + ".wat"));
  WPLUG_TRY_ASSIGN(const Instance main, linker.instantiate(store, module));
  host.kernel.input = {host.kernel.store_text(std::string(kBytes, 'x')), kBytes};
  std::array<double, kRounds> seconds{};
  for (double& round : seconds) {
    const double begin = cpu_seconds();
    uint64_t slot = 0;
    WPLUG_TRY(main.get_func("run")->call_raw(&slot));
    round = cpu_seconds() - begin;
  }
  std::ranges::sort(seconds);
  return seconds[kRounds / 2];
}

}  // namespace
}  // namespace wplug

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench-extism FOLDER\n");
    return 2;
  }
  struct Program {
    const char* name;
    int bytes_of_a_call;
  };
  for (const Program& program : {Program{"load", 1}, Program{"load64", 8}, Program{"store", 1}, Program{"load-wasm-kernel", 1}}) {
    const auto seconds = wplug::measure(argv[1], program.name);
    if (!seconds.ok()) {
      std::fprintf(stderr, "%s: %s\n", program.name, seconds.error().to_string().c_str());
      return 1;
    }
    const double bytes = double(wplug::kBytes) * wplug::kTurns;
    std::printf("%-18s %6.2f ns a call %8.1f MB/s\n", program.name, *seconds / (bytes / program.bytes_of_a_call) * 1e9,
                bytes / *seconds / 1e6);
  }
}
