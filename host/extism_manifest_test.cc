#include "host/extism_manifest.h"

#include <doctest/doctest.h>

#include "host/openssl_services.h"

namespace wplug {
namespace {

// An empty module, as bytes in base64.
constexpr const char* kEmpty = R"({"data":"AGFzbQEAAAA="})";

struct Loaded {
  explicit Loaded(const std::string& text, PluginOptions given = {}, HttpClient* http = nullptr) : options(std::move(given)) {
    const auto engine = Engine::create();
    REQUIRE(engine.ok());
    const auto module = parse_extism_manifest(*engine, text, "dir/m.json", http, options);
    complaint = module.ok() ? "" : module.error().message();
    if (module.ok()) name = module->name();
  }
  PluginOptions options;
  std::string complaint, name;
};

std::string manifest(const std::string& rest) { return "{\"wasm\":[" + std::string(kEmpty) + "]" + rest + "}"; }

TEST_CASE("what a manifest allows becomes limits, grants, directories and configuration") {
  const Loaded m(manifest(R"(,"memory":{"max_pages":4,"max_http_response_bytes":100,"max_var_bytes":7},"timeout_ms":250,
    "config":{"a":"b \"c\""},"allowed_hosts":["example.com","*.example.org"],
    "allowed_paths":{"ro:data":"/mnt","/srv/out":"/out"},"unknown":1)"));
  REQUIRE(m.complaint == "");
  CHECK(m.options.limits.memory == 4u << 16);
  CHECK(m.options.limits.response == 100u);
  CHECK(m.options.limits.variables == 7u);
  CHECK(m.options.limits.timeout == std::chrono::milliseconds(250));
  CHECK(m.options.config.at("a") == "\"b \\\"c\\\"\"");
  CHECK(m.options.grants.find({CapabilityKind::http, "example.com", 443}) != nullptr);
  CHECK(m.options.grants.find({CapabilityKind::http, "www.example.org", 443}) != nullptr);
  CHECK(m.options.grants.find({CapabilityKind::http, "example.net", 443}) == nullptr);
  REQUIRE(m.options.directories.size() == 2);
  CHECK(m.options.directories[0].host_path == "dir/data");
  CHECK(m.options.directories[0].guest_path == "/mnt");
  CHECK(!m.options.directories[0].writable);
  CHECK(m.options.directories[1].host_path == "/srv/out");
  CHECK(m.options.directories[1].writable);
}

TEST_CASE("allowed hosts are globs on the whole name of the host") {
  const auto allows = [](const char* glob, const char* host) {
    const Loaded m(manifest(",\"allowed_hosts\":[\"" + std::string(glob) + "\"]"));
    REQUIRE_MESSAGE(m.complaint == "", m.complaint);
    return m.options.grants.find({CapabilityKind::http, host, 443}) != nullptr;
  };
  CHECK(allows("api-*.example.com", "api-eu.example.com"));
  CHECK(allows("api-*.example.com", "api-.example.com"));
  CHECK(allows("api-*.example.com", "api-a.b.example.com"));
  CHECK(allows("API-*.Example.com", "api-EU.example.COM."));
  CHECK(!allows("api-*.example.com", "api.example.com"));
  CHECK(!allows("api-*.example.com", "xapi-eu.example.com"));
  CHECK(!allows("api-*.example.com", "api-eu.example.com.evil.com"));
  CHECK(allows("*example.com", "example.com"));
  CHECK(allows("*example.com", "notexample.com"));
  CHECK(!allows("*.example.com", "example.com"));
  CHECK(allows("api.*", "api.example.com"));
  CHECK(!allows("api.*", "api"));
  CHECK(allows("a?.example.com", "ab.example.com"));
  CHECK(!allows("a?.example.com", "a.example.com"));
  CHECK(allows("*.*.example.com", "a.b.example.com"));
  CHECK(!allows("*.*.example.com", "a.example.com"));
  CHECK(allows("*", "any.example"));
  // Addresses are granted by their name in full, and matched as addresses.
  CHECK(!allows("a*", "127.0.0.1"));
  CHECK(!allows("*a", "fd00::a"));
  CHECK(allows("127.0.0.1", "127.0.0.1"));
}

TEST_CASE("a glob grants no private address and is broad when anyone may have a name like it") {
  const auto grants = [](const char* glob) {
    const Loaded m(manifest(",\"allowed_hosts\":[\"" + std::string(glob) + "\"]"));
    REQUIRE(m.options.grants.list().size() == 1);
    return m.options.grants;
  };
  const Policy policy{"p", grants("local*"), std::nullopt, ""};
  const Decision decision = authorize(policy, {CapabilityKind::http, "localhost", 80});
  CHECK(decision.allowed);
  CHECK(!decision.literal);
  for (const char* glob : {"*example.com", "api.*", "*", "a*.com"}) CHECK(broadness(grants(glob).list()[0]).has_value());
  for (const char* glob : {"api-*.example.com", "a?.example.com", "*.example.com"}) {
    CHECK(!broadness(grants(glob).list()[0]).has_value());
  }
  // What a pipeline grants is stricter.
  CHECK(!parse_capability("http:api-*.example.com").ok());
}

TEST_CASE("what the pipeline says already stays") {
  PluginOptions options;
  options.limits.memory = 1 << 20;
  options.config["a"] = "1";
  const Loaded m(manifest(R"(,"memory":{"max_pages":4},"config":{"a":"2","b":"3"})"), options);
  CHECK(m.options.limits.memory == 1u << 20);
  CHECK(m.options.config.at("a") == "1");
  CHECK(m.options.config.at("b") == "\"3\"");
}

TEST_CASE("nothing is allowed unless it is written") {
  const Loaded m(manifest(R"(,"allowed_hosts":null,"memory":null)"));
  CHECK(m.complaint == "");
  CHECK(m.options.grants.empty());
  CHECK(m.options.directories.empty());
  CHECK(!m.options.limits.memory);
}

TEST_CASE("of several modules main or the last is the plugin, the others are linked by name") {
  const std::string named = R"({"data":"AGFzbQEAAAA=","name":)";
  const Loaded last("{\"wasm\":[" + named + "\"a\"}," + named + "\"b\"}," + kEmpty + "]}");
  REQUIRE(last.complaint == "");
  REQUIRE(last.options.linked.size() == 2);
  CHECK(last.options.linked[0].first == "a");
  CHECK(last.options.linked[1].first == "b");
  const Loaded main("{\"wasm\":[" + named + "\"main\"}," + named + "\"b\"}]}");
  REQUIRE(main.options.linked.size() == 1);
  CHECK(main.options.linked[0].first == "b");
  CHECK(main.name == "main");
  CHECK(Loaded("{\"wasm\":[" + std::string(kEmpty) + "," + kEmpty + "]}").complaint.starts_with(
      "dir/m.json: wasm: of several modules each needs a name"));
  CHECK(Loaded("{\"wasm\":[" + named + "\"a\"}," + named + "\"a\"}," + kEmpty + "]}").complaint ==
        "dir/m.json: wasm: two modules are named \"a\"");
}

TEST_CASE("a hash is checked") {
  const auto with_hash = [](const std::string& hash) {
    return Loaded(R"({"wasm":[{"data":"AGFzbQEAAAA=","hash":")" + hash + "\"}]}").complaint;
  };
  const std::string right = "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476";
  if (!sha256_hex({}).ok()) {
    MESSAGE("SKIPPED: this build has no hashes (OpenSSL)");
    return;
  }
  CHECK(with_hash(right) == "");
  CHECK(with_hash("93A44" + right.substr(5)) == "");
  CHECK(with_hash("------") == "dir/m.json: wasm: data has the hash " + right + ", the manifest wants ------");
}

class OneModule : public HttpClient {
 public:
  HttpReply send(const HttpRequest& request) override {
    HttpReply reply;
    const bool allowed = authorize(*request.policy, {CapabilityKind::http, "modules.example", 443}).allowed;
    reply.outcome = allowed ? HttpOutcome::ok : HttpOutcome::denied;
    reply.status = status;
    reply.body = std::string("\0asm\1\0\0\0", 8);
    reply.message = "not granted";
    return reply;
  }
  int status = 200;
};

TEST_CASE("a module is fetched by url from a host that is granted") {
  const std::string text = R"({"wasm":[{"url":"https://modules.example/a.wasm"}]})";
  OneModule http;
  CHECK(Loaded(text, {}, &http).complaint == "dir/m.json: wasm: https://modules.example/a.wasm: not granted");
  PluginOptions options;
  REQUIRE(options.grants.add("http:modules.example").ok());
  const Loaded loaded(text, options, &http);
  CHECK(loaded.complaint == "");
  CHECK(loaded.name == "a.wasm");
  http.status = 404;
  CHECK(Loaded(text, options, &http).complaint.ends_with("answered with status 404"));
  CHECK(Loaded(text, options).complaint.starts_with("dir/m.json: wasm: this host fetches no modules"));
}

TEST_CASE("what is wrong is named with the file and the key") {
  CHECK(Loaded("[]").complaint == "dir/m.json: an Extism manifest is an object");
  CHECK(Loaded("{").complaint.starts_with("dir/m.json: not JSON: "));
  CHECK(Loaded("{\"wasm\":[]}").complaint == "dir/m.json: wasm: must be a list of at least one module");
  CHECK(Loaded(R"({"wasm":[{"name":"x"}]})").complaint == "dir/m.json: wasm: a module needs path, url or data");
  CHECK(Loaded(R"({"wasm":[{"data":"@"}]})").complaint == "dir/m.json: wasm: data is not base64");
  CHECK(Loaded(R"({"wasm":[{"data":"QUFBQUFBQUE="}]})").complaint.starts_with("dir/m.json: data: "));
  CHECK(Loaded(manifest(R"(,"timeout_ms":-1)")).complaint == "dir/m.json: timeout_ms: must be a whole number, not negative");
  for (const char* host : {"http://a*.com", "192.168.*", "a**.com", "[ab].com", "a*.com:80", "*..com", "*.", "a*,b", ""}) {
    CHECK_MESSAGE(Loaded(manifest(",\"allowed_hosts\":[\"" + std::string(host) + "\"]"))
                      .complaint.starts_with("dir/m.json: allowed_hosts: "), host);
  }
  CHECK(Loaded(manifest(R"(,"allowed_paths":{"ro:":"/x"})")).complaint == "dir/m.json: allowed_paths: neither path may be empty");
  CHECK(Loaded(manifest(R"(,"config":[])")).complaint == "dir/m.json: config: must be an object of strings");
}

}  // namespace
}  // namespace wplug
