#include "host/log.h"

#include <algorithm>
#include <cstdint>

#include "host/files.h"
#include "host/json_text.h"

namespace wplug {
namespace {

// C1 controls are two bytes in UTF-8, and some terminals obey them.
bool is_c1(std::string_view sequence) {
  return sequence.size() == 2 && sequence[0] == '\xc2' && static_cast<uint8_t>(sequence[1]) < 0xa0;
}

void append_escaped(std::string& out, uint8_t byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const std::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
    const uint8_t first = static_cast<uint8_t>(text[0]);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if ((first < 0x20 && first != '\t') || first == 0x7f) {
      append_escaped(out, first);
    } else if (is_c1(sequence)) {
      append_escaped(out, static_cast<uint8_t>(text[1]));
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

void FdLog::write(std::string_view plugin, std::string_view text) {
  std::string lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const bool is_last_blank = end == text.size() && begin == end && begin > 0;
    if (!is_last_blank) lines += "[" + printable(plugin) + "] " + printable(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  const std::lock_guard lock(mutex_);
  // There is nobody left to tell that the log cannot be written.
  (void)FdSink(fd_, "log").write(lines).ok();
}

}  // namespace wplug
