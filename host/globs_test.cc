#include "host/globs.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace wplug {
namespace {

bool arguments_match(const std::vector<std::string>& patterns, const std::vector<std::string>& arguments) {
  return matches_arguments(patterns, arguments);
}

TEST_CASE("a star within a name does not cross slashes, two stars do") {
  CHECK(matches_path("/srv/*.txt", "/srv/a.txt"));
  CHECK(matches_path("/srv/*", "/srv/a"));
  CHECK(!matches_path("/srv/*", "/srv/a/b"));
  CHECK(!matches_path("/srv/*", "/srv"));
  CHECK(matches_path("/srv/?", "/srv/a"));
  CHECK(!matches_path("/srv/?", "/srv/ab"));
  CHECK(matches_path("/srv/**", "/srv/a/b/c"));
  CHECK(matches_path("/**/c", "/a/b/c"));
  CHECK(matches_path("/**/c", "/c"));
  CHECK(matches_path("/a/**/b/**/c", "/a/x/b/y/z/c"));
  CHECK(matches_path("/a/**/b/**/c", "/a/b/c"));
  CHECK(!matches_path("/a/**/b/**/c", "/a/c/b"));
  CHECK(!matches_path("/srv/data", "/srv/database"));
  CHECK(!matches_path("/srv/data/**", "/srv/database/x"));
}

TEST_CASE("two stars at the end are at least one name") {
  CHECK(!matches_path("/srv/**", "/srv"));
  CHECK(!matches_path("/**", "/"));
  CHECK(matches_path("/**", "/a"));
  CHECK(matches_path("/", "/"));
  CHECK(!matches_path("/", "/a"));
  CHECK(!matches_path("/a/**/**", "/a"));
}

TEST_CASE("a plain path only goes down") {
  for (const char* path : {"/", "/a", "/a/b", "/a/..b", "/a/b..", "/...", "/a/.b", "/ ", "/a\nb"}) {
    CAPTURE(path);
    CHECK(is_plain_path(path));
  }
  for (const char* path : {"", "a", "./a", "/.", "/..", "/a/.", "/a/..", "/a/../b", "/a/./b", "//a", "/a//b", "/a/", "//"}) {
    CAPTURE(path);
    CHECK(!is_plain_path(path));
  }
  CHECK(!is_plain_path(std::string_view("/a\0b", 4)));
}

TEST_CASE("arguments match one by one, two stars any number") {
  CHECK(arguments_match({"log", "**"}, {"log"}));
  CHECK(arguments_match({"log", "**"}, {"log", "-n", "3"}));
  CHECK(!arguments_match({"log", "**"}, {"push"}));
  CHECK(!arguments_match({"log"}, {"log", "x"}));
  CHECK(!arguments_match({"log", "*"}, {"log"}));
  CHECK(arguments_match({"log", "*"}, {"log", ""}));
  CHECK(arguments_match({"**", "--end"}, {"a", "--end", "b", "--end"}));
  CHECK(!arguments_match({"**", "--end"}, {"a", "--end", "b"}));
  CHECK(arguments_match({"--format=*"}, {"--format=a b"}));
  CHECK(!arguments_match({"--format=*"}, {"x--format="}));
  CHECK(arguments_match({"**", "a", "**", "b", "**"}, {"x", "a", "y", "b"}));
  CHECK(!arguments_match({"**", "a", "**", "b", "**"}, {"x", "b", "y", "a"}));
}

// Exponential or not is the difference between an instant and the age of the world here: these end, or the test does not.
TEST_CASE("many stars against hostile input end") {
  CHECK(!matches_wildcard("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
  std::string path, pattern;
  for (int i = 0; i < 500; ++i) path += "/a";
  for (int i = 0; i < 50; ++i) pattern += "/**/a";
  CHECK(!matches_path(pattern + "/b", path));
  std::vector<std::string> patterns, arguments(2000, "a");
  for (int i = 0; i < 100; ++i) {
    patterns.emplace_back("**");
    patterns.emplace_back("a");
  }
  patterns.emplace_back("b");
  CHECK(!arguments_match(patterns, arguments));
  patterns.back() = "a";
  CHECK(arguments_match(patterns, arguments));
}

}  // namespace
}  // namespace wplug
