// One pass over JSON text that checks it and finds where values end. No recursion: nesting is a small stack of bytes, so
// the deepest record costs as little stack as a flat one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wplug::json {

// Where the run of bytes from `at` ends that a JSON string may have as they are and that are ASCII: at a quote, a
// backslash, a control character, a byte above 0x7f, or `end`.
const char* plain_end(const char* at, const char* end);

class Scanner {
 public:
  static constexpr size_t kMaxDepth = 256;

  explicit Scanner(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  bool at_end() const { return at_ == end_; }
  const char* at() const { return at_; }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  const char* problem() const { return problem_; }
  // How many escapes strings had so far.
  size_t escapes() const { return escapes_; }

  void skip_space() {
    // Anything above a blank ends the loop with one comparison.
    while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' &&
           (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) {
      ++at_;
    }
  }

  // Takes `c` if it is next.
  bool take(char c) {
    if (at_ == end_ || *at_ != c) {
      return false;
    }
    ++at_;
    return true;
  }

  // These go past one thing and return false, with problem() and offset() set, when it is not there. White space before
  // a value or a key is skipped, white space behind it is not.
  bool skip_value();
  bool skip_key();  // a string and the colon
  bool skip_string();

  bool fail(const char* problem) {
    problem_ = problem;
    return false;
  }

 private:
  bool skip_container();
  bool skip_scalar();
  bool skip_escape();
  bool skip_utf8();
  bool skip_number();
  bool skip_digits();
  bool skip_word(std::string_view word);
  bool open_container(char* closers, size_t& depth);
  bool close_containers(const char* closers, size_t& depth);

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* problem_ = nullptr;
  size_t escapes_ = 0;
};

}  // namespace wplug::json
