#include <doctest/doctest.h>

#include "wplug/redactor.h"

namespace wplug {
namespace {

constexpr size_t kWindow = RedactorStream::kWindow;

std::shared_ptr<const Redactor> made() {
  RedactionConfig config;
  config.builtin = true;
  config.patterns = {"x{3,}y?"};
  config.values = {"known-value"};
  auto redactor = Redactor::create(config);
  REQUIRE_MESSAGE(redactor.ok(), redactor.error().message());
  return *redactor;
}

// What comes out when `text` is written in pieces that end at `cuts`.
std::string in_pieces(const Redactor& redactor, std::string_view text, std::initializer_list<size_t> cuts) {
  RedactorStream stream(redactor);
  std::string out;
  size_t at = 0;
  for (const size_t cut : cuts) {
    stream.write(text.substr(at, cut - at), out);
    at = cut;
  }
  stream.write(text.substr(at), out);
  stream.flush(out);
  return out;
}

TEST_CASE("where a text is cut into two or three writes makes no difference") {
  const auto redactor = made();
  const std::string text =
      "one\nid AKIAQQQQQQQQQQQQQQQQ end\n\nknown-value\r\n-----BEGIN PRIVATE KEY-----\nabc\n"
      "-----END PRIVATE KEY----- and a3NvbWUgdGV4dA password=hunter22\nxxxxy -----BEGIN x";
  const std::string expected = in_pieces(*redactor, text, {});
  CHECK(expected == "one\nid [REDACTED] end\n\n[REDACTED]\r\n[REDACTED] and a3NvbWUgdGV4dA password=[REDACTED]\n"
                    "[REDACTED] -----BEGIN x");
  CHECK(redactor->redact(text) == expected);
  size_t different = 0;
  for (size_t first = 0; first <= text.size(); ++first) {
    if (in_pieces(*redactor, text, {first}) != expected) ++different;
    for (size_t second = first; second <= text.size(); ++second) {
      if (in_pieces(*redactor, text, {first, second}) != expected) ++different;
    }
  }
  CHECK(different == 0);
}

std::string by_bytes(const Redactor& redactor, std::string_view text, size_t step) {
  RedactorStream stream(redactor);
  std::string out;
  for (size_t at = 0; at < text.size(); at += step) stream.write(text.substr(at, step), out);
  stream.flush(out);
  return out;
}

TEST_CASE("lines longer than the window give the same in pieces of any size") {
  const auto redactor = made();
  const std::string key = "AKIAQQQQQQQQQQQQQQQQ";
  const std::string block = "-----BEGIN PRIVATE KEY-----" + std::string(3 * kWindow, 'k') + "-----END PRIVATE KEY-----";
  const std::string filler(3 * kWindow, '.');
  for (const size_t at : {size_t{0}, kWindow / 2 - 10, kWindow / 2, kWindow - 20, kWindow - 19, kWindow - 10, kWindow,
                          kWindow + 5, 2 * kWindow - 5}) {
    CAPTURE(at);
    std::string text = filler, expected = filler;
    text.insert(at, key + " ");
    expected.insert(at, "[REDACTED] ");
    CHECK(redactor->redact(text) == expected);
    text = filler + "\nnext\n";
    text.insert(at, block);
    expected = filler + "\nnext\n";
    expected.insert(at, "[REDACTED]");
    CHECK(redactor->redact(text) == expected);
    for (const size_t step : {size_t{1}, size_t{7}, kWindow - 1, kWindow, kWindow + 1}) {
      CHECK(by_bytes(*redactor, text, step) == expected);
    }
  }
}

TEST_CASE("a line that is exactly as long as the window, one less and one more") {
  const auto redactor = made();
  for (const size_t length : {kWindow - 2, kWindow - 1, kWindow, kWindow + 1}) {
    const std::string text = std::string(length - 20, '.') + "AKIAQQQQQQQQQQQQQQQQ\nknown-value\n";
    const std::string expected = std::string(length - 20, '.') + "[REDACTED]\n[REDACTED]\n";
    CAPTURE(length);
    CHECK(redactor->redact(text) == expected);
    for (const size_t step : {size_t{1}, size_t{13}, kWindow - 1}) CHECK(by_bytes(*redactor, text, step) == expected);
  }
}

TEST_CASE("a secret longer than half of the window takes the rest of its line with it") {
  const auto redactor = made();
  const std::string text = "a " + std::string(2 * kWindow, 'x') + "yes, and more\nknown-value";
  for (const size_t step : {size_t{1}, size_t{1000}, text.size()}) {
    CHECK(by_bytes(*redactor, text, step) == "a [REDACTED]\n[REDACTED]");
  }
}

TEST_CASE("whole lines come out at once, what has no end waits") {
  const auto redactor = made();
  RedactorStream stream(*redactor);
  std::string out;
  stream.write("first\nsec", out);
  CHECK(out == "first\n");
  stream.write("ond\n-----BEGIN PRIVATE KEY-----\nabc", out);
  CHECK(out == "first\nsecond\n");
  stream.flush(out);
  CHECK(out == "first\nsecond\n[REDACTED]");
  stream.write("after", out);
  stream.flush(out);
  CHECK(out.ends_with("[REDACTED]after"));
}

TEST_CASE("a key block without end holds back nothing but its mask") {
  const auto redactor = made();
  RedactorStream stream(*redactor);
  std::string out;
  stream.write("-----BEGIN PRIVATE KEY-----\n", out);
  const std::string line = std::string(100, 'k') + "\n";
  for (int i = 0; i < 100'000; ++i) stream.write(line, out);
  CHECK(out.empty());
  stream.flush(out);
  CHECK(out == "[REDACTED]");
}

}  // namespace
}  // namespace wplug
