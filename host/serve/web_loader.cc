#include "host/serve/web_server.h"

#include <mutex>

#include <dlfcn.h>

// Weak: null unless the program has linked the server into itself.
extern "C" [[gnu::weak]] wplug::WebServer* wplug_make_web_server(const wplug::WebServerOptions* options,
                                                                 wplug::WebHandler* handler, std::string* problem);

namespace wplug {
namespace {

using MakeWebServer = WebServer* (*)(const WebServerOptions*, WebHandler*, std::string*);

Result<MakeWebServer> load() {
  if (wplug_make_web_server != nullptr) return &wplug_make_web_server;
  // Found by the program's run path; never unloaded.
  void* object = ::dlopen("libwplug_serve.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (object == nullptr) return Error(ErrorKind::host, std::string("serving is not available: ") + ::dlerror());
  const auto entry = reinterpret_cast<MakeWebServer>(::dlsym(object, "wplug_make_web_server"));
  if (entry == nullptr) return Error(ErrorKind::host, "libwplug_serve.so is not of this version of wplug");
  return entry;
}

}  // namespace

Result<std::unique_ptr<WebServer>> make_web_server(const WebServerOptions& options, WebHandler& handler) {
  WPLUG_TRY_ASSIGN(const MakeWebServer make, load());
  std::string problem;
  std::unique_ptr<WebServer> server(make(&options, &handler, &problem));
  if (!server) return Error(ErrorKind::host, problem);
  return server;
}

}  // namespace wplug
