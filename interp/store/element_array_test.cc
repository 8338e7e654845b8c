#include "interp/store/element_array.h"

#include <doctest/doctest.h>

#include <vector>

namespace wplug {
namespace {

// Grows step by step and checks that what was there stays and what is new is null.
void check_growth(const std::vector<size_t>& sizes) {
  ElementArray array;
  size_t before = 0;
  for (const size_t size : sizes) {
    REQUIRE(array.grow(size));
    CHECK(array.size() == size);
    bool kept = true, cleared = true;
    for (size_t i = 0; i < before; ++i) kept = kept && array[i] == i + 1;
    for (size_t i = before; i < size; ++i) cleared = cleared && array[i] == 0;
    CHECK(kept);
    CHECK(cleared);
    for (size_t i = before; i < size; ++i) array[i] = i + 1;
    before = size;
  }
}

TEST_CASE("an array keeps its elements when it grows, small and large") {
  check_growth({0, 1, 2, 3, 100, 65'535, 65'536, 65'537, 300'000, 300'001});
  check_growth({1'000'000, 1'500'000});
}

TEST_CASE("elements that were given up come back as null") {
  for (const size_t size : {size_t{100}, size_t{200'000}}) {
    ElementArray array;
    REQUIRE(array.grow(size));
    for (size_t i = 0; i < size; ++i) array[i] = 7;
    array.shrink(size / 2);
    CHECK(array.size() == size / 2);
    REQUIRE(array.grow(size));
    CHECK(array[size / 2 - 1] == 7);
    CHECK(array[size / 2] == 0);
    CHECK(array[size - 1] == 0);
  }
}

TEST_CASE("growth that no system has memory for is refused and changes nothing") {
  ElementArray array;
  REQUIRE(array.grow(3));
  array[2] = 5;
  CHECK(!array.grow(SIZE_MAX / 8));
  CHECK(!array.grow(SIZE_MAX));
  CHECK(array.size() == 3);
  CHECK(array[2] == 5);
}

}  // namespace
}  // namespace wplug
