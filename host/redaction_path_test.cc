#include "host/redaction_path.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

// Whether a path leads to user.keys[2].pin, or as far as `depth` steps of that.
bool leads_to(const char* text, int depth) {
  auto path = parse_redaction_path(text);
  REQUIRE_MESSAGE(path.ok(), path.error().message());
  const std::vector<RedactionPath> paths = {*path};
  PathProgress at(paths);
  if (depth > 0) at = at.at_key("user");
  if (depth > 1) at = at.at_key("keys");
  if (depth > 2) at = at.at_index(2);
  if (depth > 3) at = at.at_key("pin");
  return at.is_match();
}

TEST_CASE("a path leads where its steps say and nowhere else") {
  for (const char* path : {"user.keys[2].pin", "*.keys[2].pin", "user.*[*].pin", "**.pin", "user.**.pin", "**[2].pin",
                           "**.*", "\"user\".keys[2].\"pin\"", "**.user.keys[*].*"}) {
    CAPTURE(path);
    CHECK(leads_to(path, 4));
  }
  for (const char* path : {"user.keys[1].pin", "user.keys.*.pin", "*.pin", "user.keys[2]", "keys[2].pin", "**.keys", "[*]"}) {
    CAPTURE(path);
    CHECK(!leads_to(path, 4));
  }
  CHECK(leads_to("user.keys[2]", 3));
  CHECK(leads_to("**.keys", 2));
  CHECK(!leads_to("**.keys", 3));
}

TEST_CASE("a quoted key may have anything in it") {
  auto path = parse_redaction_path("\"a.b[*]\".c");
  REQUIRE(path.ok());
  const std::vector<RedactionPath> paths = {*path};
  CHECK(PathProgress(paths).at_key("a.b[*]").at_key("c").is_match());
}

TEST_CASE("what is not a path is refused with what to do") {
  for (const char* text : {"", ".", "a.", "a..b", "[", "[x]", "[-1]", "[1", "a[*]b", "\"a", "a.**", "a*b", "[99999999999]"}) {
    CAPTURE(text);
    auto path = parse_redaction_path(text);
    REQUIRE(!path.ok());
    CHECK(path.error().kind() == ErrorKind::misuse);
    CHECK(path.error().message().starts_with("path \""));
  }
}

TEST_CASE("paths with many wildcards stay small while they are followed") {
  std::string text = "**";
  for (int i = 0; i < 20; ++i) text += ".**.a";
  auto path = parse_redaction_path(text);
  REQUIRE(path.ok());
  const std::vector<RedactionPath> paths = {*path};
  PathProgress at(paths);
  for (int i = 0; i < 1000; ++i) at = at.at_key("a");
  CHECK(at.is_match());
}

}  // namespace
}  // namespace wplug
