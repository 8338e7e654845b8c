// Lines from a stream of bytes, in batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/pipeline.h"

namespace wplug {

// Some lines of the input and, once a worker had it, what came of them.
struct Batch {
  struct Line {
    size_t begin = 0;
    size_t length = 0;
    uint64_t dropped = 0;  // the length of a line that was too long to be kept; 0: it is here
  };
  uint64_t first_record = 0;  // number of the first line, from 1
  std::string text;
  std::vector<Line> lines;
  std::string output;
  uint64_t errors = 0;
  std::optional<RecordError> stopped_by;  // with OnError::stop
  uint64_t stopped_at = 0;

  std::string_view line(const Line& l) const { return std::string_view(text).substr(l.begin, l.length); }
};

// Reads ahead in large pieces but never waits for more while it has a whole line, so that a slow producer sees its results
// at once. A line longer than `max_line` is counted and dropped while it is read; memory stays below twice that.
class RecordReader {
 public:
  RecordReader(ByteSource& source, uint64_t max_line, std::function<bool()> cancelled)
      : source_(source), max_line_(max_line), cancelled_(std::move(cancelled)) {}

  // Puts at least one and at most `most` lines into the batch, without their ends; false at the end of the input. The last
  // line need not have an end.
  Result<bool> next(Batch& batch, size_t most);

 private:
  Result<bool> fill();
  void take_line(Batch& batch, size_t end);
  void drop_long_line();
  ByteSource& source_;
  uint64_t max_line_;
  std::function<bool()> cancelled_;
  std::string buffer_;
  size_t begin_ = 0;    // of what was not handed out yet
  size_t scanned_ = 0;  // no line end between begin_ and here
  uint64_t dropped_ = 0;  // bytes dropped of the line that is being read
  bool at_end_ = false;
};

}  // namespace wplug
