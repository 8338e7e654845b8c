#include "fuzz/outcome.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "fuzz/random.h"
#include "interp/store/runtime.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/trap.h"

namespace wplug::fuzz {

namespace {

// Eight bytes at a time ("slicing by 8"): most of the time would otherwise go into checksums of empty memories.
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
    tables[0][i] = value;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (uint32_t i = 0; i < 256; ++i) tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
  }
  return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

constexpr uint32_t kCallsBetweenStates = 8;

// What "host" "mix" and "note" remember.
struct Host {
  uint64_t state = 1;
};

Result<int64_t> mix(Host& host, Caller&, int64_t value) {
  host.state = host.state * 6364136223846793005u + static_cast<uint64_t>(value);
  return static_cast<int64_t>(host.state >> 7);
}

Result<void> note(Host& host, Caller&, uint32_t value) {
  host.state = (host.state ^ value) * 0x9e3779b97f4a7c15u;
  return {};
}

Result<void> make_ref(Caller&, std::span<const Value> arguments, std::span<Value> results) {
  results[0] = Value::externref(Ref::host(static_cast<uint32_t>(arguments[0].i32())));
  return {};
}

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

// Bits, of NaNs only that they are.
std::string print(const Value& value) {
  const std::string type = value.type().to_string();
  if (value.type() == ValType::f32() && value.f32() != value.f32()) return type + ":nan";
  if (value.type() == ValType::f64() && value.f64() != value.f64()) return type + ":nan";
  return type + ":" + hex(value.bits());
}

std::string print(const Error& error) {
  if (error.kind() == ErrorKind::trap) return "trap " + std::string(trap_name(error.trap()->kind()));
  return "error " + error.message();
}

bool is_trap(const Result<void>& called, TrapKind kind) {
  return !called.ok() && called.error().kind() == ErrorKind::trap && called.error().trap()->kind() == kind;
}

Value argument(Random& random, ValType type) {
  const uint64_t bits = random.one_in(2) ? random.below(300) : random.bits();
  if (type == ValType::i32()) return Value::i32(static_cast<int32_t>(bits));
  if (type == ValType::i64()) return Value::i64(static_cast<int64_t>(bits));
  if (type == ValType::f32()) return Value::f32(static_cast<float>(static_cast<int32_t>(bits)));
  return Value::f64(static_cast<double>(static_cast<int64_t>(bits)));
}

bool is_of_numbers(const FuncType& type) {
  const auto is_number = [](ValType value) { return value.is_num(); };
  return std::all_of(type.params.begin(), type.params.end(), is_number) &&
         std::all_of(type.results.begin(), type.results.end(), is_number);
}

class Run {
 public:
  Run(Store& store, Instance& instance, const Module& module, const RunOptions& options, const Host& host)
      : store_(store), instance_(instance), module_(module), options_(options), host_(host) {}

  void calls(Outcome& outcome) {
    Random random(options_.seed ^ 0x5deece66du);
    for (const ExportType& exported : module_.exports()) {
      if (exported.type.kind != ExternKind::func || !is_of_numbers(exported.type.func)) continue;
      for (int round = 0; round < 2; ++round) {
        std::vector<Value> arguments;
        for (ValType param : exported.type.func.params) arguments.push_back(argument(random, param));
        if (!call(exported, arguments, outcome)) return;
      }
    }
    outcome.lines.push_back("end" + state());
  }

  // Memories, globals and what the host heard.
  std::string state() const {
    std::string text = " | host " + hex(host_.state);
    for (const ExportType& exported : module_.exports()) {
      if (exported.type.kind == ExternKind::memory) {
        const Memory memory = *instance_.get_memory(exported.name);
        text += " " + exported.name + " " + std::to_string(memory.pages()) + "/" + hex(crc32(memory.data()));
      } else if (exported.type.kind == ExternKind::global && exported.type.global.type.is_num()) {
        text += " " + exported.name + " " + print(instance_.get_global(exported.name)->get());
      }
    }
    return text;
  }

 private:
  // False: fuel or the stack ran out, and nothing after it can be compared with engines that count otherwise.
  bool call(const ExportType& exported, const std::vector<Value>& arguments, Outcome& outcome) {
    const Func func = *instance_.get_func(exported.name);
    std::vector<Value> results(exported.type.func.results.size());
    const uint64_t before = store_.fuel_consumed();
    if (options_.fuel != 0) (void)store_.set_fuel(options_.fuel);
    const Result<void> called = func.call(arguments, results);
    const uint64_t used = store_.fuel_consumed() - before;
    std::string line = exported.name + "(";
    for (const Value& value : arguments) line += (line.back() == '(' ? "" : " ") + print(value);
    line += "): ";
    if (called.ok()) {
      line += "ok";
      for (const Value& result : results) line += " " + print(result);
    } else {
      line += print(called.error());
    }
    // Checksums take longer than anything else here, so not after every call.
    ++calls_;
    outcome.lines.push_back(calls_ % kCallsBetweenStates == 0 ? line + state() : line);
    outcome.fuel.push_back(used);
    outcome.out_of_heap = outcome.out_of_heap || is_trap(called, TrapKind::out_of_heap_memory);
    outcome.out_of_fuel = is_trap(called, TrapKind::out_of_fuel);
    outcome.out_of_stack = is_trap(called, TrapKind::call_stack_exhausted);
    if (outcome.out_of_fuel || outcome.out_of_stack) {
      outcome.lines.back() += state();
      return false;
    }
    if (options_.stop_one_short && used > 1 && options_.fuel != 0) one_short(func, arguments, used, outcome);
    return true;
  }
  // The same call again would not do the same, as state has changed, but with any limit it must end at that limit or
  // before, with the count that it had then.
  void one_short(const Func& func, const std::vector<Value>& arguments, uint64_t used, Outcome& outcome) {
    std::vector<Value> results(func.type().results.size());
    const uint64_t before = store_.fuel_consumed();
    (void)store_.set_fuel(used - 1);
    const Result<void> called = func.call(arguments, results);
    const uint64_t again = store_.fuel_consumed() - before;
    std::string line = "again: " + (called.ok() ? "ok" : print(called.error())) + " " + std::to_string(again);
    if (again > used - 1) line += " PAST THE LIMIT";
    outcome.lines.push_back(line);
  }

  Store& store_;
  Instance& instance_;
  const Module& module_;
  const RunOptions& options_;
  const Host& host_;
  uint32_t calls_ = 0;
};

}  // namespace

uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xffffffff;
  while (bytes.size() >= 8) {
    const uint32_t low = crc ^ (bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t{bytes[3]} << 24);
    crc = kCrc[7][low & 0xff] ^ kCrc[6][low >> 8 & 0xff] ^ kCrc[5][low >> 16 & 0xff] ^ kCrc[4][low >> 24] ^ kCrc[3][bytes[4]] ^
          kCrc[2][bytes[5]] ^ kCrc[1][bytes[6]] ^ kCrc[0][bytes[7]];
    bytes = bytes.subspan(8);
  }
  for (uint8_t byte : bytes) crc = (crc >> 8) ^ kCrc[0][(crc ^ byte) & 0xff];
  return ~crc;
}

Outcome run_module(const Engine& engine, const Result<Module>& module, const RunOptions& options) {
  Outcome outcome;
  if (!module.ok()) {
    outcome.lines.push_back("refused: " + module.error().to_string());
    return outcome;
  }
  StoreLimits limits;
  limits.table_elements = 1000;
  limits.gc_heap_bytes = options.heap_bytes;
  Result<Store> store = Store::create(engine, limits);
  if (!store.ok()) {
    outcome.lines.push_back("no store: " + store.error().to_string());
    return outcome;
  }
  store->impl()->heap.collect_each(options.collect_each);
  Host host;
  Linker linker;
  linker.define_host<&mix>("host", "mix", &host);
  linker.define_host<&note>("host", "note", &host);
  linker.define_func("host", "ref", {{ValType::i32()}, {ValType::externref()}}, make_ref);
  Result<Instance> instance = linker.instantiate(*store, *module);
  if (!instance.ok()) {
    outcome.lines.push_back("instantiate: " + print(instance.error()));
    return outcome;
  }
  Run run(*store, *instance, *module, options, host);
  outcome.lines.push_back("instantiate: ok" + run.state());
  run.calls(outcome);
  outcome.collections = store->impl()->heap.collections();
  outcome.heap_bytes = store->impl()->heap.bytes();
  return outcome;
}

}  // namespace wplug::fuzz
