// One record through all stages.
#include <algorithm>

#include "host/json_text.h"
#include "host/pool.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

Failure json_failure(FailureKind kind, std::string_view whose, const JsonProblem& problem) {
  return {kind, std::string(whose) + " is not JSON: byte " + std::to_string(problem.offset) + ": " + problem.what, {}};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Names of headers, in any case.
bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// A text without its last line end as a JSON string.
std::string text_as_json(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return json_string(text);
}

}  // namespace

std::string RecordError::to_json() const {
  std::string out = "{\"error\":{\"stage\":";
  if (stage.empty()) {
    out += "null";
  } else {
    append_json_string(out, stage);
  }
  out += ",\"kind\":";
  append_json_string(out, to_string(failure.kind));
  out += ",\"message\":";
  append_json_string(out, failure.message);
  out += ",\"backtrace\":[";
  for (size_t i = 0; i < failure.backtrace.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, failure.backtrace[i]);
  }
  return out + "]}}";
}

PipelineWorker::PipelineWorker(std::shared_ptr<const Pipeline> pipeline) : pipeline_(std::move(pipeline)) {
  for (const auto& stage : pipeline_->stages()) pools_.push_back(std::make_unique<InstancePool>(stage));
}
PipelineWorker::PipelineWorker(PipelineWorker&&) noexcept = default;
PipelineWorker::~PipelineWorker() = default;

std::optional<RecordError> PipelineWorker::start() {
  for (size_t i = 0; i < pools_.size(); ++i) {
    if (auto failure = pools_[i]->prepare()) {
      return RecordError{pipeline_->stages()[i]->name(), std::move(*failure)};
    }
  }
  return std::nullopt;
}

std::optional<RecordError> PipelineWorker::check_health() {
  for (size_t i = 0; i < pools_.size(); ++i) {
    if (auto failure = pools_[i]->check_health()) {
      return RecordError{pipeline_->stages()[i]->name(), std::move(*failure)};
    }
  }
  return std::nullopt;
}

void PipelineWorker::add_headers(const std::vector<std::pair<std::string, std::string>>& headers) {
  for (const auto& header : headers) {
    const auto same = std::find_if(headers_.begin(), headers_.end(),
                                   [&](const auto& known) { return same_name(known.first, header.first); });
    if (same == headers_.end()) {
      headers_.push_back(header);
    } else {
      *same = header;
    }
  }
}

// One stage's call; its result, which is JSON, is in scratch_.
std::optional<Failure> PipelineWorker::call(size_t stage, const std::string& input, PipelineObserver* observer) {
  InstancePool& pool = *pools_[stage];
  StageCall call;
  if (observer != nullptr) call.begin = std::chrono::steady_clock::now();
  std::optional<Failure> failure = pool.call(input, scratch_);
  if (!failure) {
    const auto problem = find_json_problem(scratch_);
    if (problem && pipeline_->stages()[stage]->abi().gives_text()) {
      scratch_ = text_as_json(scratch_);
    } else if (problem) {
      failure = json_failure(FailureKind::output, "the result", *problem);
      pool.count_error();
    }
  }
  if (!pool.last_headers().empty()) add_headers(pool.last_headers());
  if (observer != nullptr) {
    call.end = std::chrono::steady_clock::now();
    call.stage = stage;
    call.failure = failure ? &*failure : nullptr;
    call.started = pool.last_started();
    call.usage = pool.last_usage();
    observer->on_call(call);
  }
  return failure;
}

std::optional<RecordError> PipelineWorker::process(std::string_view record, std::string& output,
                                                   PipelineObserver* observer) {
  headers_.clear();
  if (record.find_first_not_of(" \t\r") == std::string_view::npos) {
    return RecordError{"", {FailureKind::input, "the record is empty", {}}};
  }
  if (const auto problem = find_json_problem(record)) {
    return RecordError{"", json_failure(FailureKind::input, "the record", *problem)};
  }
  output.assign(record);
  for (size_t i = 0; i < pools_.size(); ++i) {
    if (auto failure = call(i, output, observer)) return RecordError{pipeline_->stages()[i]->name(), std::move(*failure)};
    output.swap(scratch_);
  }
  // In JSON a line end is only ever a blank between tokens, so a result on several lines becomes one.
  std::replace_if(output.begin(), output.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return std::nullopt;
}

std::vector<StageStats> PipelineWorker::stats() const {
  std::vector<StageStats> result;
  for (const auto& pool : pools_) result.push_back(pool->stats());
  return result;
}

}  // namespace wplug
