// Calls of small midimon plugins, honest and hostile.
#include "abi/midimon/midimon_abi.h"

#include <algorithm>

#include "abi/support/plugin_bench_test.h"
#include "abi/wasi/guest_fixture.h"

namespace wplug {
namespace {

constexpr std::string_view kMetadata = R"({\"name\":\"test\",\"version\":\"1\",\"capabilities\":[\"filesystem\"]})";
constexpr const char* kPrints = R"((import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))))";
// Prints `length` bytes at `at` to a stream; the error number of WASI is left.
std::string print(int stream, const std::string& at, const std::string& length) {
  return "(i32.store (i32.const 512) " + at + ") (i32.store (i32.const 516) " + length + ") (call $write (i32.const " +
         std::to_string(stream) + ") (i32.const 512) (i32.const 1) (i32.const 520))";
}
const std::string kEcho = print(1, "(local.get 0)", "(local.get 1)");

// Metadata lies at 16, alloc gives 1024; `execute` leaves an i32.
std::string plugin(const std::string& execute, const std::string& more = kPrints,
                   const std::string& init = "i64.const 0x000000100000003b", const std::string& alloc = "i32.const 1024") {
  return "(module " + more + "(memory (export \"memory\") 2) (data (i32.const 16) \"" + std::string(kMetadata) + "\")" +
         "(global $freed (mut i32) (i32.const 0))"
         "(func (export \"init\") (result i64) " + init + ")" +
         "(func (export \"execute\") (param i32 i32) (result i32) " + execute + ")" +
         "(func (export \"alloc\") (param i32) (result i32) " + alloc + ")" +
         "(func (export \"dealloc\") (param i32 i32) (global.set $freed (local.get 1))))";
}

constexpr std::string_view kRequest = R"({"action":"a","context":{"timestamp":1,"metadata":{}}})";

TEST_CASE("a plugin is told by its exports, and what it prints is the result") {
  PluginBench bench(plugin(kEcho));
  REQUIRE(bench.plugin);
  CHECK(bench.plugin->abi().name() == "midimon");
  CHECK(bench.call(kRequest) == kRequest);
  CHECK(bench.call(kRequest) == kRequest);
  CHECK(PluginBench(plugin("i32.const 0", "")).call(kRequest) == "");
}

TEST_CASE("metadata is the description") {
  PluginBench bench(plugin(kEcho));
  Failure failure;
  const PluginDescription* const description = bench.plugin->description(failure);
  REQUIRE(description);
  CHECK(description->name == "test");
  CHECK(description->capabilities.size() == 2);
  CHECK(bench.call("", "describe") == description->json);
}

TEST_CASE("an error code is a failure that says it, and what was printed goes to the log") {
  PluginBench bench(plugin("(drop " + kEcho + ") i32.const 3"));
  CHECK(bench.call(kRequest) == "plugin: execute returned error code 3");
  CHECK(bench.log.has("\"action\":\"a\""));
  PluginBench reason(plugin("(i32.store8 (i32.const 600) (i32.const 120)) (drop " +
                            print(2, "(i32.const 600)", "(i32.const 1)") + ") i32.const -7"));
  CHECK(reason.call(kRequest) == "plugin: execute returned error code -7: x");
  // The instance is fit for the next call.
  CHECK(bench.call(kRequest) == "plugin: execute returned error code 3");
}

TEST_CASE("a record needs a configured action") {
  CHECK(PluginBench(plugin(kEcho)).call("{\"a\":1}").starts_with("plugin: the input has no \"action\""));
  PluginOptions options;
  options.config["action"] = "\"greet\"";
  const std::string request = PluginBench(plugin(kEcho), options).call("{\"name\":\"Ann\"}");
  CHECK(request.starts_with("{\"action\":\"greet\",\"context\":{\"timestamp\":"));
  CHECK(request.ends_with(",\"metadata\":{\"name\":\"Ann\"}}}"));
}

TEST_CASE("the request is given back to dealloc") {
  PluginBench bench(plugin("(i32.store8 (i32.const 600) (global.get $freed)) " + print(1, "(i32.const 600)", "(i32.const 1)")));
  CHECK(bench.call(kRequest) == std::string(1, '\0'));
  CHECK(bench.call(kRequest) == std::string(1, static_cast<char>(kRequest.size())));
}

TEST_CASE("pointers outside the memory are the plugin's fault") {
  for (const char* at : {"i32.const 131071", "i32.const 131072", "i32.const -1", "i32.const -16"}) {
    CAPTURE(at);
    PluginBench bench(plugin(kEcho, kPrints, "i64.const 0x000000100000003b", at));
    CHECK(bench.call(kRequest).starts_with("invalid_pointer: invalid pointer from plugin: alloc gave "));
  }
  CHECK(PluginBench(plugin(kEcho, kPrints, "i64.const 0x000000100000003b", "i32.const 0")).call(kRequest).starts_with("plugin: alloc("));
  for (const char* packed : {"i64.const -1", "i64.const 0x0002000000000001", "i64.const 0x00000010ffffffff"}) {
    CAPTURE(packed);
    PluginBench bench(plugin(kEcho, kPrints, packed));
    CHECK(!bench.instance);
    CHECK(bench.failure.kind == FailureKind::invalid_pointer);
  }
  PluginBench empty(plugin(kEcho, kPrints, "i64.const 0"));
  CHECK(!empty.instance);
  CHECK(empty.failure.message.find("init's metadata") != std::string::npos);
}

TEST_CASE("a result is bounded by limits.output, and the plugin sees that") {
  PluginOptions options;
  options.limits.output = 10;
  PluginBench bench(plugin("(drop " + print(1, "(i32.const 1024)", "(i32.const 60000)") + ") i32.const 0"), options);
  CHECK(bench.call(kRequest) == "output: the result has 11 bytes, limits.output is 10 bytes");
  PluginBench fits(plugin("(drop " + print(1, "(i32.const 16)", "(i32.const 10)") + ") i32.const 0"), options);
  CHECK(fits.call(kRequest).size() == 10);
}

TEST_CASE("limits are midimon's where none is set") {
  PluginBench bench(plugin(kEcho));
  const PluginLimits& limits = bench.plugin->terms().limits;
  CHECK(limits.memory == uint64_t{128} << 20);
  CHECK(limits.fuel == 100'000'000);
  CHECK(limits.table_elements == 10'000);
  CHECK(midimon_abi().default_limits().timeout == std::chrono::seconds(5));
  PluginOptions options;
  options.limits.fuel = 10'000;
  CHECK(PluginBench(plugin("(loop br 0) i32.const 0"), options).call(kRequest) == "fuel: executed more than 10,000 instructions");
}

TEST_CASE("a table may not grow beyond 10,000 elements") {
  const std::string table = std::string(kPrints) + "(table $t 1 funcref)";
  const auto grow = [&](int by) {
    return "(table.grow $t (ref.null func) (i32.const " + std::to_string(by) + ")) (if (result i32) (i32.eq (i32.const -1))"
           " (then i32.const 1) (else i32.const 0))";
  };
  CHECK(PluginBench(plugin(grow(9999), table)).call(kRequest) == "");
  CHECK(PluginBench(plugin(grow(10000), table)).call(kRequest) == "plugin: execute returned error code 1");
}

TEST_CASE("other entries, imports and grants are refused") {
  PluginOptions options;
  options.entry = "alloc";
  CHECK(PluginBench(plugin(kEcho), options).failure.message.starts_with("a midimon plugin has the entries execute and describe"));
  PluginBench import(plugin("i32.const 0", "(import \"env\" \"system\" (func))"));
  CHECK(import.failure.message == "imports what the midimon ABI does not have: env.system");
  for (const char* capability : {"http:example.com", "network:outbound:*", "exec:ls", "env:HOME", "fs:read:/srv/*.txt"}) {
    CAPTURE(capability);
    CHECK(!PluginBench(plugin(kEcho), granted({capability})).plugin);
  }
}

// Writes "data" to the file f of the first directory, and gives the error number.
std::string writer(std::string metadata) {
  return R"((module (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "f---data") (data (i32.const 16) ")" + metadata + R"(")
    (func (export "init") (result i64) (i64.or (i64.const 0x1000000000) (i64.const )" +
         std::to_string(metadata.size() - static_cast<size_t>(std::count(metadata.begin(), metadata.end(), '\\'))) + R"()))
    (func (export "alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i32) (local $e i32)
      (local.set $e (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 9)
        (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 256)))
      (if (local.get $e) (then (return (local.get $e))))
      (i32.store (i32.const 512) (i32.const 4)) (i32.store (i32.const 516) (i32.const 4))
      (call $write (i32.load (i32.const 256)) (i32.const 512) (i32.const 1) (i32.const 520)))))";
}

TEST_CASE("filesystem is a data directory of the plugin's own, when it declares that and has one") {
  const wasi::TemporaryDirectory folder;
  const std::string declares = writer(R"({\"name\":\"w\",\"capabilities\":[\"filesystem\"]})");
  PluginOptions options;
  options.data_directory = folder.path("made");
  CHECK(PluginBench(declares, options).call(kRequest) == "");
  CHECK(folder.read("made/f") == "data");
  // 8: bad descriptor; there is no directory.
  CHECK(PluginBench(declares).call(kRequest) == "plugin: execute returned error code 8");
  options.data_directory = folder.path("other");
  CHECK(PluginBench(writer(R"({\"name\":\"w\"})"), options).call(kRequest) == "plugin: execute returned error code 8");
  CHECK(!folder.has("other"));
  PluginOptions nowhere;
  nowhere.data_directory = folder.path("no/such");
  CHECK(PluginBench(declares, nowhere).failure.message.find("cannot be made") != std::string::npos);
}

}  // namespace
}  // namespace wplug
