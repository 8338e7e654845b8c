#include "wplug/engine.h"

#include "interp/api/impl.h"
#include "interp/exec/guard.h"
#include "interp/wasm/profile.h"

#define WPLUG_STRING_IMPL(x) #x
#define WPLUG_STRING(x) WPLUG_STRING_IMPL(x)

namespace wplug {

namespace {

#if defined(__clang__)
constexpr const char* kCompiler =
    "clang " WPLUG_STRING(__clang_major__) "." WPLUG_STRING(__clang_minor__) "." WPLUG_STRING(__clang_patchlevel__);
#elif defined(__GNUC__)
constexpr const char* kCompiler =
    "gcc " WPLUG_STRING(__GNUC__) "." WPLUG_STRING(__GNUC_MINOR__) "." WPLUG_STRING(__GNUC_PATCHLEVEL__);
#else
constexpr const char* kCompiler = "unknown compiler";
#endif

}  // namespace

Result<Engine> Engine::create(const Config& config) {
  for (size_t i = 0; i < kFeatureCount; ++i) {
    const Feature feature = static_cast<Feature>(i);
    if (!config.features.has(feature) || in_build(feature)) continue;
    return Error(ErrorKind::misuse, std::string(to_string(feature)) + " is not in this build: leave it out of Config::features");
  }
  if (config.count_dispatches && !kHasPrinter) {
    return Error(ErrorKind::misuse, "dispatches cannot be counted by the small build");
  }
  const Allocator& allocator = config.allocator;
  const int functions = (allocator.allocate != nullptr) + (allocator.reallocate != nullptr) + (allocator.release != nullptr);
  if (functions != 0 && functions != 3) {
    return Error(ErrorKind::misuse, std::to_string(functions) + " functions of Config::allocator are set: set all three or none");
  }
  if (functions != 0 && config.memory == MemoryKind::guard_pages) {
    return Error(ErrorKind::misuse, "guard pages cannot come from Config::allocator: use MemoryKind::explicit_checks");
  }
  if (config.memory == MemoryKind::guard_pages && !guard_pages_supported()) {
    return Error(ErrorKind::misuse,
                 "guard pages need 64-bit Linux, tail dispatch and a build without sanitizers: "
                 "use MemoryKind::explicit_checks");
  }
  if (config.memory == MemoryKind::guard_pages) install_guard_handler();
  return Engine(std::make_shared<EngineImpl>(config));
}

Features Features::all() { return kBuiltFeatures; }

std::optional<Feature> Features::find(std::string_view name) {
#define WPLUG_FEATURE(feature, text, profile) \
  if (name == text) return Feature::feature;
#include "wplug/features.def"
  return std::nullopt;
}

const Config& Engine::config() const { return impl_->config; }

BuildInfo build_info() {
  return {WPLUG_VERSION,       WPLUG_DISPATCH_TAIL ? "tail" : "loop",
          WPLUG_INT_REGISTERS, WPLUG_FLOAT_REGISTERS,
          kCompiler,           WPLUG_PARANOID != 0};
}

}  // namespace wplug
