#include "host/serve/worker_threads.h"

#include <algorithm>
#include <utility>

#include "host/json_text.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kLongestRequestId = 128;

// What is safe in a header, a log line and a shell.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestRequestId && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
  });
}

}  // namespace

void RequestIds::set(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ids_[std::this_thread::get_id()] = id;
}

std::string RequestIds::current() const {
  const std::lock_guard lock(mutex_);
  const auto found = ids_.find(std::this_thread::get_id());
  return found == ids_.end() ? "" : found->second;
}

void fill_error(WebReply& reply, int status, std::string_view kind, std::string_view message) {
  reply.status = status;
  reply.body = "{\"error\":{\"stage\":null,\"kind\":";
  append_json_string(reply.body, kind);
  reply.body += ",\"message\":";
  append_json_string(reply.body, message);
  reply.body += ",\"backtrace\":[]}}\n";
  if (status == 503) reply.headers.emplace_back("Retry-After", "1");
}

// One thread and what is its own.
class WorkerThreads::Thread : private PipelineObserver {
 public:
  explicit Thread(WorkerThreads& owner) : owner_(owner), slots_(owner.pipelines_.size()) {
    for (Slot& slot : slots_) slot.counters = std::make_unique<PipelineCounters>();
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void join() { thread_.join(); }
  const PipelineCounters& counters(size_t pipeline) const { return *slots_[pipeline].counters; }

 private:
  struct Slot {
    uint64_t number = 0;  // of the version; 0: none yet
    std::shared_ptr<Generation> generation;
    std::unique_ptr<PipelineWorker> worker;
    std::vector<StageCounters*> stages;
    std::unique_ptr<PipelineCounters> counters;
  };

  void run();
  void refresh();
  Slot& current(size_t pipeline);
  void serve(const Item& item);
  bool may_be_served(WebExchange& exchange, PipelineCounters& counters);
  void process(WebExchange& exchange, Slot& slot);
  void on_call(const StageCall& call) override;
  void begin_trace(const WebRequest& request);
  void end(WebExchange& exchange, const Slot& slot, const RecordError* error);
  void tell(const WebExchange& exchange, const Slot& slot, const RecordError* error, Clock::duration taken) const;

  WorkerThreads& owner_;
  std::vector<Slot> slots_;
  TraceIds ids_;
  // Of the request that is being served.
  Slot* slot_ = nullptr;
  std::optional<RequestTrace> trace_;
  std::string request_id_;
  std::thread thread_;
};

void WorkerThreads::Thread::run() {
  refresh();
  Item item;
  uint64_t refreshed = 0;
  while (owner_.next(item, refreshed)) {
    if (item.exchange == nullptr) {
      refresh();
    } else {
      serve(item);
    }
  }
}

void WorkerThreads::Thread::refresh() {
  for (size_t i = 0; i < slots_.size(); ++i) current(i);
}

WorkerThreads::Thread::Slot& WorkerThreads::Thread::current(size_t pipeline) {
  Slot& slot = slots_[pipeline];
  const LivePipeline& live = *owner_.pipelines_[pipeline];
  if (slot.number == live.number()) return slot;
  // The old instances go first: they may be as large as the new ones.
  slot.worker.reset();
  slot.generation = live.current();
  slot.number = slot.generation->number;
  slot.worker = std::make_unique<PipelineWorker>(slot.generation->take_worker());
  slot.stages.clear();
  for (const auto& stage : slot.generation->pipeline->stages())
    slot.stages.push_back(&slot.counters->stage(stage->name()));
  return slot;
}

void WorkerThreads::Thread::serve(const Item& item) {
  Slot& slot = current(item.pipeline);
  WebExchange& exchange = *item.exchange;
  if (may_be_served(exchange, *slot.counters)) process(exchange, slot);
  owner_.server_->answer(exchange);
}

bool WorkerThreads::Thread::may_be_served(WebExchange& exchange, PipelineCounters& counters) {
  if (exchange.abandoned()) {
    counters.abandoned.add(1);
    exchange.reply.status = 503;
    return false;
  }
  if (owner_.options_.queue_timeout.count() > 0 && Clock::now() - exchange.received > owner_.options_.queue_timeout) {
    counters.expired.add(1);
    fill_error(exchange.reply, 503, "overload", "the request waited too long for a thread; try again later");
    return false;
  }
  return true;
}

void WorkerThreads::Thread::begin_trace(const WebRequest& request) {
  trace_.reset();
  if (owner_.exporter_ == nullptr) return;
  const auto parent = parse_trace_parent(request.header("traceparent"));
  const bool sampled = parent && owner_.options_.trust_parent ? parent->sampled : ids_.choose(owner_.options_.sample);
  if (sampled) trace_.emplace(ids_, parent, request.header("tracestate"));
}

void WorkerThreads::Thread::process(WebExchange& exchange, Slot& slot) {
  const std::string_view given = exchange.request.header("x-request-id");
  request_id_ = is_request_id(given) ? std::string(given) : ids_.span_id();
  if (owner_.options_.request_ids != nullptr) owner_.options_.request_ids->set(request_id_);
  begin_trace(exchange.request);
  slot_ = &slot;
  std::optional<RecordError> error = slot.worker->process(exchange.request.body(), exchange.reply.body, this);
  slot_ = nullptr;
  WebReply& reply = exchange.reply;
  reply.headers = slot.worker->headers();
  if (error) {
    reply.status = http_status(error->failure.kind);
    reply.body = error->to_json();
    if (reply.status == 503) reply.headers.emplace_back("Retry-After", "1");
  }
  reply.body += '\n';
  reply.headers.emplace_back("X-Request-Id", request_id_);
  if (trace_) reply.headers.emplace_back("traceparent", trace_->context().to_string());
  end(exchange, slot, error ? &*error : nullptr);
}

void WorkerThreads::Thread::on_call(const StageCall& call) {
  slot_->stages[call.stage]->add(call);
  if (trace_) trace_->add_call(slot_->generation->pipeline->stages()[call.stage]->name(), call);
}

void WorkerThreads::Thread::end(WebExchange& exchange, const Slot& slot, const RecordError* error) {
  const auto taken = Clock::now() - exchange.received;
  slot.counters->requests.add(1);
  slot.counters->timings.add(taken);
  if (error != nullptr && error->stage.empty()) slot.counters->errors[static_cast<size_t>(error->failure.kind)].add(1);
  if (trace_) {
    owner_.exporter_->add(
        trace_->finish(slot.generation->name, request_id_, exchange.reply.status, error, exchange.received));
  }
  if (owner_.options_.access_log && owner_.options_.log) tell(exchange, slot, error, taken);
}

void WorkerThreads::Thread::tell(const WebExchange& exchange, const Slot& slot, const RecordError* error,
                                 Clock::duration taken) const {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
  std::string line =
      "{\"event\":\"request\",\"request_id\":" + json_string(request_id_) +
      ",\"pipeline\":" + json_string(slot.generation->name) + ",\"generation\":" + std::to_string(slot.number) +
      ",\"status\":" + std::to_string(exchange.reply.status) + ",\"us\":" + std::to_string(microseconds) +
      ",\"bytes_in\":" + std::to_string(exchange.request.body().size()) +
      ",\"bytes_out\":" + std::to_string(exchange.reply.body.size());
  if (trace_) line += ",\"trace_id\":" + json_string(trace_->context().trace_id);
  if (error != nullptr) {
    line += ",\"stage\":" + (error->stage.empty() ? "null" : json_string(error->stage)) +
            ",\"kind\":" + json_string(to_string(error->failure.kind)) +
            ",\"message\":" + json_string(error->failure.message);
  }
  owner_.options_.log(line + "}");
}

WorkerThreads::WorkerThreads(WorkerOptions options, std::span<const std::unique_ptr<LivePipeline>> pipelines,
                             TraceExporter* exporter)
    : options_(std::move(options)), pipelines_(pipelines), exporter_(exporter), ring_(std::max(options_.queue, 1u)) {
  for (unsigned i = 0; i < std::max(options_.jobs, 1u); ++i) threads_.push_back(std::make_unique<Thread>(*this));
  for (const auto& thread : threads_) thread->start();
}

WorkerThreads::~WorkerThreads() { stop(); }

void WorkerThreads::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (ends_) return;
    ends_ = true;
    for (; size_ > 0; --size_, begin_ = (begin_ + 1) % ring_.size()) {
      WebExchange& exchange = *ring_[begin_].exchange;
      fill_error(exchange.reply, 503, "overload", "the server ends");
      server_->answer(exchange);
    }
  }
  changed_.notify_all();
  for (const auto& thread : threads_) thread->join();
}

bool WorkerThreads::submit(WebExchange& exchange, size_t pipeline) {
  bool wakes;
  {
    const std::lock_guard lock(mutex_);
    if (size_ == ring_.size() || ends_) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    ring_[(begin_ + size_++) % ring_.size()] = {&exchange, pipeline};
    queued_.store(size_, std::memory_order_relaxed);
    wakes = sleeping_ > 0;
  }
  if (wakes) changed_.notify_one();
  return true;
}

void WorkerThreads::refresh() {
  {
    const std::lock_guard lock(mutex_);
    ++refreshes_;
  }
  changed_.notify_all();
}

// False: the thread ends. An item without an exchange: there are new versions.
bool WorkerThreads::next(Item& item, uint64_t& refreshed) {
  std::unique_lock lock(mutex_);
  if (item.exchange != nullptr) busy_.fetch_sub(1, std::memory_order_relaxed);
  item = {};
  while (!ends_ && size_ == 0 && refreshed == refreshes_) {
    ++sleeping_;
    changed_.wait(lock);
    --sleeping_;
  }
  if (ends_) return false;
  if (refreshed != refreshes_) {
    refreshed = refreshes_;
    return true;
  }
  item = ring_[begin_];
  begin_ = (begin_ + 1) % ring_.size();
  queued_.store(--size_, std::memory_order_relaxed);
  busy_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::vector<const PipelineCounters*> WorkerThreads::counters(size_t pipeline) const {
  std::vector<const PipelineCounters*> all;
  for (const auto& thread : threads_) all.push_back(&thread->counters(pipeline));
  return all;
}

}  // namespace wplug
