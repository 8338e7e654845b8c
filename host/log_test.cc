#include "host/log.h"

#include <doctest/doctest.h>

#include <string>

#include <unistd.h>

namespace wplug {
namespace {

std::string logged(std::string_view text) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  FdLog(ends[1]).write("stage", text);
  ::close(ends[1]);
  char buffer[4096];
  const ssize_t size = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  return {buffer, static_cast<size_t>(size)};
}

TEST_CASE("each line of a message gets the plugin's name") {
  CHECK(logged("hello") == "[stage] hello\n");
  CHECK(logged("a\nb\n") == "[stage] a\n[stage] b\n");
  CHECK(logged("a\n\nb") == "[stage] a\n[stage] \n[stage] b\n");
  CHECK(logged("") == "[stage] \n");
}

TEST_CASE("a plugin cannot steer the terminal") {
  CHECK(logged("\x1b[2Jgone") == "[stage] \\x1b[2Jgone\n");
  CHECK(logged("a\rb\bc\x7f") == "[stage] a\\x0db\\x08c\\x7f\n");
  CHECK(logged("\xc2\x9b" "1m") == "[stage] \\x9b1m\n");
  CHECK(logged("\xff") == "[stage] \xef\xbf\xbd\n");
  CHECK(logged("tab\there \xc3\xa9") == "[stage] tab\there \xc3\xa9\n");
}

}  // namespace
}  // namespace wplug
