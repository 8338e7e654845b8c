// Calls one function of a module: call MODULE.wasm FUNCTION [INTEGER…]
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/module.h"
#include "wplug/store.h"

// Every fallible function returns a Result: a value, or an error with its kind, message and, for a trap, a backtrace.
static wplug::Result<int> call(const std::vector<uint8_t>& bytes, const char* name, int count, char** arguments) {
  WPLUG_TRY_ASSIGN(wplug::Engine engine, wplug::Engine::create());
  WPLUG_TRY_ASSIGN(wplug::Module module, wplug::Module::compile(engine, bytes));
  WPLUG_TRY_ASSIGN(wplug::Store store, wplug::Store::create(engine));
  WPLUG_TRY_ASSIGN(wplug::Instance instance, wplug::Instance::create(store, module, {}));

  const auto function = instance.get_func(name);
  if (!function) return wplug::Error(wplug::ErrorKind::misuse, std::string("the module has no function ") + name);
  std::vector<wplug::Value> values;
  for (int i = 0; i < count; i++) values.push_back(wplug::Value::i32(std::atoi(arguments[i])));
  std::vector<wplug::Value> results(function->type().results.size());
  WPLUG_TRY(function->call(values, results));
  for (const wplug::Value& result : results) std::printf("%d\n", result.i32());
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: call MODULE.wasm FUNCTION [INTEGER...]\n"), 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(file), {});
  const auto result = call(bytes, argv[2], argc - 3, argv + 3);
  if (!result.ok()) return std::fprintf(stderr, "%s\n", result.error().to_string().c_str()), 1;
  return result.value();
}
