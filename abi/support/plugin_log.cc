#include "abi/support/plugin_log.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr uint64_t kMostBytes = uint64_t{256} << 10;  // of one call, when nobody says
constexpr size_t kMostLine = size_t{8} << 10;
constexpr size_t kMostComplaint = 400;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

PluginLog::PluginLog(LogSink* sink, std::string_view plugin, LogBudget* budget, const Redactor* redactor)
    : sink_(sink), shared_(budget), plugin_(plugin) {
  if (redactor != nullptr) redaction_ = std::make_unique<Redaction>(*redactor);
}

void PluginLog::begin_call() {
  own_ = {kMostBytes, 0};
  complaint_.clear();
  is_panic_ = false;
}

void PluginLog::write(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!redaction_) return cut(text);
  std::string clean;
  redaction_->bytes.write(text, clean);
  cut(clean);
}

void PluginLog::cut(std::string_view text) {
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    partial_ += text.substr(0, std::min(end, kMostLine));
    flush_partial();
  }
  partial_ += text.substr(0, kMostLine);
  if (partial_.size() >= kMostLine) flush_partial();
}

void PluginLog::line(std::string_view text) {
  if (budget().left == 0 || sink_ == nullptr) return;
  if (!redaction_) return emit(text);
  std::string clean;
  redaction_->messages.write(text, clean);
  redaction_->messages.write("\n", clean);
  // Inside a key block there is nothing to say.
  if (clean.empty()) return;
  if (clean.back() == '\n') clean.pop_back();
  emit(clean);
}

void PluginLog::emit(std::string_view text) {
  LogBudget& budget = this->budget();
  if (budget.left == 0 || sink_ == nullptr) return;
  const size_t shown = static_cast<size_t>(std::min<uint64_t>({text.size(), kMostLine, budget.left}));
  // Each line costs something, so that empty ones come to an end too.
  budget.left -= std::min<uint64_t>(budget.left, shown + 16);
  budget.written += shown;
  sink_->write(plugin_, text.substr(0, shown));
  if (shown < text.size()) sink_->write(plugin_, "(" + std::to_string(text.size() - shown) + " bytes more)");
  if (budget.left == 0) sink_->write(plugin_, "(what else this call writes is dropped)");
}

void PluginLog::flush() {
  if (redaction_) {
    std::string clean;
    redaction_->bytes.flush(clean);
    cut(clean);
    clean.clear();
    redaction_->messages.flush(clean);
    if (!clean.empty()) emit(clean);
  }
  flush_partial();
}

void PluginLog::flush_partial() {
  if (partial_.empty()) return;
  note_complaint(partial_);
  emit(partial_);
  partial_.clear();
}

void PluginLog::note_complaint(std::string_view text) {
  const bool is_panic = text.starts_with("panic: ") || text.starts_with("fatal error: ");
  if (is_blank(text) || is_panic_ || (!complaint_.empty() && !is_panic)) return;
  is_panic_ = is_panic;
  complaint_ = text.substr(0, kMostComplaint);
}

}  // namespace wplug
