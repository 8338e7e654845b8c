#include "host/redaction_path.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr size_t kMostSteps = 64;

class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text), rest_(text) {}

  Result<RedactionPath> read() {
    RedactionPath path;
    while (!rest_.empty()) {
      if (path.size() == kMostSteps) return wrong("has too many steps");
      if (rest_[0] == '[') {
        WPLUG_TRY_ASSIGN(RedactionStep step, element());
        path.push_back(std::move(step));
        continue;
      }
      if (!path.empty() && !take('.')) return wrong("needs a dot before \"" + std::string(rest_.substr(0, 20)) + "\"");
      WPLUG_TRY_ASSIGN(RedactionStep step, key());
      path.push_back(std::move(step));
    }
    if (path.empty()) return wrong("is empty");
    if (path.back().kind == RedactionStep::Kind::any_depth) return wrong("must not end with **");
    return path;
  }

 private:
  Error wrong(const std::string& why) const {
    return Error(ErrorKind::misuse, "path \"" + std::string(text_.substr(0, 80)) + "\" " + why);
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Result<RedactionStep> element() {
    const size_t end = rest_.find(']');
    const std::string_view inside = rest_.substr(1, end == std::string_view::npos ? end : end - 1);
    if (end == std::string_view::npos) return wrong("has a [ without ]");
    rest_.remove_prefix(end + 1);
    RedactionStep step;
    step.kind = RedactionStep::Kind::any_index;
    if (inside == "*") return step;
    const bool is_number = !inside.empty() && inside.size() <= 9 &&
                           std::all_of(inside.begin(), inside.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number) return wrong("has [" + std::string(inside.substr(0, 20)) + "]: write [*] or a number");
    step.kind = RedactionStep::Kind::index;
    step.index = std::stoull(std::string(inside));
    return step;
  }

  Result<RedactionStep> key() {
    RedactionStep step;
    if (take('"')) {
      const size_t end = rest_.find('"');
      if (end == std::string_view::npos) return wrong("has a quote without end");
      step.key = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      return step;
    }
    const std::string_view name = rest_.substr(0, std::min(rest_.find_first_of(".["), rest_.size()));
    rest_.remove_prefix(name.size());
    if (name.empty()) return wrong("has a step without a name");
    if (name == "*") {
      step.kind = RedactionStep::Kind::any_key;
    } else if (name == "**") {
      step.kind = RedactionStep::Kind::any_depth;
    } else if (name.find_first_of("*\"]") != std::string_view::npos) {
      return wrong("has \"" + std::string(name.substr(0, 20)) + "\": quote a key with such characters");
    }
    step.key = name;
    return step;
  }

  std::string_view text_, rest_;
};

}  // namespace

Result<RedactionPath> parse_redaction_path(std::string_view text) { return PathReader(text).read(); }

PathProgress::PathProgress(const std::vector<RedactionPath>& paths) {
  for (const RedactionPath& path : paths) add({&path, 0});
}

void PathProgress::add(Place place) {
  if (std::find(places_.begin(), places_.end(), place) != places_.end()) return;
  places_.push_back(place);
  // Any depth is also none.
  if (place.next < place.path->size() && (*place.path)[place.next].kind == RedactionStep::Kind::any_depth) {
    add({place.path, place.next + 1});
  }
}

PathProgress PathProgress::step(const std::string_view* key, uint64_t index) const {
  using Kind = RedactionStep::Kind;
  PathProgress below;
  for (const Place& place : places_) {
    if (place.next == place.path->size()) continue;
    const RedactionStep& step = (*place.path)[place.next];
    if (step.kind == Kind::any_depth) below.add(place);
    const bool goes_on = key != nullptr
                             ? step.kind == Kind::any_key || (step.kind == Kind::key && step.key == *key)
                             : step.kind == Kind::any_index || (step.kind == Kind::index && step.index == index);
    if (goes_on) below.add({place.path, place.next + 1});
  }
  return below;
}

bool PathProgress::is_match() const {
  return std::any_of(places_.begin(), places_.end(),
                     [](const Place& place) { return place.next == place.path->size(); });
}

}  // namespace wplug
