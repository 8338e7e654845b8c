#include "host/record_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace wplug {
namespace {

// Gives its pieces one by one, and says how often it was asked.
class PieceSource : public ByteSource {
 public:
  explicit PieceSource(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Result<size_t> read(std::span<char> buffer, const std::function<bool()>&) override {
    ++reads;
    if (next_ == pieces_.size()) return size_t{0};
    std::string& piece = pieces_[next_];
    const size_t size = std::min(buffer.size(), piece.size());
    std::memcpy(buffer.data(), piece.data(), size);
    piece.erase(0, size);
    if (piece.empty()) ++next_;
    return size;
  }
  int reads = 0;

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
};

// "line" for a line that was kept, "(123)" for one that was dropped; "|" between batches.
std::vector<std::string> lines_of(std::vector<std::string> pieces, uint64_t most_bytes = 1000, size_t most = 100) {
  PieceSource source(std::move(pieces));
  RecordReader reader(source, most_bytes, [] { return false; });
  std::vector<std::string> lines;
  Batch batch;
  for (;;) {
    const auto more = reader.next(batch, most);
    REQUIRE(more.ok());
    if (!*more) return lines;
    CHECK(batch.lines.size() <= most);
    for (const Batch::Line& line : batch.lines) {
      lines.push_back(line.dropped > 0 ? "(" + std::to_string(line.dropped) + ")" : std::string(batch.line(line)));
    }
  }
}

using Lines = std::vector<std::string>;

TEST_CASE("lines come out whole however the bytes arrive") {
  const std::string text = "one\ntwo\n\nfour\n";
  CHECK(lines_of({text}) == Lines{"one", "two", "", "four"});
  Lines bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  CHECK(lines_of(bytes) == Lines{"one", "two", "", "four"});
  CHECK(lines_of({text}, 1000, 1) == Lines{"one", "two", "", "four"});
}

TEST_CASE("the last line needs no end") {
  CHECK(lines_of({"one\ntwo"}) == Lines{"one", "two"});
  CHECK(lines_of({"one\n", "t", "wo"}) == Lines{"one", "two"});
  CHECK(lines_of({}) == Lines{});
  CHECK(lines_of({"\n"}) == Lines{""});
}

TEST_CASE("a carriage return before the end is not part of the line") {
  CHECK(lines_of({"one\r\ntwo\r\n"}) == Lines{"one", "two"});
  CHECK(lines_of({"a\rb\n"}) == Lines{"a\rb"});
}

TEST_CASE("a line is handed out before more is waited for") {
  PieceSource source({"one\ntw", "o\n"});
  RecordReader reader(source, 1000, [] { return false; });
  Batch batch;
  REQUIRE(*reader.next(batch, 100));
  CHECK(batch.lines.size() == 1);
  CHECK(source.reads == 1);
}

TEST_CASE("a line beyond the limit is counted and dropped and the next one is whole") {
  const std::string long_line(5000, 'x');
  CHECK(lines_of({long_line + "\nnext\n"}) == Lines{"(5000)", "next"});
  CHECK(lines_of({long_line, long_line, "\nnext"}) == Lines{"(10000)", "next"});
  CHECK(lines_of({"first\n" + long_line}) == Lines{"first", "(5000)"});
  CHECK(lines_of({std::string(1000, 'x') + "\n" + std::string(1001, 'y') + "\n"}) ==
        Lines{std::string(1000, 'x'), "(1001)"});
  // Across pieces, the tail after the drop is short.
  CHECK(lines_of({std::string(1500, 'x'), "tail\nnext\n"}) == Lines{"(1504)", "next"});
}

TEST_CASE("a large line passes when it is within the limit") {
  const std::string large(3'000'000, 'x');
  CHECK(lines_of({large + "\nb\n"}, 10'000'000) == Lines{large, "b"});
}

TEST_CASE("an error of the source is the reader's error") {
  class Broken : public ByteSource {
    Result<size_t> read(std::span<char>, const std::function<bool()>&) override {
      return Error(ErrorKind::host, "broken");
    }
  } source;
  RecordReader reader(source, 1000, [] { return false; });
  Batch batch;
  const auto more = reader.next(batch, 1);
  REQUIRE(!more.ok());
  CHECK(more.error().message() == "broken");
}

}  // namespace
}  // namespace wplug
