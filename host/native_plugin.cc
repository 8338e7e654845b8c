#include "host/native_plugin.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <dlfcn.h>

#include "host/plugin_metadata.h"
#include "wplug/native_plugin.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

constexpr std::array<std::string_view, 3> kExtensions = {".so", ".dylib", ".dll"};
constexpr size_t kMostMetadata = size_t{1} << 20;
constexpr size_t kMostReason = size_t{4} << 10;

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

wplug_text text_of(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view_of(const wplug_text& text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// Calls a function of the plugin. Its exceptions, where they can be caught, leave the instance in doubt: an error.
template <class Body>
auto guarded(const char* function, Body&& body) -> Result<decltype(body())> {
  const std::string threw = std::string(function) + " threw an exception";
  try {
    return body();
  } catch (const std::exception& error) {
    return Error(ErrorKind::host, threw + ": " + error.what());
  } catch (...) {
    return Error(ErrorKind::host, threw);
  }
}

class NativeInstance : public AbiInstance {
 public:
  NativeInstance(const wplug_native_table& table, const PluginTerms& terms, const HostServices& services)
      : table_(table), terms_(terms), services_(services), config_(terms.config_json()) {
    host_.version = WPLUG_NATIVE_VERSION;
    host_.context = this;
    host_.log = &log;
    host_.config = text_of(config_);
    host_.data_directory = text_of(terms.data_directory);
  }
  NativeInstance(const NativeInstance&) = delete;
  NativeInstance& operator=(const NativeInstance&) = delete;

  ~NativeInstance() override {
    if (table_.free == nullptr || !made_) return;
    (void)guarded("free", [this] { return table_.free(instance_), 0; }).ok();
  }

  Result<void> init() {
    if (table_.init != nullptr) {
      WPLUG_TRY_ASSIGN(instance_, guarded("init", [this] { return table_.init(&host_); }));
      if (instance_ == nullptr) return Error(ErrorKind::host, "init gave no instance");
    }
    made_ = true;
    return {};
  }

  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override {
    begin_call();
    if (entry == "describe") return metadata(text);
    if (entry == "health") return health_as_text(state, text);
    wplug_text output = {};
    const auto code = guarded("execute", [&] { return table_.execute(instance_, text_of(input), &output); });
    if (!code.ok()) return code.error();
    WPLUG_TRY(take(output, text));
    WPLUG_TRY(check_deadline(state));
    if (*code == 0) return ReplyKind::output;
    const std::string why = text.substr(0, kMostReason);
    text = "execute returned error code " + std::to_string(*code) + (why.empty() ? "" : ": " + why);
    return ReplyKind::plugin_error;
  }

  Result<ReplyKind> describe(CallState&, PluginDescription& description, std::string& text) override {
    WPLUG_TRY_ASSIGN(const ReplyKind kind, metadata(text));
    if (kind != ReplyKind::output || text.empty()) return kind;
    auto read = read_plugin_metadata(text, "describe's metadata");
    if (read.ok()) {
      description = std::move(*read);
      return ReplyKind::output;
    }
    text = read.error().message();
    return ReplyKind::plugin_error;
  }

  Result<ReplyKind> health(CallState& state, std::string& text) override {
    begin_call();
    if (table_.health == nullptr) return ReplyKind::output;
    WPLUG_TRY_ASSIGN(const int32_t code, guarded("health", [this] { return table_.health(instance_); }));
    WPLUG_TRY(check_deadline(state));
    if (code == 0) return ReplyKind::output;
    text = "is not healthy: health returned " + std::to_string(code);
    return ReplyKind::plugin_error;
  }

 private:
  // As the number that the plugin gave.
  Result<ReplyKind> health_as_text(CallState& state, std::string& text) {
    WPLUG_TRY_ASSIGN(const ReplyKind kind, health(state, text));
    if (kind == ReplyKind::output) text = "0";
    return kind;
  }

  static void log(void* context, wplug_text line) { static_cast<NativeInstance*>(context)->write(view_of(line)); }

  void begin_call() { log_left_ = terms_.limits.log; }

  void write(std::string_view line) {
    if (services_.log == nullptr || log_left_ == 0) return;
    const size_t shown = static_cast<size_t>(std::min<uint64_t>(line.size(), log_left_));
    log_left_ -= std::min<uint64_t>(log_left_, shown + 16);
    services_.log->write(terms_.name, line.substr(0, shown));
  }

  Result<ReplyKind> metadata(std::string& text) {
    text.clear();
    if (table_.describe == nullptr) return ReplyKind::output;
    WPLUG_TRY_ASSIGN(const wplug_text said, guarded("describe", [this] { return table_.describe(); }));
    text = view_of(said).substr(0, kMostMetadata + 1);
    return ReplyKind::output;
  }

  // Copies the output, up to one byte more than it may have, and gives it back.
  Result<void> take(const wplug_text& output, std::string& text) {
    if (output.data == nullptr && output.size > 0) {
      return Error(ErrorKind::host, "execute gave " + std::to_string(output.size) + " bytes at a null pointer");
    }
    text = view_of(output).substr(0, static_cast<size_t>(terms_.limits.output) + 1);
    if (output.data == nullptr || table_.release == nullptr) return {};
    const auto released = guarded("release", [&] { return table_.release(instance_, output), 0; });
    if (!released.ok()) return released.error();
    return {};
  }

  Result<void> check_deadline(const CallState& state) const {
    if (std::chrono::steady_clock::now() <= state.deadline) return {};
    return Error(Trap(TrapKind::deadline_exceeded));
  }

  const wplug_native_table& table_;
  const PluginTerms& terms_;
  const HostServices& services_;
  const std::string config_;
  wplug_native_host host_{};
  void* instance_ = nullptr;
  bool made_ = false;
  uint64_t log_left_ = 0;
};

class NativeAbi : public PluginAbi {
 public:
  NativeAbi(Library library, const wplug_native_table& table) : library_(std::move(library)), table_(table) {}

  std::string_view name() const override { return "native"; }
  AbiMatch detect(const Module&) const override { return {}; }
  std::string default_entry(const Module&) const override { return "execute"; }
  std::vector<std::string> operations(const Module&) const override {
    std::vector<std::string> result;
    if (table_.describe != nullptr) result.emplace_back("describe");
    if (table_.health != nullptr) result.emplace_back("health");
    return result;
  }
  std::span<const AbiFunction> host_functions() const override { return {}; }
  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }
  bool gives_text() const override { return true; }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.timeout = std::chrono::seconds(5);
    limits.fuel = 0;
    return limits;
  }

  Result<void> check(const Module&, const PluginTerms& terms) const override {
    if (terms.entry != "execute" && terms.entry != "describe" && terms.entry != "health") {
      return Error(ErrorKind::misuse,
                   "a native plugin has the entries execute, describe and health, not \"" + terms.entry + "\"");
    }
    if (terms.policy.granted.empty()) return {};
    return Error(ErrorKind::misuse, terms.policy.granted.list().front().to_string() +
                                        ": grants do not hold a native plugin, which may do all that this program may");
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store&, const Module&, const PluginTerms& terms,
                                                   const HostServices& services, CallState&) const override {
    auto instance = std::make_unique<NativeInstance>(table_, terms, services);
    WPLUG_TRY(instance->init());
    return std::unique_ptr<AbiInstance>(std::move(instance));
  }

 private:
  Library library_;
  const wplug_native_table& table_;
};

}  // namespace

bool is_native_file(std::string_view file) {
  for (const std::string_view extension : kExtensions) {
    if (file.ends_with(extension)) return true;
  }
  return false;
}

std::string_view native_extension() {
#if defined(__APPLE__)
  return "dylib";
#else
  return "so";
#endif
}

Result<std::unique_ptr<PluginAbi>> open_native_plugin(const std::string& file) {
  // Without a slash it would be looked for in the system's folders.
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  Library library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char* const why = ::dlerror();
    return Error(ErrorKind::host, std::string("cannot be loaded: ") + (why == nullptr ? "no reason given" : why));
  }
  void* const symbol = ::dlsym(library.get(), "wplug_native_plugin");
  if (symbol == nullptr) {
    return Error(ErrorKind::link, "is no native plugin: it exports no wplug_native_plugin (native_plugin.h)");
  }
  const auto get_table = reinterpret_cast<decltype(&wplug_native_plugin)>(symbol);
  WPLUG_TRY_ASSIGN(const wplug_native_table* table, guarded("wplug_native_plugin", [&] { return get_table(); }));
  if (table == nullptr) return Error(ErrorKind::link, "its wplug_native_plugin gave no table");
  if (table->version != WPLUG_NATIVE_VERSION) {
    return Error(ErrorKind::link, "is a native plugin of version " + std::to_string(table->version) +
                                      ", this host has version " + std::to_string(WPLUG_NATIVE_VERSION));
  }
  if (table->execute == nullptr) return Error(ErrorKind::link, "its table has no execute");
  return std::unique_ptr<PluginAbi>(new NativeAbi(std::move(library), *table));
}

}  // namespace wplug
