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

void number(TableInstance& table, uint64_t size) {
  REQUIRE(table.elements.grow(size));
  for (uint64_t i = 0; i < size; ++i) table.elements[i] = i;
}

using Elements = std::vector<uint64_t>;

Elements contents(const ElementArray& array) { return {array.begin(), array.end()}; }

TEST_CASE("a table grows up to the least of its maximum and the store's limit") {
  StoreLimits limits;
  limits.table_elements = 10;
  Store store = make_store(limits);
  auto bounded = new_table(*store.impl(), elements(2, 4), 7);
  auto unbounded = new_table(*store.impl(), elements(2), 0);
  REQUIRE(bounded.ok());
  REQUIRE(unbounded.ok());
  CHECK(contents((*bounded)->elements) == Elements{7, 7});
  CHECK(grow_table(**bounded, 2) == 2);
  CHECK(contents((*bounded)->elements) == Elements{7, 7, 0, 0});
  CHECK(grow_table(**bounded, 1) == UINT64_MAX);
  CHECK(grow_table(**bounded, UINT64_MAX) == UINT64_MAX);
  CHECK(grow_table(**unbounded, 8) == 2);
  CHECK(grow_table(**unbounded, 1) == UINT64_MAX);
  CHECK(grow_table(**unbounded, 0) == 10);
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
  TableInstance up;
  number(up, 6);
  CHECK(table_copy(up, up, 2, 0, 4));
  CHECK(contents(up.elements) == Elements{0, 1, 0, 1, 2, 3});
  TableInstance down;
  number(down, 6);
  CHECK(table_copy(down, down, 0, 2, 4));
  CHECK(contents(down.elements) == Elements{2, 3, 4, 5, 4, 5});
}

TEST_CASE("bulk table instructions check before they write") {
  TableInstance to;
  number(to, 4);
  TableInstance from;
  number(from, 3);
  CHECK_FALSE(table_copy(to, from, 0, 0, 4));
  CHECK_FALSE(table_copy(to, from, 2, 0, 3));
  CHECK_FALSE(table_copy(to, from, UINT64_MAX, 0, 2));
  CHECK_FALSE(table_copy(to, from, 0, UINT64_MAX, 2));
  CHECK_FALSE(table_copy(to, from, 5, 0, 0));
  CHECK_FALSE(table_fill(to, 3, 9, 2));
  CHECK_FALSE(table_fill(to, UINT64_MAX, 9, 2));
  CHECK(contents(to.elements) == Elements{0, 1, 2, 3});
  CHECK(table_copy(to, from, 4, 3, 0));
  CHECK(table_fill(to, 4, 9, 0));
  CHECK(table_fill(to, 1, 9, 2));
  CHECK(contents(to.elements) == Elements{0, 9, 9, 3});
}

}  // namespace
}  // namespace wplug
