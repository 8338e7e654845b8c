#include "host/record_reader.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
// A batch also ends with this many bytes.
constexpr size_t kBatchBytes = size_t{64} << 10;

}  // namespace

Result<bool> RecordReader::next(Batch& batch, size_t most) {
  batch.text.clear();
  batch.lines.clear();
  while (batch.lines.size() < most && batch.text.size() < kBatchBytes) {
    const size_t end = buffer_.find('\n', scanned_);
    if (end != std::string::npos) {
      take_line(batch, end);
      continue;
    }
    scanned_ = buffer_.size();
    if (!batch.lines.empty()) break;
    drop_long_line();
    WPLUG_TRY_ASSIGN(const bool more, fill());
    if (more) continue;
    if (begin_ < buffer_.size() || dropped_ > 0) take_line(batch, buffer_.size());
    break;
  }
  return !batch.lines.empty();
}

void RecordReader::take_line(Batch& batch, size_t end) {
  size_t length = end - begin_;
  Batch::Line line{batch.text.size(), 0, 0};
  if (dropped_ > 0 || length > max_line_) {
    line.dropped = dropped_ + length;
    dropped_ = 0;
  } else {
    if (length > 0 && buffer_[end - 1] == '\r') --length;
    batch.text.append(buffer_, begin_, length);
    line.length = length;
  }
  batch.lines.push_back(line);
  begin_ = scanned_ = std::min(end + 1, buffer_.size());
}

void RecordReader::drop_long_line() {
  const size_t length = buffer_.size() - begin_;
  if (length <= max_line_ && dropped_ == 0) return;
  dropped_ += length;
  begin_ = scanned_ = buffer_.size();
}

Result<bool> RecordReader::fill() {
  if (at_end_) return false;
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  const size_t size = buffer_.size();
  // Long lines are read in pieces that grow with them, so that joining them stays linear.
  buffer_.resize(size + std::max(kReadSize, std::min<size_t>(size, size_t{16} << 20)));
  auto got = source_.read(std::span(buffer_).subspan(size), cancelled_);
  buffer_.resize(size + (got.ok() ? *got : 0));
  if (!got.ok()) return std::move(got).error();
  at_end_ = *got == 0;
  return !at_end_;
}

}  // namespace wplug
