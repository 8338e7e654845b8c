#include "host/service_set.h"

#include <utility>

namespace wplug {

ServiceSet::ServiceSet(LogSink* log, std::map<std::string, std::string> environment)
    : environment_(std::move(environment)), http_(make_http_client()), network_(make_network()),
      commands_(make_command_runner()), files_(make_file_access()) {
  services_.log = log;
  services_.environment = &environment_;
  services_.http = http_.get();
  services_.network = network_.get();
  services_.commands = commands_.get();
  services_.files = files_.get();
}

}  // namespace wplug
