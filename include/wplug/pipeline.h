// Pipelines: plugins in a row, records through them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/plugin.h"

namespace wplug {

class ModuleCache;

struct StageConfig {
  std::string plugin;   // path of a module or of a folder with plugin.toml, installed name, or sha256:…
  std::string abi;      // empty: told from the module
  PluginOptions options;
  bool native = false;  // plugin may be a native one (native_plugin.h), which runs without a sandbox
  std::string location;  // "file:line:column" of the stage, for messages
  RedactionConfig redaction;
  // Where the values of options.config stand, by JSON pointer ("/a/0"): "file:line:column".
  std::map<std::string, std::string, std::less<>> config_locations;
};

struct PipelineConfig {
  std::string name;
  std::string directory;  // relative plugin paths start here
  std::vector<StageConfig> stages;
  std::map<std::string, Budget, std::less<>> tenants;
};

// Reads a pipeline from TOML. `file` is named in messages and its folder is where relative paths start. Errors: misuse,
// as `file:line:column: what is wrong`.
Result<PipelineConfig> parse_pipeline(std::string_view text, const std::string& file);
Result<PipelineConfig> read_pipeline(const std::string& file);
// The account of a tenant of the file. Errors misuse: there is no such tenant, with those that there are.
Result<std::shared_ptr<Account>> tenant_account(const PipelineConfig& config, const std::string& name);

// A record that did not get through.
struct RecordError {
  std::string stage;  // empty: no stage, the record itself
  Failure failure;
  // `{"error":{"stage":…,"kind":…,"message":…,"backtrace":[…]}}`
  std::string to_json() const;
};

// Latencies in buckets of at most 3 % width; the largest is exact.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds latency);
  void merge(const LatencyHistogram& other);
  // The latency that `fraction` of all do not exceed, rounded up to its bucket's end; 0 when there are none.
  std::chrono::nanoseconds quantile(double fraction) const;
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }

 private:
  static constexpr int kSubBits = 5;  // 32 buckets to a power of two
  static size_t bucket_of(uint64_t nanoseconds);
  static uint64_t bucket_end(size_t bucket);
  std::array<uint64_t, (64 - kSubBits + 1) << kSubBits> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

struct StageStats {
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t instructions = 0;
  uint64_t peak_memory = 0;  // bytes, of the largest instance
  LatencyHistogram latency;
  Usage usage;  // of calls that an instance was there for
  void merge(const StageStats& other);
};

// Where a stage's plugin came from.
struct StageOrigin {
  std::string file;      // of the module
  std::string manifest;  // empty: it has none
  std::string version;   // as its manifest says
};

// Immutable after loading, shared by all threads.
class Pipeline {
 public:
  // Finds, compiles (each file once) and checks every stage's plugin. `cache`: modules that several pipelines share, made
  // for the same engine; null: this one keeps its own. Errors: as of Module::compile and Plugin::load, the message begins
  // with the stage; host when a file cannot be read.
  static Result<std::shared_ptr<const Pipeline>> load(const Engine& engine, PipelineConfig config,
                                                      std::span<const PluginAbi* const> abis,
                                                      const HostServices& services,
                                                      ModuleCache* cache = nullptr);
  // From plugins that are loaded already.
  static std::shared_ptr<const Pipeline> of(std::string name, std::vector<std::shared_ptr<const Plugin>> stages);

  const std::string& name() const { return name_; }
  const std::vector<std::shared_ptr<const Plugin>>& stages() const { return stages_; }
  // One for each stage; none for plugins that were loaded elsewhere.
  const std::vector<StageOrigin>& origins() const { return origins_; }

 private:
  std::string name_;
  std::vector<StageOrigin> origins_;
  std::vector<std::shared_ptr<const Plugin>> stages_;
};

// One call of a stage, for those who watch.
struct StageCall {
  size_t stage = 0;                  // in Pipeline::stages
  const Failure* failure = nullptr;  // null: it worked
  std::chrono::steady_clock::time_point begin, end;  // with making an instance where there was none
  bool started = false;              // an instance was made for it
  Usage usage;                       // of the plugin's call; zeros when there was none
};

// Told of every call of a stage by the thread that made it, behind the call. Must not throw.
class PipelineObserver {
 public:
  virtual ~PipelineObserver() = default;
  virtual void on_call(const StageCall& call) = 0;
};

class InstancePool;

// A thread's share of a pipeline: for each stage an instance that is kept between records. One thread at a time.
class PipelineWorker {
 public:
  explicit PipelineWorker(std::shared_ptr<const Pipeline> pipeline);
  PipelineWorker(PipelineWorker&&) noexcept;
  ~PipelineWorker();

  // Makes the instances now instead of with the first record.
  std::optional<RecordError> start();
  // Makes the instances and asks each whether it is fit for work, where its ABI has such a call.
  std::optional<RecordError> check_health();
  // Sends one record through all stages; the result is one line without its end.
  std::optional<RecordError> process(std::string_view record, std::string& output, PipelineObserver* observer = nullptr);
  // Of the last record: the headers that its plugins set for a response, each name once; a later stage's replaces an
  // earlier one's.
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
  // One for each stage.
  std::vector<StageStats> stats() const;

 private:
  std::shared_ptr<const Pipeline> pipeline_;
  std::optional<Failure> call(size_t stage, const std::string& input, PipelineObserver* observer);
  void add_headers(const std::vector<std::pair<std::string, std::string>>& headers);
  std::vector<std::unique_ptr<InstancePool>> pools_;
  std::string scratch_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

// Where records come from and go to.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Some bytes, waiting for them; 0 at the end, or soon after `cancelled` becomes true.
  virtual Result<size_t> read(std::span<char> buffer, const std::function<bool()>& cancelled) = 0;
};
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
};

enum class OnError : uint8_t { emit, stop, skip };

struct RunTotals {
  uint64_t records = 0;
  uint64_t errors = 0;
  double seconds = 0;
  std::vector<StageStats> stages;
  // What ended the run early: with OnError::stop the first failure; or a stage that could not be started.
  std::optional<RecordError> stopped_by;
  uint64_t stopped_at = 0;  // the number of its record, from 1; 0: none was read
};

struct RunOptions {
  unsigned jobs = 1;
  OnError on_error = OnError::emit;
  uint64_t max_record = uint64_t{64} << 20;  // bytes of one line
  // Called now and then while records go through; never by two threads at once.
  std::function<void(const RunTotals& so_far)> progress;
};

// Reads one JSON record a line until the end of `source` and writes one line for each, in order, whatever the number of
// jobs; memory stays bounded. Every stage is started once before the first record is read. Errors: host (reading, writing).
Result<RunTotals> run_records(const std::shared_ptr<const Pipeline>& pipeline, const RunOptions& options,
                              ByteSource& source, ByteSink& sink);

}  // namespace wplug
