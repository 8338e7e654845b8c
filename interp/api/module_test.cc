#include "wplug/module.h"

#include <thread>

#include "interp/api/fixtures_test.h"

namespace wplug::test {
namespace {

// Imports one thing of each kind and exports one of each.
ModuleBuilder one_of_each() {
  ModuleBuilder builder;
  builder.type({kI32}, {kI64});
  builder.import_func("env", "f", 0);
  builder.import_table("env", "t", kFuncref, limits(1, 2));
  builder.import_memory("env", "m", limits(3));
  builder.import_global("env", "g", kF32, true);
  builder.func(0, {0x42, 1});
  builder.global(kI32, false, i32_const(7));
  builder.export_as("defined", kFuncKind, 1);
  builder.export_as("a table", kTableKind, 0);
  builder.export_as("memory", kMemoryKind, 0);
  builder.export_as("seven", kGlobalKind, 1);
  builder.custom("note", {1, 2, 3});
  return builder;
}

TEST_CASE("a module tells its imports and exports in its order, with their types") {
  const Engine engine = must(Engine::create());
  const Module module = compile(engine, one_of_each());
  const std::vector<ImportType> imports = module.imports();
  REQUIRE(imports.size() == 4);
  CHECK(imports[0].module == "env");
  CHECK(imports[0].name == "f");
  CHECK(imports[0].type.kind == ExternKind::func);
  CHECK(imports[0].type.func == FuncType{{ValType::i32()}, {ValType::i64()}});
  CHECK(imports[1].type.table.limits.max == 2u);
  CHECK(imports[2].type.memory.limits.min == 3);
  CHECK(imports[3].type.global == GlobalType{ValType::f32(), true});
  const std::vector<ExportType> exports = module.exports();
  REQUIRE(exports.size() == 4);
  CHECK(exports[0].name == "defined");
  CHECK(exports[0].type.func.results.size() == 1);
  CHECK(exports[1].name == "a table");
  CHECK(exports[3].type.global == GlobalType{ValType::i32(), false});
  CHECK(module.function_count() == 2);
}

TEST_CASE("a module tells its sections and custom sections") {
  const Engine engine = must(Engine::create());
  const Module module = compile(engine, one_of_each());
  const std::vector<CustomSection> customs = module.custom_sections();
  REQUIRE(customs.size() == 1);
  CHECK(customs[0].name == "note");
  CHECK(Bytes(customs[0].payload.begin(), customs[0].payload.end()) == Bytes{1, 2, 3});
  const std::vector<SectionInfo> sections = module.sections();
  REQUIRE(sections.size() == 7);
  CHECK(sections[0].name == "type");
  CHECK(sections[0].offset == 10);
  CHECK(sections[1].name == "import");
  CHECK(sections[5].name == "code");
  CHECK(sections[6].id == 0);
  CHECK(sections[6].name == "note");
}

TEST_CASE("a module keeps its own copy of the bytes") {
  const Engine engine = must(Engine::create());
  Bytes bytes = one_of_each().build();
  const Bytes original = bytes;
  const Module module = must(Module::compile(engine, std::span<const uint8_t>(bytes), "name"));
  std::fill(bytes.begin(), bytes.end(), uint8_t{0xff});
  CHECK(Bytes(module.bytes().begin(), module.bytes().end()) == original);
  CHECK(module.exports()[0].name == "defined");
}

TEST_CASE("a module's name and its functions' names come from the name section, else from outside and exports") {
  const Engine engine = must(Engine::create());
  ModuleBuilder builder = one_of_each();
  CHECK(compile(engine, builder, "given").name() == "given");
  CHECK(compile(engine, builder, "given").function_name(1) == "defined");
  CHECK(compile(engine, builder).function_name(2).empty());
  const Bytes module_name = Bytes{0} + leb(4) + text("own");
  const Bytes function_names = Bytes{1, 8, 1, 1} + text("inner");
  builder.custom("name", module_name + function_names);
  CHECK(compile(engine, builder, "given").name() == "own");
  CHECK(compile(engine, builder, "given").function_name(1) == "inner");
}

TEST_CASE("bytes that are no module are malformed, and validate() agrees with compile()") {
  const Engine engine = must(Engine::create());
  const Bytes bytes = {0, 'a', 's', 'm', 2, 0, 0, 0};
  const Error error = must_fail(Module::compile(engine, std::span<const uint8_t>(bytes)));
  CHECK(error.kind() == ErrorKind::malformed);
  CHECK(error.offset().has_value());
  CHECK(must_fail(Module::validate(engine, bytes)).message() == error.message());
  const Bytes empty = ModuleBuilder().build();
  must(Module::validate(engine, empty));
}

TEST_CASE("code that does not validate is invalid") {
  const Engine engine = must(Engine::create());
  ModuleBuilder builder;
  builder.type({}, {kI32});
  builder.func(0, {0x42, 1});  // an i64 where an i32 is due
  const Bytes bytes = builder.build();
  CHECK(must_fail(Module::compile(engine, std::span<const uint8_t>(bytes))).kind() == ErrorKind::invalid);
  CHECK(must_fail(Module::validate(engine, bytes)).kind() == ErrorKind::invalid);
}

TEST_CASE("a module beyond the size limit is refused") {
  Config config;
  config.limits.module_size = 7;
  const Engine engine = must(Engine::create(config));
  Bytes bytes = ModuleBuilder().build();
  CHECK(must_fail(Module::compile(engine, std::span<const uint8_t>(bytes))).kind() == ErrorKind::limit);
  CHECK(must_fail(Module::validate(engine, bytes)).kind() == ErrorKind::limit);
  CHECK(must_fail(Module::compile(engine, std::move(bytes))).kind() == ErrorKind::limit);
}

TEST_CASE("functions are lowered ahead when asked, and imported ones have no code to print") {
  Config config;
  config.eager_lowering = true;
  const Engine engine = must(Engine::create(config));
  const Module module = compile(engine, one_of_each());
  must(module.lower_all());
  CHECK_FALSE(must(module.print_code(1)).empty());
  CHECK(must_fail(module.print_code(0)).kind() == ErrorKind::misuse);
  CHECK(must_fail(module.print_code(2)).kind() == ErrorKind::misuse);
}

TEST_CASE("threads may compile with one engine, and equal types stay one") {
  const Engine engine = must(Engine::create());
  const Bytes bytes = one_of_each().build();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        if (!Module::compile(engine, std::span<const uint8_t>(bytes)).ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Store store = must(Store::create(engine));
  HostCallback callback = [](void*, Caller&, uint64_t*) { return Result<void>(); };
  const FuncType type{{ValType::i32()}, {ValType::i64()}};
  CHECK(&Func::wrap_raw(store, type, callback, nullptr).type() ==
        &Func::wrap_raw(store, type, callback, nullptr).type());
}

}  // namespace
}  // namespace wplug::test
