#include "host/pattern_services.h"

#include <mutex>

#include <dlfcn.h>

// Weak: null unless the program has linked the services into itself.
extern "C" [[gnu::weak]] const wplug::PatternServices* wplug_pattern_services();

namespace wplug {
namespace {

Result<const PatternServices*> load() {
  if (wplug_pattern_services != nullptr) return wplug_pattern_services();
  // Found by the program's run path.
  void* object = ::dlopen("libwplug_re2.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (object == nullptr) return Error(ErrorKind::host, std::string("patterns are not available: ") + ::dlerror());
  const auto entry = reinterpret_cast<const PatternServices* (*)()>(::dlsym(object, "wplug_pattern_services"));
  if (entry == nullptr) return Error(ErrorKind::host, "libwplug_re2.so is not of this version of wplug");
  return entry();
}

}  // namespace

Result<const PatternServices*> pattern_services() {
  static std::mutex mutex;
  static const PatternServices* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded == nullptr) {
    WPLUG_TRY_ASSIGN(loaded, load());
  }
  return loaded;
}

}  // namespace wplug
