#include "host/openssl_services.h"

#include <mutex>

#include <dlfcn.h>

// Weak: null unless the program has linked the services into itself.
extern "C" [[gnu::weak]] const wplug::OpensslServices* wplug_openssl_services();

namespace wplug {
namespace {

Result<const OpensslServices*> load() {
  if (wplug_openssl_services != nullptr) return wplug_openssl_services();
  // Found by the program's run path; never unloaded, as its libraries keep state of their own.
  void* object = ::dlopen("libwplug_openssl.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (object == nullptr) {
    return Error(ErrorKind::host, std::string("network and hashes are not available: ") + ::dlerror());
  }
  const auto entry = reinterpret_cast<const OpensslServices* (*)()>(::dlsym(object, "wplug_openssl_services"));
  if (entry == nullptr) return Error(ErrorKind::host, "libwplug_openssl.so is not of this version of wplug");
  return entry();
}

}  // namespace

Result<const OpensslServices*> openssl_services() {
  static std::mutex mutex;
  static const OpensslServices* loaded = nullptr;  // null until the first use
  const std::lock_guard lock(mutex);
  if (loaded == nullptr) {
    WPLUG_TRY_ASSIGN(loaded, load());
  }
  return loaded;
}

Result<std::string> sha256_hex(std::span<const uint8_t> bytes) {
  WPLUG_TRY_ASSIGN(const OpensslServices* services, openssl_services());
  uint8_t digest[32];
  services->sha256(bytes.data(), bytes.size(), digest);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) text += {kHex[byte >> 4], kHex[byte & 15]};
  return text;
}

}  // namespace wplug
