// Records through a pipeline, by one thread or many, in order.
//
// The calling thread reads batches of lines into a ring; workers take them in order, and whoever finishes the oldest one
// writes it and all finished ones behind it. The ring has a fixed size, so a slow output or a slow stage stops the reading
// and memory stays bounded. Batches are small while records take long, so that few slow records still spread over all
// workers, and large while they are quick, so that handing them over costs little.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "host/record_reader.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kLargestBatch = 64;
constexpr double kBatchSeconds = 500e-6;
constexpr std::chrono::nanoseconds kProgressInterval = std::chrono::milliseconds(200);

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

Failure too_long(uint64_t length, uint64_t limit) {
  return {FailureKind::input,
          "the record has " + std::to_string(length) + " bytes, the limit is " + std::to_string(limit), {}};
}

class Run {
 public:
  Run(const std::shared_ptr<const Pipeline>& pipeline, const RunOptions& options, ByteSource& source, ByteSink& sink)
      : pipeline_(pipeline),
        options_(options),
        sink_(sink),
        reader_(source, options.max_record, [this] { return ended_.load(std::memory_order_relaxed); }),
        ring_(options.jobs < 2 ? 1 : 2 * size_t{options.jobs} + 2) {
    totals_.stages.resize(pipeline->stages().size());
  }

  Result<RunTotals> run();

 private:
  struct Slot {
    Batch batch;
    bool done = false;
  };

  Result<void> run_here(PipelineWorker& worker);
  Result<void> run_threads(PipelineWorker& first);
  Result<void> read_all();
  void work(PipelineWorker& worker);
  void process(PipelineWorker& worker, Batch& batch);
  bool process_line(PipelineWorker& worker, Batch& batch, const Batch::Line& line, std::string& output);
  void write(const Batch& batch);
  void report_progress();
  void add_stats(const PipelineWorker& worker);
  Slot& slot(uint64_t sequence) { return ring_[sequence % ring_.size()]; }

  std::shared_ptr<const Pipeline> pipeline_;
  const RunOptions& options_;
  ByteSink& sink_;
  RecordReader reader_;
  std::atomic<bool> ended_{false};       // nothing more is read or written: an error, or OnError::stop
  std::atomic<uint32_t> batch_size_{1};  // records
  const Clock::time_point begin_ = Clock::now();

  std::mutex mutex_;  // the counters and what is written; a batch belongs to the thread that took it
  std::condition_variable changed_;
  std::vector<Slot> ring_;
  uint64_t read_ = 0;     // batches; each counter follows the one before it
  uint64_t taken_ = 0;
  uint64_t written_ = 0;
  bool all_read_ = false;
  RunTotals totals_;
  std::optional<Error> error_;
  Clock::time_point last_progress_ = Clock::now();
};

Result<RunTotals> Run::run() {
  PipelineWorker first(pipeline_);
  if (auto failed = first.start()) {
    totals_.stopped_by = std::move(failed);
    return std::move(totals_);
  }
  Result<void> done = options_.jobs < 2 ? run_here(first) : run_threads(first);
  if (error_) return std::move(*error_);
  WPLUG_TRY(std::move(done));
  totals_.seconds = seconds_since(begin_);
  return std::move(totals_);
}

Result<void> Run::run_here(PipelineWorker& worker) {
  Batch& batch = ring_.front().batch;
  uint64_t records = 0;
  while (!ended_) {
    WPLUG_TRY_ASSIGN(const bool more, reader_.next(batch, batch_size_));
    if (!more) break;
    batch.first_record = records + 1;
    records += batch.lines.size();
    process(worker, batch);
    write(batch);
  }
  add_stats(worker);
  return {};
}

Result<void> Run::run_threads(PipelineWorker& first) {
  std::vector<std::thread> threads;
  try {
    threads.emplace_back([this, &first] { work(first); });
    for (unsigned i = 1; i < options_.jobs; ++i) {
      threads.emplace_back([this] {
        PipelineWorker worker(pipeline_);
        work(worker);
      });
    }
  } catch (const std::system_error& error) {
    // Fewer threads do the same work more slowly.
    if (threads.empty()) return Error(ErrorKind::host, std::string("no thread could be made: ") + error.what());
  }
  Result<void> done = read_all();
  {
    const std::lock_guard lock(mutex_);
    all_read_ = true;
    if (!done.ok()) ended_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
  return done;
}

Result<void> Run::read_all() {
  uint64_t records = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ended_ || read_ - written_ < ring_.size(); });
      if (ended_) return {};
    }
    // The slot is free: only this thread moves read_.
    Batch& batch = slot(read_).batch;
    WPLUG_TRY_ASSIGN(const bool more, reader_.next(batch, batch_size_));
    if (!more) return {};
    batch.first_record = records + 1;
    records += batch.lines.size();
    {
      const std::lock_guard lock(mutex_);
      ++read_;
    }
    changed_.notify_all();
  }
}

void Run::work(PipelineWorker& worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || taken_ < read_ || all_read_; });
    if (ended_ || taken_ == read_) break;
    Slot& mine = slot(taken_++);
    mine.done = false;
    lock.unlock();
    process(worker, mine.batch);
    lock.lock();
    mine.done = true;
    while (written_ < taken_ && slot(written_).done) {
      write(slot(written_).batch);
      slot(written_++).done = false;
    }
    changed_.notify_all();
  }
  add_stats(worker);
  changed_.notify_all();
}

void Run::process(PipelineWorker& worker, Batch& batch) {
  const auto begin = Clock::now();
  batch.output.clear();
  batch.errors = 0;
  batch.stopped_by.reset();
  std::string output;
  for (const Batch::Line& line : batch.lines) {
    if (!process_line(worker, batch, line, output)) return;
  }
  const double per_record = seconds_since(begin) / static_cast<double>(batch.lines.size());
  batch_size_ = static_cast<uint32_t>(std::clamp(kBatchSeconds / std::max(per_record, 1e-9), 1.0, 1.0 * kLargestBatch));
}

// False: the run ends with this record.
bool Run::process_line(PipelineWorker& worker, Batch& batch, const Batch::Line& line, std::string& output) {
  std::optional<RecordError> error;
  if (line.dropped > 0) {
    error = RecordError{"", too_long(line.dropped, options_.max_record)};
  } else {
    error = worker.process(batch.line(line), output);
  }
  if (error) {
    ++batch.errors;
    if (options_.on_error == OnError::skip) return true;
    if (options_.on_error == OnError::stop) {
      batch.stopped_by = std::move(error);
      batch.stopped_at = batch.first_record + static_cast<uint64_t>(&line - batch.lines.data());
      return false;
    }
    output = error->to_json();
  }
  batch.output += output;
  batch.output += '\n';
  return true;
}

// With the mutex held, or by the only thread.
void Run::write(const Batch& batch) {
  if (ended_) return;
  if (!batch.output.empty()) {
    if (auto wrote = sink_.write(batch.output); !wrote.ok()) {
      error_ = std::move(wrote).error();
      ended_ = true;
      return;
    }
  }
  totals_.records += batch.stopped_by ? batch.stopped_at - batch.first_record + 1 : batch.lines.size();
  totals_.errors += batch.errors;
  if (batch.stopped_by) {
    totals_.stopped_by = batch.stopped_by;
    totals_.stopped_at = batch.stopped_at;
    ended_ = true;
  }
  report_progress();
}

void Run::report_progress() {
  const auto now = Clock::now();
  if (!options_.progress || now - last_progress_ < kProgressInterval) return;
  last_progress_ = now;
  totals_.seconds = seconds_since(begin_);
  options_.progress(totals_);
}

void Run::add_stats(const PipelineWorker& worker) {
  const std::vector<StageStats> stats = worker.stats();
  for (size_t i = 0; i < stats.size(); ++i) totals_.stages[i].merge(stats[i]);
}

}  // namespace

Result<RunTotals> run_records(const std::shared_ptr<const Pipeline>& pipeline, const RunOptions& options,
                              ByteSource& source, ByteSink& sink) {
  return Run(pipeline, options, source, sink).run();
}

}  // namespace wplug
