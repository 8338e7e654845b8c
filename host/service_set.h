// Every service this host has, for programs that run plugins.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "wplug/abi.h"
#include "wplug/http.h"
#include "wplug/network.h"

namespace wplug {

class ServiceSet {
 public:
  // `log` outlives the plugins; the environment is the one plugins are granted variables of.
  ServiceSet(LogSink* log, std::map<std::string, std::string> environment);
  // Borrowed: outlives every plugin that is loaded with it.
  const HostServices& services() const { return services_; }

 private:
  std::map<std::string, std::string> environment_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<CommandRunner> commands_;
  std::unique_ptr<FileAccess> files_;
  HostServices services_;
};

}  // namespace wplug
