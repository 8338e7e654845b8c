#include "abi/support/plugin_log.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr size_t kMostBytes = size_t{256} << 10;  // of one call
constexpr size_t kMostLine = size_t{8} << 10;
constexpr size_t kMostComplaint = 400;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

void PluginLog::begin_call() {
  left_ = kMostBytes;
  complaint_.clear();
  is_panic_ = false;
}

void PluginLog::write(std::span<const uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    partial_ += text.substr(0, std::min(end, kMostLine));
    flush();
  }
  partial_ += text.substr(0, kMostLine);
  if (partial_.size() >= kMostLine) flush();
}

void PluginLog::line(std::string_view text) {
  if (left_ == 0 || sink_ == nullptr) return;
  const size_t shown = std::min({text.size(), kMostLine, left_});
  // Each line costs something, so that empty ones come to an end too.
  left_ -= std::min(left_, shown + 16);
  sink_->write(plugin_, text.substr(0, shown));
  if (shown < text.size()) sink_->write(plugin_, "(" + std::to_string(text.size() - shown) + " bytes more)");
  if (left_ == 0) sink_->write(plugin_, "(what else this call writes is dropped)");
}

void PluginLog::flush() {
  if (partial_.empty()) return;
  note_complaint(partial_);
  line(partial_);
  partial_.clear();
}

void PluginLog::note_complaint(std::string_view text) {
  const bool is_panic = text.starts_with("panic: ") || text.starts_with("fatal error: ");
  if (is_blank(text) || is_panic_ || (!complaint_.empty() && !is_panic)) return;
  is_panic_ = is_panic;
  complaint_ = text.substr(0, kMostComplaint);
}

}  // namespace wplug
