// Runs a guest that may not be trusted: a host function, limits on memory, instructions and time, and a trap's backtrace.
//
//   sandbox MODULE.wasm FUNCTION    the module may import env.report(i32)
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "wplug/engine.h"
#include "wplug/linker.h"
#include "wplug/module.h"
#include "wplug/store.h"
#include "wplug/trap.h"

struct Host {
  int reports = 0;
};

// What the guest calls. The first parameter is the env given to the linker; `caller` gives the guest's memory.
static wplug::Result<void> report(Host& host, wplug::Caller&, int32_t number) {
  std::printf("the guest reports %d\n", number);
  if (++host.reports > 10) return wplug::Error(wplug::ErrorKind::host, "more than 10 reports");
  return {};
}

static wplug::Result<void> run(Host& host, const std::vector<uint8_t>& bytes, const char* name) {
  WPLUG_TRY_ASSIGN(wplug::Engine engine, wplug::Engine::create());
  WPLUG_TRY_ASSIGN(wplug::Module module, wplug::Module::compile(engine, bytes));

  wplug::StoreLimits limits;
  limits.memory_bytes = 1 << 20;
  WPLUG_TRY_ASSIGN(wplug::Store store, wplug::Store::create(engine, limits));
  WPLUG_TRY(store.set_fuel(10'000'000));
  store.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(1));

  wplug::Linker linker;
  linker.define_host<&report>("env", "report", &host);
  WPLUG_TRY_ASSIGN(wplug::Instance instance, linker.instantiate(store, module));
  const auto function = instance.get_func(name);
  if (!function) return wplug::Error(wplug::ErrorKind::misuse, std::string("the module has no function ") + name);
  auto result = function->call({}, {});
  std::printf("%llu instructions\n", static_cast<unsigned long long>(store.fuel_consumed()));
  return result;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: sandbox MODULE.wasm FUNCTION\n"), 2;
  std::ifstream file(argv[1], std::ios::binary);
  Host host;
  const auto result = run(host, {std::istreambuf_iterator<char>(file), {}}, argv[2]);
  if (result.ok()) return 0;
  std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
  if (const wplug::Trap* trap = result.error().trap()) {
    for (const wplug::Frame& frame : trap->backtrace()) std::fprintf(stderr, "  at %s\n", frame.to_string().c_str());
  }
  return 1;
}
