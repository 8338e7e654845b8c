// What needs RE2: finding any of many patterns in linear time.
//
// RE2 takes a millisecond and more to load, so it lives in a shared object of its own, `libwplug_re2.so`, that is loaded
// when the first pattern is compiled; see openssl_services.h. A program that wants no such file links
// `wplug_pattern_services` into itself instead.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

struct TextSpan {
  size_t begin, end;
};

// Patterns that have been compiled. Used by any number of threads.
class PatternSet {
 public:
  virtual ~PatternSet() = default;
  // Whether any pattern matches somewhere in `text`; true when that is not known.
  virtual bool any(std::string_view text) const = 0;
  // Appends what matches, pattern by pattern, from left to right: the group `secret` where the pattern has one. A pattern
  // that matches very often has everything from there on as its last span.
  virtual void find(std::string_view text, std::vector<TextSpan>& spans) const = 0;
};

struct PatternServices {
  // `bytes`: patterns and text are bytes and no match has a line end; else UTF-8. Null and `error` filled in, beginning
  // with the pattern, when one is not a pattern.
  std::unique_ptr<PatternSet> (*compile)(std::span<const std::string> patterns, bool bytes, std::string& error);
};

// Loaded on first use. Error host when the shared object is not there.
Result<const PatternServices*> pattern_services();

}  // namespace wplug

// The one entry of the shared object.
extern "C" const wplug::PatternServices* wplug_pattern_services();
