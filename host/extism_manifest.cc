#include "host/extism_manifest.h"

#include <algorithm>
#include <utility>

#include "host/base64.h"
#include "host/files.h"
#include "host/grant_rules.h"
#include "host/json_document.h"
#include "host/openssl_services.h"

namespace wplug {
namespace {

constexpr uint64_t kMostManifest = uint64_t{256} << 20;  // modules may be in it
constexpr uint64_t kPage = 65536;
constexpr uint64_t kMostSize = uint64_t{1} << 30;
constexpr auto kFetchTime = std::chrono::seconds(60);

std::string base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

class ManifestReader {
 public:
  ManifestReader(const Engine& engine, const std::string& file, HttpClient* http, PluginOptions& options)
      : engine_(engine), file_(file), http_(http), options_(options) {
    const size_t slash = file.rfind('/');
    directory_ = slash == std::string::npos ? "" : file.substr(0, slash + 1);
  }

  Result<Module> read(const Json& manifest) {
    if (!manifest.is_object()) return wrong("", "an Extism manifest is an object");
    WPLUG_TRY(read_config(manifest.find("config")));
    WPLUG_TRY(read_limits(manifest));
    WPLUG_TRY(read_hosts(manifest.find("allowed_hosts")));
    WPLUG_TRY(read_paths(manifest.find("allowed_paths")));
    return read_modules(manifest.find("wasm"));
  }

 private:
  Error wrong(std::string_view key, std::string message) const {
    return Error(ErrorKind::misuse, file_ + ": " + std::string(key) + (key.empty() ? "" : ": ") + std::move(message));
  }
  static bool is_missing(const Json* value) { return value == nullptr || value->is_null(); }

  Result<void> read_config(const Json* config) {
    if (is_missing(config)) return {};
    if (!config->is_object()) return wrong("config", "must be an object of strings");
    for (size_t i = 0; i < config->size(); ++i) {
      options_.config.emplace(std::string(config->key(i)), config->at(i).to_string());
    }
    return {};
  }

  Result<std::optional<uint64_t>> number(const Json* object, std::string_view key, uint64_t most) const {
    const Json* value = object == nullptr ? nullptr : object->find(key);
    if (is_missing(value)) return std::optional<uint64_t>();
    const auto found = value->integer();
    if (!found || *found < 0) return wrong(key, "must be a whole number, not negative");
    return std::optional(std::min<uint64_t>(static_cast<uint64_t>(*found), most));
  }

  Result<void> read_limits(const Json& manifest) {
    LimitSettings limits;
    const Json* memory = manifest.find("memory");
    WPLUG_TRY_ASSIGN(const auto pages, number(memory, "max_pages", 65536));
    if (pages.value_or(0) > 0) limits.memory = *pages * kPage;
    WPLUG_TRY_ASSIGN(limits.response, number(memory, "max_http_response_bytes", kMostSize));
    WPLUG_TRY_ASSIGN(limits.variables, number(memory, "max_var_bytes", kMostSize));
    WPLUG_TRY_ASSIGN(const auto timeout, number(&manifest, "timeout_ms", uint64_t{1} << 40));
    if (timeout.value_or(0) > 0) limits.timeout = std::chrono::milliseconds(*timeout);
    options_.limits = options_.limits.or_else(limits);
    return {};
  }

  Result<void> read_hosts(const Json* hosts) {
    if (is_missing(hosts)) return {};
    if (!hosts->is_array()) return wrong("allowed_hosts", "must be a list of hosts");
    for (size_t i = 0; i < hosts->size(); ++i) {
      const auto host = hosts->at(i).string();
      if (!host) return wrong("allowed_hosts", "must be a list of hosts");
      WPLUG_TRY(read_host(std::string(*host)));
    }
    return {};
  }

  // Extism matches globs against the host's name alone.
  Result<void> read_host(const std::string& host) {
    if (host.find_first_of("*?") == std::string::npos) {
      auto added = options_.grants.add("http:" + host, file_);
      return added.ok() ? Result<void>() : wrong("allowed_hosts", added.error().message());
    }
    if (const auto problem = host_glob_problem(host)) return wrong("allowed_hosts", *problem);
    options_.grants.add({CapabilityKind::http, host, file_});
    return {};
  }

  std::string path_of(std::string_view path) const {
    return path.starts_with('/') ? std::string(path) : directory_ + std::string(path);
  }

  Result<void> read_paths(const Json* paths) {
    if (is_missing(paths)) return {};
    if (!paths->is_object()) return wrong("allowed_paths", "must be an object: a host path to a guest path");
    for (size_t i = 0; i < paths->size(); ++i) {
      std::string_view host = paths->key(i);
      const bool writable = !host.starts_with("ro:");
      if (!writable) host.remove_prefix(3);
      const auto guest = paths->at(i).string();
      if (host.empty() || !guest || guest->empty()) return wrong("allowed_paths", "neither path may be empty");
      options_.directories.push_back({path_of(host), std::string(*guest), writable});
    }
    return {};
  }

  struct Source {
    std::string name;
    std::string label;  // in backtraces and messages
    std::vector<uint8_t> bytes;
  };

  Result<Module> read_modules(const Json* wasm) {
    if (is_missing(wasm) || !wasm->is_array() || wasm->size() == 0) {
      return wrong("wasm", "must be a list of at least one module");
    }
    size_t main = wasm->size() - 1;
    for (size_t i = 0; i < wasm->size(); ++i) {
      if (wasm->at(i).string_of("name") == "main") main = i;
    }
    std::optional<Module> result;
    for (size_t i = 0; i < wasm->size(); ++i) {
      WPLUG_TRY_ASSIGN(Source source, read_source(wasm->at(i)));
      if (i != main) WPLUG_TRY(check_name(source.name));
      auto module = Module::compile(engine_, std::move(source.bytes), source.label);
      if (!module.ok()) {
        const Error& error = module.error();
        return Error(error.kind(), file_ + ": " + source.label + ": " + error.message(),
                     error.offset().value_or(Error::kNoOffset));
      }
      if (i == main) {
        result = std::move(*module);
      } else {
        options_.linked.emplace_back(source.name, std::move(*module));
      }
    }
    return std::move(*result);
  }

  Result<void> check_name(const std::string& name) const {
    if (name.empty()) return wrong("wasm", "of several modules each needs a name; the last, or the one named main, is the plugin");
    const bool taken = std::ranges::any_of(options_.linked, [&](const auto& linked) { return linked.first == name; });
    if (taken || name == "main" || name == "extism:host/env") return wrong("wasm", "two modules are named \"" + name + "\"");
    return {};
  }

  Result<Source> read_source(const Json& entry) {
    Source source{std::string(entry.string_of("name")), "", {}};
    const std::string_view path = entry.string_of("path"), url = entry.string_of("url"), data = entry.string_of("data");
    if (!data.empty()) {
      const auto bytes = base64_decode(data);
      if (!bytes) return wrong("wasm", "data is not base64");
      source.bytes.assign(bytes->begin(), bytes->end());
      source.label = source.name.empty() ? "data" : source.name;
    } else if (!path.empty()) {
      WPLUG_TRY_ASSIGN(source.bytes, read_file(path_of(path), engine_.config().limits.module_size));
      source.label = base_name(path);
    } else if (!url.empty()) {
      WPLUG_TRY_ASSIGN(source.bytes, fetch(entry, url));
      source.label = base_name(url);
    } else {
      return wrong("wasm", "a module needs path, url or data");
    }
    WPLUG_TRY(check_hash(source, entry.string_of("hash")));
    return source;
  }

  Result<void> check_hash(const Source& source, std::string_view wanted) const {
    if (wanted.empty()) return {};
    WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(source.bytes));
    const bool same = std::equal(hash.begin(), hash.end(), wanted.begin(), wanted.end(),
                                 [](char a, char b) { return a == (b >= 'A' && b <= 'F' ? char(b + 32) : b); });
    if (same) return {};
    return wrong("wasm", source.label + " has the hash " + hash + ", the manifest wants " + std::string(wanted.substr(0, 64)));
  }

  Result<std::vector<uint8_t>> fetch(const Json& entry, std::string_view url) {
    if (http_ == nullptr) return wrong("wasm", "this host fetches no modules: " + std::string(url));
    const Policy policy{options_.name, options_.grants, std::nullopt, options_.location};
    HttpRequest request;
    const std::string method(entry.string_of("method"));
    if (!method.empty()) request.method = method;
    request.url = url;
    if (const Json* headers = entry.find("headers"); !is_missing(headers)) {
      for (size_t i = 0; i < headers->size() && headers->is_object(); ++i) {
        request.headers.emplace_back(headers->key(i), headers->at(i).string().value_or(""));
      }
    }
    request.policy = &policy;
    request.deadline = std::chrono::steady_clock::now() + kFetchTime;
    request.max_body = engine_.config().limits.module_size;
    request.requests_left = 5;
    HttpReply reply = http_->send(request);
    if (reply.outcome == HttpOutcome::ok && reply.status != 200) {
      reply.message = "answered with status " + std::to_string(reply.status);
    } else if (reply.outcome == HttpOutcome::ok) {
      return std::vector<uint8_t>(reply.body.begin(), reply.body.end());
    }
    return Error(ErrorKind::host, file_ + ": wasm: " + std::string(url) + ": " + reply.message);
  }

  const Engine& engine_;
  const std::string& file_;
  HttpClient* http_;
  PluginOptions& options_;
  std::string directory_;
};

}  // namespace

Result<Module> parse_extism_manifest(const Engine& engine, std::string_view text, const std::string& file,
                                     HttpClient* http, PluginOptions& options) {
  JsonLimits limits;
  limits.bytes = kMostManifest;
  const auto manifest = parse_json(text, limits);
  if (!manifest.ok()) {
    return Error(ErrorKind::misuse, file + ": not JSON: " + manifest.error().message(),
                 manifest.error().offset().value_or(Error::kNoOffset));
  }
  return ManifestReader(engine, file, http, options).read(*manifest);
}

Result<Module> load_extism_manifest(const Engine& engine, const std::string& file, HttpClient* http,
                                    PluginOptions& options) {
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, kMostManifest));
  return parse_extism_manifest(engine, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file, http, options);
}

bool is_extism_manifest(std::string_view file) { return file.ends_with(".json"); }

}  // namespace wplug
