// Services whose libraries are loaded when they are first needed, from a shared object beside the program.
#pragma once

#include <mutex>
#include <string>

#include <dlfcn.h>

#include "wplug/error.h"

namespace wplug {

// One of them. `Services` is a table of functions; `linked` is the function that gives it where the program has linked the
// services into itself, else null; in the object it has the name `symbol`. Any thread.
template <class Services>
class ServiceObject {
 public:
  using Entry = const Services* (*)();
  // `what` is missing, in messages, when `file` cannot be loaded.
  Result<const Services*> get(Entry linked, const char* file, const char* symbol, const char* what) {
    const std::lock_guard lock(mutex_);
    if (loaded_ == nullptr) {
      WPLUG_TRY_ASSIGN(loaded_, load(linked, file, symbol, what));
    }
    return loaded_;
  }

 private:
  static Result<const Services*> load(Entry linked, const char* file, const char* symbol, const char* what) {
    if (linked != nullptr) return linked();
    // Found by the program's run path; never unloaded, as its libraries keep state of their own.
    void* object = ::dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (object == nullptr) {
      return Error(ErrorKind::host, std::string(what) + " are not available: " + ::dlerror());
    }
    const auto entry = reinterpret_cast<Entry>(::dlsym(object, symbol));
    if (entry == nullptr) return Error(ErrorKind::host, std::string(file) + " is not of this version of wplug");
    return entry();
  }

  std::mutex mutex_;
  const Services* loaded_ = nullptr;  // null until the first use
};

}  // namespace wplug
