// Text in pieces. What happens to a byte depends on the line it stands in and on where in that line, never on how the text
// was cut: a line is looked at when it is complete, or when as much of it has come as the window holds.
#include <algorithm>
#include <cstring>

#include "host/redactor_impl.h"

namespace wplug {
namespace {

constexpr size_t kSafe = RedactorStream::kWindow / 2;
constexpr size_t kMarkerLength = 128;  // more than any "-----END … PRIVATE KEY-----" has
constexpr std::string_view kKeyBlockEnd = "-----END ";

// One past the end line of the key block in `text`; npos: it does not end there.
size_t find_key_block_end(std::string_view text) {
  const size_t end = text.find(kKeyBlockEnd);
  if (end == std::string_view::npos) return end;
  const size_t dashes = text.find("-----", end + kKeyBlockEnd.size());
  return dashes == std::string_view::npos ? dashes : dashes + 5;
}

}  // namespace

size_t find_key_block(std::string_view text) {
  for (size_t at = 0; (at = text.find(kKeyBlockBegin, at)) != std::string_view::npos; at += kKeyBlockBegin.size()) {
    if (text.substr(at, kMarkerLength / 2).find("PRIVATE KEY") != std::string_view::npos) return at;
  }
  return std::string_view::npos;
}

void RedactorStream::write(std::string_view text, std::string& out) {
  while (!text.empty()) {
    if (pending_.empty() && !mid_line_ && mode_ == Mode::text) {
      const size_t whole = whole_lines(text);
      if (whole > 0) {
        lines(text.substr(0, whole), out);
        // A key block may have begun in the last of them: then the mode is another.
        text.remove_prefix(whole);
        continue;
      }
    }
    std::string_view part = text.substr(0, kWindow - pending_.size());
    if (const size_t end = part.find('\n'); end != std::string_view::npos) part = part.substr(0, end + 1);
    pending_ += part;
    text.remove_prefix(part.size());
    if (pending_.back() == '\n') {
      const std::string whole_line = std::move(pending_);
      pending_.clear();
      mid_line_ = false;
      line(whole_line, out);
    } else if (pending_.size() == kWindow) {
      cut(out);
    }
  }
}

// Up to and with the last line end before which no line is longer than the window.
size_t RedactorStream::whole_lines(std::string_view text) const {
  size_t end = 0;
  while (end < text.size()) {
    const void* found = std::memchr(text.data() + end, '\n', std::min(text.size() - end, kWindow));
    if (found == nullptr) break;
    end = static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
  }
  return end;
}

// Most lines have no secret, and a look at many at once is cheaper than one at each.
void RedactorStream::lines(std::string_view text, std::string& out) {
  constexpr size_t kTogether = size_t{16} << 10;
  while (!text.empty()) {
    size_t end = text.size();
    if (end > kTogether) end = text.find('\n', kTogether) + 1;  // the text ends with a line end
    std::string_view some = text.substr(0, end);
    text.remove_prefix(end);
    if (mode_ == Mode::text && redactor_.impl_->is_clean(some)) {
      out += some;
      continue;
    }
    while (!some.empty()) {
      const size_t line_end = some.find('\n') + 1;
      line(some.substr(0, line_end), out);
      some.remove_prefix(line_end);
    }
  }
}

// The last, or only, part of a line.
void RedactorStream::line(std::string_view text, std::string& out) {
  const Redactor::Impl& redactor = *redactor_.impl_;
  if (mode_ == Mode::rest_of_line) {
    if (text.ends_with('\n')) out += '\n';
    mode_ = Mode::text;
    return;
  }
  while (!text.empty()) {
    if (mode_ == Mode::key_block) {
      text.remove_prefix(key_block(text, true, out));
      continue;
    }
    const size_t block = redactor.config.builtin ? find_key_block(text) : std::string_view::npos;
    const std::string_view before = text.substr(0, block);
    // The line end is not the line's.
    redactor.append_masked(before, redactor.spans(before.substr(0, before.size() - (before.ends_with('\n') ? 1 : 0))), out);
    text.remove_prefix(before.size());
    if (block != std::string_view::npos) mode_ = Mode::key_block;
  }
}

size_t RedactorStream::key_block(std::string_view text, bool is_all, std::string& out) {
  const size_t end = find_key_block_end(text);
  if (end == std::string_view::npos) {
    // The end line may have begun.
    const size_t taken = is_all ? text.size() : text.size() - std::min(text.size(), kMarkerLength);
    keep_secret(text.substr(0, taken));
    return taken;
  }
  keep_secret(text.substr(0, end));
  out += redactor_.impl_->mask(secret_);
  secret_.clear();
  mode_ = Mode::text;
  return end;
}

void RedactorStream::keep_secret(std::string_view text) { secret_ += text.substr(0, kWindow - secret_.size()); }

// The window is full and the line goes on: lets go of what no later byte can change.
void RedactorStream::cut(std::string& out) {
  const Redactor::Impl& redactor = *redactor_.impl_;
  mid_line_ = true;
  if (mode_ == Mode::rest_of_line) {
    pending_.clear();
    return;
  }
  if (mode_ == Mode::key_block) {
    pending_.erase(0, key_block(pending_, false, out));
    return;
  }
  const size_t block = redactor.config.builtin ? find_key_block(pending_) : std::string::npos;
  std::vector<TextSpan> spans = redactor.spans(std::string_view(pending_).substr(0, block));
  size_t end = std::min(kSafe, block);
  for (const TextSpan& span : spans) {
    if (span.begin >= end) continue;
    if (span.end == kWindow) mode_ = Mode::rest_of_line;
    end = span.end;
  }
  std::erase_if(spans, [end](const TextSpan& span) { return span.begin >= end; });
  redactor.append_masked(std::string_view(pending_).substr(0, end), spans, out);
  pending_.erase(0, end);
  if (end == block) mode_ = Mode::key_block;
}

void RedactorStream::flush(std::string& out) {
  if (!pending_.empty()) {
    const std::string rest = std::move(pending_);
    pending_.clear();
    line(rest, out);
  }
  if (mode_ == Mode::key_block) out += redactor_.impl_->mask(secret_);
  secret_.clear();
  mode_ = Mode::text;
  mid_line_ = false;
}

}  // namespace wplug
