// Paths that name values in JSON.
//
//   user.password      a key of a key
//   items[*].secret    of every element; items[0] of one
//   *.token            of every key, one level
//   **.token           at any depth, none included
//   "a.b".c            a key with a dot, star or bracket in it
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

struct RedactionStep {
  enum class Kind : uint8_t { key, any_key, index, any_index, any_depth };
  Kind kind = Kind::key;
  std::string key;
  uint64_t index = 0;
};
using RedactionPath = std::vector<RedactionStep>;

// Errors misuse: not a path.
Result<RedactionPath> parse_redaction_path(std::string_view text);

// How far each of some paths has come on the way to a value.
class PathProgress {
 public:
  // At the root.
  explicit PathProgress(const std::vector<RedactionPath>& paths);
  // One level down.
  PathProgress at_key(std::string_view key) const { return step(&key, 0); }
  PathProgress at_index(uint64_t index) const { return step(nullptr, index); }
  bool is_match() const;
  // No path leads below.
  bool is_dead() const { return places_.empty(); }

 private:
  struct Place {
    const RedactionPath* path;
    size_t next;  // the step that has to be taken
    bool operator==(const Place&) const = default;
  };
  PathProgress() = default;
  PathProgress step(const std::string_view* key, uint64_t index) const;
  void add(Place place);
  std::vector<Place> places_;
};

}  // namespace wplug
