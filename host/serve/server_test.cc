// Servers and reloading with plugins that are C++ functions; tests/serve has real ones.
#include "wplug/server.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/fake_abi_test.h"
#include "host/serve/live_pipeline.h"
#include "host/serve/web_client_test.h"
#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

using test::Client;
using test::post;
using test::Reply;

// An empty module; `mark` makes it another one.
std::string module_bytes(char mark) { return std::string("\0asm\1\0\0\0\0\2\1", 11) + mark; }

// A folder with p.toml of one stage, its module, and what is needed to load it.
struct Site {
  explicit Site(FakeAbi::Behaviour behaviour = echo) : abi(std::move(behaviour)) {
    module('a');
    pipeline("");
  }
  void module(char mark) const { folder.write("m.wasm", module_bytes(mark)); }
  void pipeline(const std::string& more) const {
    folder.write("p.toml", more + "[[stage]]\nname = \"s\"\nplugin = \"./m.wasm\"\n");
  }
  std::string file() const { return folder.name() + "/p.toml"; }

  TestFolder folder;
  FakeAbi abi;
  const PluginAbi* abis[1] = {&abi};
  HostServices services;
  Engine engine = *Engine::create();
  ModuleCache cache{engine};
  ServeContext context{engine, cache, abis, services, 2};
};

class Running {
 public:
  Running(const Site& site, ServerOptions options = {}) {
    options.port = 0;
    options.watch = false;
    if (options.pipelines.empty()) options.pipelines = {site.file()};
    options.on_reload = [this](const ReloadEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
    auto made = Server::create(site.engine, std::move(options), site.abis, site.services);
    if (!made.ok()) FAIL(made.error().message());
    server_ = std::move(*made);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~Running() {
    server_->drain(std::chrono::nanoseconds(0));
    thread_.join();
  }
  Client connect() const { return Client(server_->port()); }
  ReloadEvent reload() {
    std::unique_lock lock(mutex_);
    events_.clear();
    server_->reload();
    changed_.wait(lock, [this] { return !events_.empty(); });
    return events_.front();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReloadEvent> events_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_CASE("a pipeline file becomes a version, and one with other contents the next") {
  Site site;
  auto live = LivePipeline::open(site.context, site.file());
  REQUIRE(live.ok());
  LivePipeline& pipeline = **live;
  CHECK(pipeline.name() == "p");
  CHECK(pipeline.current()->number == 1);
  CHECK(site.abi.starts == 2);  // one for each thread
  CHECK(pipeline.reload()->outcome == ReloadOutcome::unchanged);
  site.module('b');
  CHECK(pipeline.reload()->outcome == ReloadOutcome::loaded);
  CHECK(pipeline.current()->number == 2);
  site.pipeline("[limits]\ntimeout = \"1s\"\n");
  CHECK(pipeline.reload()->generation == 3);
  CHECK(pipeline.reloads(ReloadOutcome::loaded) == 2);
}

TEST_CASE("what cannot be a version is rejected and says why") {
  Site site;
  auto live = LivePipeline::open(site.context, site.file());
  REQUIRE(live.ok());
  LivePipeline& pipeline = **live;
  const auto rejected = [&](const char* words) {
    const auto event = pipeline.reload();
    REQUIRE(event);
    CHECK(event->outcome == ReloadOutcome::rejected);
    CAPTURE(event->error);
    CHECK(event->error.find(words) != std::string::npos);
    CHECK(pipeline.current()->number == 1);
  };
  site.folder.write("m.wasm", "nonsense");
  rejected("m.wasm");
  site.folder.write("m.wasm", module_bytes('b').substr(0, 10));
  rejected("m.wasm");
  site.module('b');
  site.abi.start_error = Error(ErrorKind::host, "out of order");
  rejected("out of order");
  site.abi.start_error.reset();
  site.pipeline("nonsense = 1\n");
  rejected("p.toml:1:");
  site.pipeline("name = \"q\"\n");
  rejected("restart");
  site.pipeline("");
  CHECK(pipeline.reload()->outcome == ReloadOutcome::loaded);
}

TEST_CASE("a file that is to come is watched for, and a missing one is part of what is known") {
  Site site;
  auto live = LivePipeline::open(site.context, site.file());
  REQUIRE(live.ok());
  const FileStamps before = (*live)->current()->stamps;
  std::vector<std::string> paths;
  for (const FileStamp& stamp : before) paths.push_back(stamp.path);
  CHECK(stamp_files(paths) == before);
  site.folder.write("m.wasm.sig", "x");
  CHECK(stamp_files(paths) != before);
  site.pipeline("");
  site.folder.write("p.toml", "[[stage]]\nname = \"s\"\nplugin = \"later\"\n");
  const auto watched = (*live)->files_to_watch();
  const auto is_watched = [&](const std::string& path) {
    return std::find(watched.begin(), watched.end(), site.folder.name() + path) != watched.end();
  };
  CHECK(is_watched("/p.toml"));
  CHECK(is_watched("/plugins/later.wasm"));
  CHECK(is_watched("/plugins/wplug.lock"));
}

TEST_CASE("a request goes through its pipeline, and headers of plugins are in the reply") {
  const Site site([](std::string_view input, int, CallState& state, std::string& text) -> Result<ReplyKind> {
    state.headers = {{"X-One", "1"}, {"x-one", "2"}, {"Content-Length", "1"}};
    text = "[" + std::string(input) + "]";
    return ReplyKind::output;
  });
  const Running server(site);
  Client client = server.connect();
  for (const char* path : {"/", "/v1/pipelines/p"}) {
    const Reply reply = client.ask(post(path, "{\"a\":1}"));
    CHECK(reply.status == 200);
    CHECK(reply.body == "[{\"a\":1}]\n");
    CHECK(reply.headers.at("x-one") == "2");
    CHECK(reply.headers.at("x-request-id").size() == 16);
  }
}

TEST_CASE("every kind of failure has the status that it is documented with") {
  const Site site([](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = "no";
    if (input == "1") return ReplyKind::plugin_error;
    if (input == "2") return ReplyKind::invalid_pointer;
    if (input == "3") return ReplyKind::output;
    if (input == "4") return Error(ErrorKind::link, "no such import");
    return Error::guest_exit(3);
  });
  const Running server(site);
  Client client = server.connect();
  const std::pair<const char*, int> cases[] = {{"1", 422}, {"2", 502}, {"3", 502}, {"4", 503},
                                               {"5", 502}, {"", 400},  {"x", 400}};
  for (const auto& [record, status] : cases) {
    CAPTURE(record);
    const Reply reply = client.ask(post("/", record));
    CHECK(reply.status == status);
    CHECK(reply.body.starts_with("{\"error\":{\"stage\":"));
    CHECK(reply.headers.count("retry-after") == (status == 503 ? 1 : 0));
  }
}

TEST_CASE("a reloaded pipeline serves the next request on every thread") {
  Site site;
  ServerOptions options;
  options.jobs = 3;
  Running server(site, options);
  const int before = site.abi.starts;
  CHECK(before == 3);
  for (int i = 0; i < 100; ++i) {
    site.module(static_cast<char>('b' + i % 2));
    const ReloadEvent event = server.reload();
    CHECK(event.outcome == ReloadOutcome::loaded);
    CHECK(event.generation == static_cast<uint64_t>(i) + 2);
    CHECK(server.connect().ask(post("/", "1")).status == 200);
  }
  CHECK(site.abi.starts == before + 300);
}

TEST_CASE("two pipelines of one name are refused, and so is none") {
  Site site;
  ServerOptions options;
  auto made = Server::create(site.engine, options, site.abis, site.services);
  REQUIRE_FALSE(made.ok());
  options.pipelines = {site.file(), site.file()};
  made = Server::create(site.engine, options, site.abis, site.services);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message().find("both named \"p\"") != std::string::npos);
}

}  // namespace
}  // namespace wplug
