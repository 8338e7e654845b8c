#include "host/serve/serve_trace.h"

#include <algorithm>

#include <fcntl.h>

#include "host/json_text.h"
#include "host/url.h"

namespace wplug {
namespace {

constexpr size_t kMostWaiting = 20'000;  // spans
constexpr size_t kBatch = 512;
constexpr std::chrono::milliseconds kGather{500};
constexpr std::chrono::seconds kSendTime{5};

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }
bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// One attribute after another, as OTLP has them.
class Attributes {
 public:
  void text(std::string_view key, std::string_view value) {
    begin(key);
    text_ += "{\"stringValue\":";
    append_json_string(text_, value);
    text_ += "}}";
  }
  // Numbers of 64 bits are strings in OTLP's JSON.
  void number(std::string_view key, uint64_t value) {
    begin(key);
    text_ += "{\"intValue\":\"" + std::to_string(value) + "\"}}";
  }
  void truth(std::string_view key, bool value) {
    begin(key);
    text_ += std::string("{\"boolValue\":") + (value ? "true" : "false") + "}}";
  }
  std::string take() { return "[" + text_ + "]"; }

 private:
  void begin(std::string_view key) {
    if (!text_.empty()) text_ += ',';
    text_ += "{\"key\":";
    append_json_string(text_, key);
    text_ += ",\"value\":";
  }
  std::string text_;
};

struct SpanText {
  const TraceParent& context;
  std::string_view span_id, parent, state, name;
  int kind;  // 1: internal, 2: server
  std::chrono::system_clock::time_point begin, end;
  std::string attributes;
  const Failure* failure;
};

std::string nanoseconds(std::chrono::system_clock::time_point time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

std::string to_json(const SpanText& span) {
  std::string out = "{\"traceId\":\"" + span.context.trace_id + "\",\"spanId\":\"" + std::string(span.span_id) + "\"";
  if (!span.parent.empty()) out += ",\"parentSpanId\":\"" + std::string(span.parent) + "\"";
  if (!span.state.empty()) out += ",\"traceState\":" + json_string(span.state);
  out += ",\"name\":" + json_string(span.name) + ",\"kind\":" + std::to_string(span.kind);
  out += ",\"startTimeUnixNano\":\"" + nanoseconds(span.begin) + "\",\"endTimeUnixNano\":\"" + nanoseconds(span.end) +
         "\"";
  out += ",\"attributes\":" + span.attributes;
  if (span.failure != nullptr) {
    out += ",\"status\":{\"code\":2,\"message\":" + json_string(span.failure->message) + "}";
  } else {
    out += ",\"status\":{}";
  }
  return out + "}";
}

}  // namespace

std::string TraceParent::to_string() const { return "00-" + trace_id + "-" + span_id + (sampled ? "-01" : "-00"); }

std::optional<TraceParent> parse_trace_parent(std::string_view text) {
  constexpr size_t kSize = 55;
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32), span = text.substr(36, 16),
                         flags = text.substr(53, 2);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(flags) || version == "ff") return std::nullopt;
  if (is_zero(trace) || is_zero(span)) return std::nullopt;
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return std::nullopt;
  const int low = flags[1] >= 'a' ? flags[1] - 'a' + 10 : flags[1] - '0';
  return TraceParent{std::string(trace), std::string(span), (low & 1) != 0};
}

bool is_trace_state(std::string_view text) {
  return !text.empty() && text.size() <= 512 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

TraceIds::TraceIds() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
  random_.seed(seed);
}

std::string TraceIds::hex(int words) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < words; ++i) {
    uint64_t word = random_();
    if (word == 0) word = 1;
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 15];
  }
  return text;
}

bool TraceIds::choose(double share) {
  if (share <= 0) return false;
  return share >= 1 || std::uniform_real_distribution<double>(0, 1)(random_) < share;
}

RequestTrace::RequestTrace(TraceIds& ids, const std::optional<TraceParent>& parent, std::string_view state)
    : ids_(ids), steady_(std::chrono::steady_clock::now()), system_(std::chrono::system_clock::now()) {
  context_.trace_id = parent ? parent->trace_id : ids.trace_id();
  context_.span_id = ids.span_id();
  context_.sampled = true;
  if (parent) parent_span_ = parent->span_id;
  if (parent && is_trace_state(state)) state_ = state;
}

void RequestTrace::add_call(const std::string& stage, const StageCall& call) {
  const auto wall = [this](std::chrono::steady_clock::time_point at) {
    return system_ + std::chrono::duration_cast<std::chrono::system_clock::duration>(at - steady_);
  };
  Attributes attributes;
  attributes.text("wplug.stage", stage);
  attributes.number("wplug.instructions", call.usage.instructions);
  attributes.number("wplug.peak_memory", call.usage.peak_memory);
  attributes.number("wplug.host_calls", call.usage.host_calls);
  attributes.number("wplug.input_bytes", call.usage.input_bytes);
  attributes.number("wplug.output_bytes", call.usage.output_bytes);
  if (call.started) attributes.truth("wplug.started", true);
  if (call.failure != nullptr) attributes.text("error.type", wplug::to_string(call.failure->kind));
  const std::string id = ids_.span_id();
  calls_.push_back(to_json({context_, id, context_.span_id, state_, "stage " + stage, 1, wall(call.begin),
                            wall(call.end), attributes.take(), call.failure}));
}

std::vector<std::string> RequestTrace::finish(const std::string& pipeline, std::string_view request_id, int status,
                                              const RecordError* error, std::chrono::steady_clock::time_point begin) {
  Attributes attributes;
  attributes.text("wplug.pipeline", pipeline);
  attributes.text("http.request.method", "POST");
  attributes.number("http.response.status_code", static_cast<uint64_t>(status));
  attributes.text("wplug.request_id", request_id);
  if (error != nullptr) attributes.text("error.type", wplug::to_string(error->failure.kind));
  const auto began = system_ - std::chrono::duration_cast<std::chrono::system_clock::duration>(steady_ - begin);
  const auto taken = std::chrono::steady_clock::now() - begin;
  std::vector<std::string> all;
  all.push_back(to_json({context_, context_.span_id, parent_span_, state_, "POST " + pipeline, 2, began,
                         began + std::chrono::duration_cast<std::chrono::system_clock::duration>(taken),
                         attributes.take(), error != nullptr ? &error->failure : nullptr}));
  for (std::string& call : calls_) all.push_back(std::move(call));
  return all;
}

Result<std::unique_ptr<TraceExporter>> TraceExporter::create(const TraceOptions& options) {
  std::unique_ptr<TraceExporter> exporter(new TraceExporter(options));
  if (!options.file.empty()) {
    exporter->file_ = OwnedFd(::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (exporter->file_.get() < 0) return Error(ErrorKind::host, options.file + ": cannot be opened for spans");
  }
  if (!options.endpoint.empty()) {
    const auto url = parse_url(options.endpoint);
    if (!url)
      return Error(ErrorKind::misuse,
                   options.endpoint + ": must be an http or https URL, as http://127.0.0.1:4318/v1/traces");
    // The operator named this host; a private address is what a collector usually has.
    exporter->policy_.plugin = "traces";
    WPLUG_TRY(exporter->policy_.granted.add("http:" + url->host));
    exporter->http_ = make_http_client();
  }
  exporter->thread_ = std::thread([self = exporter.get()] { self->run(); });
  return exporter;
}

TraceExporter::~TraceExporter() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TraceExporter::add(std::vector<std::string> spans) {
  bool full_batch;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + spans.size() > kMostWaiting) {
      stats_.dropped.fetch_add(spans.size(), std::memory_order_relaxed);
      return;
    }
    for (std::string& span : spans) waiting_.push_back(std::move(span));
    full_batch = waiting_.size() >= kBatch;
  }
  if (full_batch) changed_.notify_all();
}

void TraceExporter::run() {
  for (bool last = false; !last;) {
    std::vector<std::string> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kGather, [this] { return ends_ || waiting_.size() >= kBatch; });
      last = ends_;
      batch.swap(waiting_);
    }
    if (batch.empty()) continue;
    if (file_.get() >= 0) write(batch);
    if (http_) send(batch);
  }
}

void TraceExporter::write(const std::vector<std::string>& spans) {
  std::string lines;
  for (const std::string& span : spans) (lines += span) += '\n';
  auto& counter = FdSink(file_.get(), options_.file).write(lines).ok() ? stats_.exported : stats_.failed;
  counter.fetch_add(spans.size(), std::memory_order_relaxed);
}

void TraceExporter::send(const std::vector<std::string>& spans) {
  std::string body = R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":)" +
                     json_string(options_.service) + R"(}}]},"scopeSpans":[{"scope":{"name":"wplug"},"spans":[)";
  for (size_t i = 0; i < spans.size(); ++i) (body += i > 0 ? "," : "") += spans[i];
  body += "]}]}]}";
  HttpRequest request;
  request.method = "POST";
  request.url = options_.endpoint;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.policy = &policy_;
  request.deadline = std::chrono::steady_clock::now() + kSendTime;
  request.truncate = true;
  const HttpReply reply = http_->send(request);
  const bool taken = reply.outcome == HttpOutcome::ok && reply.status >= 200 && reply.status < 300;
  (taken ? stats_.exported : stats_.failed).fetch_add(spans.size(), std::memory_order_relaxed);
}

}  // namespace wplug
