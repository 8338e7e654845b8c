// The list of expected failures: `file:line reason` a line, `file:first-last reason` for every command of these lines;
// `#` begins a comment line. It is checked in both directions: a listed command that passes is an error too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug::spec {

class Expectations {
 public:
  // Errors: malformed, with the list's line.
  static Result<Expectations> parse(std::string_view text);
  // Errors: host (unreadable), malformed.
  static Result<Expectations> load(const std::string& path);

  // Why the command at a line of a script is expected to fail; null when it is not. A script's name is the suite's
  // (see groups.h), or for another script the path of its .wast file beside the file as given.
  const std::string* reason(const std::string& script, uint32_t line) const;
  // The first lines of a script's entries that hold none of `lines` (the lines of its commands).
  std::vector<uint32_t> unused(const std::string& script, const std::vector<uint32_t>& lines) const;

 private:
  struct Entry {
    uint32_t first;
    uint32_t last;
    std::string reason;
  };
  std::map<std::string, std::vector<Entry>> entries_;
};

}  // namespace wplug::spec
