#include "host/network/http_response.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

TEST_CASE("status lines have a version of HTTP/1 and three digits") {
  CHECK(parse_status_line("HTTP/1.1 200 OK") == 200);
  CHECK(parse_status_line("HTTP/1.0 404 ") == 404);
  CHECK(parse_status_line("HTTP/1.1 599") == 599);
  for (const char* line : {"", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 099 x", "HTTP/1.1  200", "HTTP/2.0 200",
                           "http/1.1 200", "HTTP/1.x 200", "HTTP/1.1 2x0", "HTTP/1.1\t200"}) {
    CAPTURE(line);
    CHECK(!parse_status_line(line));
  }
}

TEST_CASE("header lines are a token, a colon and a value") {
  CHECK(parse_header_line("A:")->second.empty());
  CHECK(parse_header_line("A: \t b c \t")->second == "b c");
  CHECK(parse_header_line("A: b: c")->second == "b: c");
  CHECK(parse_header_line("A: \xc3\xa9")->second == "\xc3\xa9");
  for (const char* line : {":", ": b", "A b: c", "A : b", " A: b", "\tb", "A", "A: b\rc", "A: \x7f", "\xc3\xa9: b"}) {
    CAPTURE(line);
    CHECK(!parse_header_line(line));
  }
  CHECK(!parse_header_line(std::string_view("A: b\0c", 6)));
}

TEST_CASE("chunk sizes are hexadecimal and fit") {
  CHECK(parse_chunk_size("0") == 0);
  CHECK(parse_chunk_size("fF") == 255);
  CHECK(parse_chunk_size("a ; x=y") == 10);
  CHECK(parse_chunk_size("ffffffffffffffff") == UINT64_MAX);
  for (const char* line : {"", ";", "-1", "+1", "0x1", "1 2", "10000000000000000", "g"}) {
    CAPTURE(line);
    CHECK(!parse_chunk_size(line));
  }
}

TEST_CASE("some responses have no body whatever they say") {
  const HeaderList length = {{"Content-Length", "5"}};
  CHECK(plan_body("GET", 200, length).form == BodyForm::length);
  CHECK(plan_body("GET", 200, {{"content-length", "5"}, {"Content-Length", "5"}}).length == 5);
  CHECK(plan_body("HEAD", 200, length).form == BodyForm::none);
  CHECK(plan_body("GET", 204, length).form == BodyForm::none);
  CHECK(plan_body("GET", 304, length).form == BodyForm::none);
  CHECK(plan_body("GET", 200, {}).form == BodyForm::until_end);
  CHECK(plan_body("GET", 200, {{"Transfer-Encoding", "chunked"}}).form == BodyForm::chunked);
  CHECK(plan_body("GET", 200, {{"Transfer-Encoding", "identity"}}).form == BodyForm::invalid);
  CHECK(plan_body("HEAD", 200, {{"Content-Length", "a"}}).form == BodyForm::invalid);
}

}  // namespace
}  // namespace wplug
