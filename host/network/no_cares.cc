// For builds without c-ares: addresses can be connected to, names cannot be looked up.
#include "host/network/addresses_of.h"

namespace wplug {
namespace {

Failure missing(const std::string& name) {
  return failed(name + " cannot be looked up: this build of wplug has no c-ares (Debian: libc-ares-dev)");
}

}  // namespace

Failure addresses_of(const std::string& name, const NetworkOptions&, AddressFamily, Deadline, std::vector<IpAddress>&) {
  return missing(name);
}

Failure records_of(const std::string& name, const NetworkOptions&, DnsType, Deadline, DnsReply&) { return missing(name); }

}  // namespace wplug
