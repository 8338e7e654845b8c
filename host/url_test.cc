#include "host/url.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

std::string again(std::string_view text) {
  const auto url = parse_url(text);
  return url ? url->to_string() : "refused";
}

std::string from(std::string_view base, std::string_view location) {
  const auto url = resolve_location(*parse_url(base), location);
  return url ? url->to_string() : "refused";
}

TEST_CASE("a URL is taken apart") {
  const auto url = parse_url("HTTPS://API.example.com:8443/a/b?c=d#e");
  REQUIRE(url);
  CHECK(url->tls);
  CHECK(url->host == "API.example.com");
  CHECK(url->port == 8443);
  CHECK(url->target == "/a/b?c=d");
  CHECK(parse_url("http://h")->target == "/");
  CHECK(parse_url("http://h?q")->target == "/?q");
  CHECK(parse_url("http://[::1]:80/")->host == "::1");
  CHECK(again("http://[::1]:8080/x") == "http://[::1]:8080/x");
  CHECK(again("https://h:443/") == "https://h/");
}

TEST_CASE("what could name another host than the one checked is refused") {
  for (const char* text : {"", "http://", "example.com", "//example.com/", "ftp://h/", "file:///etc/passwd", "http:/h",
                           "http://user@h/", "http://a@b@c/", "http://h:0/", "http://h:65536/", "http://h:99999/", "http://h:8a/",
                           "http://h\\evil/", "http://h /", "http://h/\r\nX: y", "http://[::1/", "http://[zz]/", "http://h%2eevil/",
                           "http://:80/", "http://[]/", "http://[127.0.0.1]/", "http://[::1%25lo]/", "http://::1/", "http://a..b/", "http://1.2.3.4.5/",
                           "http://[::1]x/", "http://h:80:80/", "http://h:+80/", "http://h,i/", "http://h*/", "http://\xc3\xa9/", "http://h/\xc3\xa9", "javascript:alert(1)"}) {
    CAPTURE(text);
    CHECK(!parse_url(text));
  }
  CHECK(!parse_url("http://" + std::string(300, 'a') + "/"));
}

TEST_CASE("redirects may be absolute, relative to the scheme, the host or the path") {
  const char* base = "https://h:8443/a/b?c";
  CHECK(from(base, "http://other/x") == "http://other/x");
  CHECK(from(base, "//other/x") == "https://other/x");
  CHECK(from(base, "/x") == "https://h:8443/x");
  CHECK(from(base, "x?y") == "https://h:8443/a/x?y");
  CHECK(from(base, "?z") == "https://h:8443/a/b?z");
  CHECK(from(base, "#f") == "https://h:8443/a/b?c");
  CHECK(from(base, "") == "refused");
  CHECK(from(base, "file:///etc/passwd") == "refused");
  CHECK(from(base, "http://u@h/") == "refused");
  CHECK(from(base, "/x\r\ny") == "refused");
}

}  // namespace
}  // namespace wplug
