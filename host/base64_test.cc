#include "host/base64.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

TEST_CASE("the vectors of RFC 4648 go both ways") {
  const char* const pairs[][2] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
                                  {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : pairs) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
}

TEST_CASE("all bytes go both ways") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(base64_decode(base64_encode(bytes)) == bytes);
}

TEST_CASE("what is not strictly base64 is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9v\n", "Zm9 ", "Zm-_", "====", "Zg==Zg==", "Zh==", "Zm9=", "=Zg="}) {
    CAPTURE(text);
    CHECK(!base64_decode(text));
  }
}

}  // namespace
}  // namespace wplug
