// The redactor's parts, for its three files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/pattern_services.h"
#include "host/redaction_path.h"
#include "wplug/redactor.h"

namespace wplug {

struct Redactor::Impl {
  RedactionConfig config;
  std::unique_ptr<PatternSet> patterns;  // null: none
  std::vector<RedactionPath> paths;
  std::vector<std::string> warnings;

  // Whether `text`, whole lines, has nothing that `spans` would find and no key block.
  bool is_clean(std::string_view text) const;
  // What is secret in `text`, one line, from left to right without overlaps.
  std::vector<TextSpan> spans(std::string_view text) const;
  std::string mask(std::string_view secret) const;
  void append_masked(std::string_view text, const std::vector<TextSpan>& spans, std::string& out) const;
};

inline constexpr std::string_view kKeyBlockBegin = "-----BEGIN ";

// Where a private key block begins in `text`; npos: nowhere.
size_t find_key_block(std::string_view text);

}  // namespace wplug
