// `wplug serve`: pipelines behind HTTP, until a signal ends it.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <ctime>
#include <mutex>
#include <thread>

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/files.h"
#include "host/json_text.h"
#include "host/log.h"
#include "host/service_set.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "wplug/abis.h"
#include "wplug/server.h"

namespace wplug {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kMostThreads = 256;

struct ServeCommand {
  ServerOptions options;
  EngineOptions engine;
  std::string log = "text";
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every address), "8080" (this machine only).
Result<void> parse_listen(const std::string& text, ServerOptions& options) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  std::string address = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return Error(ErrorKind::misuse, "\"" + text + "\" must be ADDRESS:PORT, as 127.0.0.1:8080, [::1]:8080 or :8080");
  }
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  options.address = address.empty() ? "0.0.0.0" : address == "localhost" ? "127.0.0.1" : address;
  return {};
}

Result<void> read_token(const std::string& file, std::string& token) {
  constexpr size_t kLeast = 16, kMost = 4096;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, kMost));
  token.assign(bytes.begin(), bytes.end());
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (token.size() >= kLeast && visible) return {};
  return Error(ErrorKind::misuse, file + ": must hold one line of at least 16 visible characters");
}

// Writes an option's value through the readers that are there for optional ones.
template <class To, class Read>
Arguments::Reader into(To& to, Read read) {
  return [&to, read](const std::string& text) -> Result<void> {
    std::optional<To> value;
    WPLUG_TRY(read(value)(text));
    if (value) to = *value;
    return {};
  };
}

Arguments::Reader size_into(uint64_t& to, uint64_t least, uint64_t most) {
  return into(to, [least, most](auto& value) { return read_size_into(value, least, most); });
}

Arguments::Reader time_into(std::chrono::nanoseconds& to) {
  return into(to, [](auto& value) { return read_duration_into(value); });
}

template <class To>
Arguments::Reader count_into(To& to, uint64_t least, uint64_t most) {
  return [&to, least, most](const std::string& text) -> Result<void> {
    std::optional<uint64_t> count;
    WPLUG_TRY(read_count_into(count)(text));
    if (*count < least || *count > most) {
      return Error(ErrorKind::misuse, fmt::format("must lie between {} and {}", least, most));
    }
    to = static_cast<To>(*count);
    return {};
  };
}

Result<void> read_share(const std::string& text, double& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error == std::errc() && end == text.data() + text.size() && to >= 0 && to <= 1) return {};
  return Error(ErrorKind::misuse,
               "\"" + text + "\" must be a number from 0 to 1, as 0.01 for one request in a hundred");
}

void add_limits(Arguments& arguments, ServerOptions& options) {
  arguments.group("Limits");
  arguments.option("--max-header", "SIZE", "request line and header; default: 16KiB",
                   size_into(options.header_bytes, 256, kGiB / 1024));
  arguments.option("--max-body", "SIZE", "body of a request; default: 1MiB", size_into(options.body_bytes, 0, kGiB));
  arguments.option("--max-buffered", "SIZE", "bodies of all requests that are not answered; default: 256MiB",
                   size_into(options.buffered_bytes, 0, 1024 * kGiB));
  arguments.option("--max-connections", "N", "open connections; default: 16384",
                   count_into(options.connections, 1, 1'000'000));
  arguments.option("--queue", "N", "requests that wait for a thread; default: 1024",
                   count_into(options.queue, 1, 1'000'000));
  arguments.option("--queue-timeout", "TIME", "for which they wait; default: 10s", time_into(options.queue_timeout));
  arguments.option("--header-timeout", "TIME", "for a whole header; default: 10s", time_into(options.header_timeout));
  arguments.option("--body-timeout", "TIME", "for a whole body; default: 30s", time_into(options.body_timeout));
  arguments.option("--idle-timeout", "TIME", "between requests of a connection; default: 1m",
                   time_into(options.idle_timeout));
  arguments.option("--write-timeout", "TIME", "for a client that takes nothing of its answer; default: 30s",
                   time_into(options.write_timeout));
}

void add_reloading(Arguments& arguments, ServerOptions& options) {
  arguments.group("Reloading");
  arguments.option("--poll", "TIME", "how often files are looked at, beside inotify; default: 2s",
                   time_into(options.poll));
  arguments.option("--token-file", "FILE", "allows POST /v1/reload to whoever has the token in it",
                   [&options](const std::string& file) { return read_token(file, options.token); });
}

void add_watching(Arguments& arguments, ServeCommand& command) {
  TraceOptions& trace = command.options.trace;
  arguments.group("Logs and traces");
  arguments.choice("--log", {"text", "json"}, "how logs are written to stderr; default: text", command.log);
  arguments.flag("--access-log", "a line for each request", command.options.access_log);
  arguments.option("--trace-file", "FILE", "append spans, a JSON object a line", trace.file);
  arguments.option("--trace-endpoint", "URL", "send spans by OTLP over HTTP, as http://127.0.0.1:4318/v1/traces",
                   trace.endpoint);
  arguments.option("--trace-sample", "SHARE", "of requests without traceparent that are traced, 0 to 1; default: 0",
                   [&trace](const std::string& text) { return read_share(text, trace.sample); });
}

// Lines on stderr: of plugins and of the server.
class ServeLog : public LogSink {
 public:
  explicit ServeLog(bool json) : json_(json) {}
  void write(std::string_view plugin, std::string_view text) override {
    if (!json_) return plain_.write(plugin, text);
    event("{\"event\":\"log\",\"stage\":" + json_string(plugin) + ",\"request_id\":" + json_string(ids.current()) +
          ",\"message\":" + json_string(text) + "}");
  }
  // One JSON object.
  void event(std::string_view object) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    char time[32];
    const size_t size = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string line = fmt::format("{{\"time\":\"{}.{:03}Z\",{}\n", std::string_view(time, size),
                                         now.tv_nsec / 1'000'000, object.substr(1));
    const std::lock_guard lock(mutex_);
    (void)FdSink(STDERR_FILENO, "log").write(line).ok();
  }
  RequestIds ids;

 private:
  const bool json_;
  FdLog plain_{STDERR_FILENO};
  std::mutex mutex_;
};

// As many descriptors as the system lets us have: each connection is one.
void raise_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&set, signal);
  return set;
}

// Until the server has ended, which SIGUSR1 from its own thread tells.
void obey_signals(Server& server, const ServeCommand& command, const std::atomic<bool>& ended) {
  const sigset_t set = signals();
  bool drains = false;
  while (!ended) {
    int signal = 0;
    if (::sigwait(&set, &signal) != 0) continue;
    if (signal == SIGHUP) server.reload();
    if (signal != SIGTERM && signal != SIGINT) continue;
    server.drain(drains ? std::chrono::nanoseconds(0) : command.drain);
    drains = true;
  }
}

int serve(const ServeCommand& command, ServeLog& log) {
  auto engine = Engine::create(command.engine.config());
  if (!engine.ok()) return usage_error("serve", engine.error().message());
  const ServiceSet services(&log, environment());
  auto server = Server::create(*engine, command.options, plugin_abis(), services.services());
  if (!server.ok()) return report("", server.error());
  const std::string address = command.options.address.find(':') != std::string::npos
                                  ? "[" + command.options.address + "]"
                                  : command.options.address;
  log.event(fmt::format("{{\"event\":\"listening\",\"url\":{},\"threads\":{}}}",
                        json_string(fmt::format("http://{}:{}", address, (*server)->port())), command.options.jobs));
  std::atomic<bool> ended{false};
  const pthread_t main_thread = ::pthread_self();
  std::thread thread([&] {
    (*server)->run();
    ended = true;
    ::pthread_kill(main_thread, SIGUSR1);
  });
  obey_signals(**server, command, ended);
  thread.join();
  log.event("{\"event\":\"ended\"}");
  return kExitOk;
}

}  // namespace

int serve_command(CommandArguments arguments) {
  ServeCommand command;
  ServerOptions& options = command.options;
  options.jobs = std::clamp(std::thread::hardware_concurrency(), 1u, static_cast<unsigned>(kMostThreads));
  Arguments parser("serve", "serve PIPELINE… [options]",
                   "Answers HTTP requests with pipelines, and reloads their plugins live.");
  parser.positionals("PIPELINE", "pipeline files (.toml); POST / is the first one", options.pipelines);
  parser.option("--listen", "ADDR", "ADDRESS:PORT; default: 127.0.0.1:8080; port 0: one that is free",
                [&options](const std::string& text) { return parse_listen(text, options); });
  parser.option("--jobs", "N", "threads that call plugins; default: one for each core",
                count_into(options.jobs, 1, kMostThreads));
  parser.option("--drain", "TIME", "for which SIGTERM lets requests finish; default: 30s", time_into(command.drain));
  add_limits(parser, options);
  add_reloading(parser, options);
  bool no_watch = false;
  parser.flag("--no-watch", "reload on SIGHUP and POST /v1/reload only", no_watch);
  add_watching(parser, command);
  command.engine.add_to(parser);
  parser.footer("SIGHUP reloads, SIGTERM ends. Routes, statuses and metrics: docs/serve.md.");
  if (const auto code = parser.parse(std::move(arguments))) return *code;
  options.watch = !no_watch;
  if (options.poll < std::chrono::milliseconds(10)) return usage_error("serve", "--poll: must be at least 10ms");

  raise_descriptors();
  const sigset_t set = signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ServeLog log(command.log == "json");
  options.log = [&log](std::string_view object) { log.event(object); };
  if (command.log == "json") options.request_ids = &log.ids;
  return serve(command, log);
}

}  // namespace wplug
