// Patterns by RE2: one automaton of all of them says which match at all, then those alone are searched for.
#include "host/pattern_services.h"

#include <algorithm>

#include <re2/re2.h>
#include <re2/set.h>

namespace wplug {
namespace {

// Of one pattern in one text; a search may look at all of the text for each match.
constexpr size_t kMostMatches = 1000;
// For the automata of all patterns together; beyond it RE2 starts its cache again.
constexpr int64_t kMemory = int64_t{64} << 20;

RE2::Options options_of(bool bytes) {
  RE2::Options options;
  options.set_encoding(bytes ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
  options.set_never_nl(bytes);
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  return options;
}

struct Pattern {
  std::unique_ptr<RE2> expression;
  int group = 0;  // what is found
};

class Re2Patterns : public PatternSet {
 public:
  explicit Re2Patterns(bool bytes) : options_(options_of(bytes)), set_(options_, RE2::UNANCHORED) {}

  bool add(const std::string& text, std::string& error) {
    // What is looked at may be many lines: ^ and $ mean those of each.
    const std::string expression = (options_.never_nl() ? "(?m)" : "") + text;
    Pattern pattern{std::make_unique<RE2>(expression, options_)};
    if (!pattern.expression->ok()) {
      error = "\"" + text.substr(0, 80) + "\" is not a pattern: " + pattern.expression->error();
      return false;
    }
    const auto& groups = pattern.expression->NamedCapturingGroups();
    if (const auto group = groups.find("secret"); group != groups.end()) pattern.group = group->second;
    if (set_.Add(expression, nullptr) < 0) {
      error = "\"" + text.substr(0, 80) + "\" is not a pattern";
      return false;
    }
    patterns_.push_back(std::move(pattern));
    return true;
  }
  bool finish() { return set_.Compile(); }

  bool any(std::string_view text) const override {
    RE2::Set::ErrorInfo info{};
    return set_.Match(piece(text), nullptr, &info) || info.kind != RE2::Set::kNoError;
  }

  void find(std::string_view text, std::vector<TextSpan>& spans) const override {
    std::vector<int> found;
    RE2::Set::ErrorInfo info{};
    if (!set_.Match(piece(text), &found, &info)) {
      if (info.kind == RE2::Set::kNoError) return;
      found.clear();
      for (size_t i = 0; i < patterns_.size(); ++i) found.push_back(static_cast<int>(i));
    }
    for (const int index : found) find_one(patterns_[static_cast<size_t>(index)], text, spans);
  }

 private:
  static re2::StringPiece piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }

  static void find_one(const Pattern& pattern, std::string_view text, std::vector<TextSpan>& spans) {
    std::vector<re2::StringPiece> groups(static_cast<size_t>(pattern.group) + 1);
    size_t at = 0;
    for (size_t matches = 0; at <= text.size(); ++matches) {
      if (!pattern.expression->Match(piece(text), at, text.size(), RE2::UNANCHORED, groups.data(),
                                     static_cast<int>(groups.size()))) {
        return;
      }
      if (matches == kMostMatches) {
        spans.push_back({at, text.size()});
        return;
      }
      const auto place = [&](const re2::StringPiece& group) { return static_cast<size_t>(group.data() - text.data()); };
      const re2::StringPiece& secret = groups.back();
      if (secret.data() != nullptr && !secret.empty()) spans.push_back({place(secret), place(secret) + secret.size()});
      const size_t end = place(groups[0]) + groups[0].size();
      at = groups[0].empty() ? end + 1 : end;
    }
  }

  RE2::Options options_;
  RE2::Set set_;
  std::vector<Pattern> patterns_;
};

std::unique_ptr<PatternSet> compile(std::span<const std::string> patterns, bool bytes, std::string& error) {
  auto set = std::make_unique<Re2Patterns>(bytes);
  for (const std::string& pattern : patterns) {
    if (!set->add(pattern, error)) return nullptr;
  }
  if (set->finish()) return set;
  error = "the patterns together are too large";
  return nullptr;
}

}  // namespace
}  // namespace wplug

extern "C" [[gnu::visibility("default")]] const wplug::PatternServices* wplug_pattern_services() {
  static constexpr wplug::PatternServices services = {wplug::compile};
  return &services;
}
