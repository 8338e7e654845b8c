#include "interp/decode/names.h"

#include <doctest/doctest.h>

#include "interp/validate/verdict_test.h"

namespace wplug::test {
namespace {

// A module of two imported functions and a name section of `subsections`.
Bytes named(const Bytes& subsections) {
  ModuleBuilder module;
  module.import_func("m", "f", module.type({}, {}));
  module.import_func("m", "g", 0);
  module.custom("name", subsections);
  return module.build();
}

NameSection names_of(const Bytes& bytes) {
  Result<ModuleDef> module = decode_module(bytes, {});
  REQUIRE(module.ok());
  return decode_names(*module);
}

Bytes function_names(const Bytes& pairs) { return section(1, pairs); }

TEST_CASE("the name section names the module and its functions") {
  const Bytes bytes =
      named(section(0, text("calc")) + section(1, leb(2) + Bytes{0} + text("add") + Bytes{1} + text("mul")));
  const NameSection names = names_of(bytes);
  CHECK(names.module == "calc");
  REQUIRE(names.functions.size() == 2);
  CHECK(names.functions.at(0) == "add");
  CHECK(names.functions.at(1) == "mul");
}

TEST_CASE("other subsections are stepped over") {
  const Bytes bytes = named(section(2, {9, 9, 9}) + function_names(leb(1) + Bytes{1} + text("g")) + section(77, {}));
  CHECK(names_of(bytes).functions.at(1) == "g");
}

TEST_CASE("a module without a name section, or with an empty one, has no names") {
  for (const Bytes& bytes : {header(), named({})}) {
    const NameSection names = names_of(bytes);
    CHECK(names.module.empty());
    CHECK(names.functions.empty());
  }
}

TEST_CASE("names before the damage are kept, wherever the damage is") {
  const Bytes good =
      section(0, text("calc")) + function_names(leb(2) + Bytes{0} + text("add") + Bytes{1} + text("mul"));
  for (size_t size = 0; size <= good.size(); ++size) {
    const Bytes bytes = named(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size)));
    const NameSection names = names_of(bytes);
    CAPTURE(size);
    CHECK((names.module == "calc") == (size >= 7));
    CHECK((names.module == "calc" || names.module.empty()));
    CHECK(names.functions.size() == (size == good.size() ? 2 : 0));
  }
  const Bytes no_text = named(function_names(leb(2) + Bytes{0} + text("add") + Bytes{1, 1, 0xff}));
  const NameSection names = names_of(no_text);
  CHECK(names.functions.size() == 1);
  CHECK(names.functions.at(0) == "add");
}

TEST_CASE("names of functions that do not exist and counts past the end do not cost memory") {
  const Bytes bytes =
      named(function_names(Bytes{0xff, 0xff, 0xff, 0xff, 0x0f, 0} + text("add") + Bytes{2} + text("none")));
  const NameSection names = names_of(bytes);
  CHECK(names.functions.size() == 1);
  CHECK(names.functions.count(2) == 0);
}

TEST_CASE("the first of two names of a function counts") {
  const Bytes bytes = named(function_names(leb(2) + Bytes{0} + text("first") + Bytes{0} + text("second")));
  CHECK(names_of(bytes).functions.at(0) == "first");
}

}  // namespace
}  // namespace wplug::test
