// JSON: one pass over text that has been found to be JSON, with the containers on a stack of its own. What is not a secret
// is copied as it is written.
#include <algorithm>

#include "host/json_text.h"
#include "host/redactor_impl.h"

namespace wplug {

class JsonRedaction {
 public:
  JsonRedaction(const Redactor& redactor, std::string_view text) : impl_(*redactor.impl_), redactor_(redactor), text_(text) {}

  std::string run() {
    levels_.push_back({PathProgress(impl_.paths), {}, 0, false});
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  struct Level {
    PathProgress progress;  // of the container
    std::string key;        // of the member that comes next; of an array: none
    uint64_t index;
    bool is_object;
  };

  void step() {
    const char c = text_[at_];
    Level& level = levels_.back();
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':') {
      copy(1);
    } else if (c == ',') {
      ++level.index;
      expects_key_ = level.is_object;
      copy(1);
    } else if (c == '}' || c == ']') {
      levels_.pop_back();
      expects_key_ = false;
      copy(1);
    } else if (c == '"' && expects_key_) {
      read_key(level);
    } else {
      value(level);
    }
  }

  void read_key(Level& level) {
    const std::string_view token = text_.substr(at_, string_length());
    level.key = json_string_value(token.substr(1, token.size() - 2));
    expects_key_ = false;
    redacted_string(token, {});
  }

  void value(Level& level) {
    const PathProgress progress = levels_.size() == 1 ? level.progress
                                  : level.is_object   ? level.progress.at_key(level.key)
                                                      : level.progress.at_index(level.index);
    if (progress.is_match() && text_[at_] != 'n') return mask_value();
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      levels_.push_back({progress, {}, 0, c == '{'});
      expects_key_ = c == '{';
      copy(1);
    } else if (c == '"') {
      redacted_string(text_.substr(at_, string_length()), level.is_object ? level.key : std::string());
    } else {
      copy(scalar_length());
    }
  }

  void mask_value() {
    const std::string_view value = text_.substr(at_, value_length());
    const bool is_string = value[0] == '"';
    append_json_string(out_, impl_.mask(is_string ? json_string_value(value.substr(1, value.size() - 2)) : std::string(value)));
    at_ += value.size();
  }

  // Shapes that stand behind a name are found in strings behind such a key: the text that is looked at is key=value.
  void redacted_string(std::string_view token, std::string key) {
    const std::string plain = json_string_value(token.substr(1, token.size() - 2));
    if (!key.empty()) key += '=';
    const std::string text = key.find('\n') == std::string::npos ? key + plain : plain;
    const size_t skipped = text.size() - plain.size();
    if (impl_.is_clean(text)) {
      copy(token.size());
      return;
    }
    append_json_string(out_, redacted_value(text, skipped));
    at_ += token.size();
  }

  std::string redacted_value(const std::string& text, size_t skipped) {
    std::string out;
    if (text.find('\n') != std::string::npos || text.size() > RedactorStream::kWindow ||
        find_key_block(text) != std::string::npos) {
      return redactor_.redact(std::string_view(text).substr(skipped));
    }
    std::vector<TextSpan> spans = impl_.spans(text);
    std::erase_if(spans, [skipped](const TextSpan& span) { return span.end <= skipped; });
    for (TextSpan& span : spans) span = {std::max(span.begin, skipped) - skipped, span.end - skipped};
    impl_.append_masked(std::string_view(text).substr(skipped), spans, out);
    return out;
  }

  void copy(size_t length) {
    out_ += text_.substr(at_, length);
    at_ += length;
  }
  // Of what begins at at_; the text is JSON, so every string and container ends.
  size_t string_length() const { return string_end(at_) - at_; }
  size_t string_end(size_t from) const {
    size_t end = from + 1;
    while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return end + 1;
  }
  size_t scalar_length() const { return std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size()) - at_; }
  size_t value_length() const {
    if (text_[at_] == '"') return string_length();
    if (text_[at_] != '{' && text_[at_] != '[') return scalar_length();
    size_t depth = 0, end = at_;
    do {
      const char c = text_[end];
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      end = c == '"' ? string_end(end) : end + 1;
    } while (depth > 0);
    return end - at_;
  }

  const Redactor::Impl& impl_;
  const Redactor& redactor_;
  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  std::vector<Level> levels_;
  bool expects_key_ = false;
};

std::string Redactor::redact_json(std::string_view text) const {
  if (find_json_problem(text)) return redact(text);
  return JsonRedaction(*this, text).run();
}

}  // namespace wplug
