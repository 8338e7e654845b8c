#include <doctest/doctest.h>

#include <string>

#include "interp/store/runtime.h"
#include "wplug/engine.h"
#include "wplug/store.h"

namespace wplug {
namespace {

Store make_store(const StoreLimits& limits = {}) {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto store = Store::create(*engine, limits);
  REQUIRE(store.ok());
  return std::move(*store);
}

TableType elements(uint64_t min, std::optional<uint64_t> max = std::nullopt) {
  TableType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

TableInstance numbered(uint64_t size) {
  TableInstance table;
  for (uint64_t i = 0; i < size; ++i) table.elements.push_back(i);
  return table;
}

using Elements = std::vector<uint64_t>;

TEST_CASE("a table grows up to the least of its maximum and the store's limit") {
  StoreLimits limits;
  limits.table_elements = 10;
  Store store = make_store(limits);
  auto bounded = new_table(*store.impl(), elements(2, 4), 7);
  auto unbounded = new_table(*store.impl(), elements(2), 0);
  REQUIRE(bounded.ok());
  REQUIRE(unbounded.ok());
  CHECK((*bounded)->elements == Elements{7, 7});
  CHECK(grow_table(*store.impl(), **bounded, 2, 9) == 2);
  CHECK((*bounded)->elements == Elements{7, 7, 9, 9});
  CHECK(grow_table(*store.impl(), **bounded, 1, 9) == UINT64_MAX);
  CHECK(grow_table(*store.impl(), **bounded, UINT64_MAX, 9) == UINT64_MAX);
  CHECK(grow_table(*store.impl(), **unbounded, 8, 0) == 2);
  CHECK(grow_table(*store.impl(), **unbounded, 1, 0) == UINT64_MAX);
  CHECK(grow_table(*store.impl(), **unbounded, 0, 0) == 10);
}

TEST_CASE("a table beyond the limit is refused with both numbers") {
  StoreLimits limits;
  limits.table_elements = 10;
  Store store = make_store(limits);
  auto table = new_table(*store.impl(), elements(4'000'000'000), 0);
  REQUIRE_FALSE(table.ok());
  CHECK(table.error().kind() == ErrorKind::limit);
  CHECK(table.error().message().find("4000000000 elements > limit of 10") != std::string::npos);
  CHECK(store.impl()->tables.empty());
}

TEST_CASE("table.copy within a table may overlap in both directions") {
  TableInstance up = numbered(6);
  CHECK(table_copy(up, up, 2, 0, 4));
  CHECK(up.elements == Elements{0, 1, 0, 1, 2, 3});
  TableInstance down = numbered(6);
  CHECK(table_copy(down, down, 0, 2, 4));
  CHECK(down.elements == Elements{2, 3, 4, 5, 4, 5});
}

TEST_CASE("bulk table instructions check before they write") {
  TableInstance to = numbered(4);
  TableInstance from = numbered(3);
  CHECK_FALSE(table_copy(to, from, 0, 0, 4));
  CHECK_FALSE(table_copy(to, from, 2, 0, 3));
  CHECK_FALSE(table_copy(to, from, UINT64_MAX, 0, 2));
  CHECK_FALSE(table_copy(to, from, 0, UINT64_MAX, 2));
  CHECK_FALSE(table_copy(to, from, 5, 0, 0));
  CHECK_FALSE(table_fill(to, 3, 9, 2));
  CHECK_FALSE(table_fill(to, UINT64_MAX, 9, 2));
  CHECK(to.elements == Elements{0, 1, 2, 3});
  CHECK(table_copy(to, from, 4, 3, 0));
  CHECK(table_fill(to, 4, 9, 0));
  CHECK(table_fill(to, 1, 9, 2));
  CHECK(to.elements == Elements{0, 9, 9, 3});
}

}  // namespace
}  // namespace wplug
