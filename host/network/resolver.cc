#include "host/network/resolver.h"

#include "host/host_name.h"
#include "host/network/addresses_of.h"

namespace wplug {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 6761, 6.3: never asked of a name server.
bool is_localhost(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < kName.size()) return false;
  if (host.size() > kName.size() && host[host.size() - kName.size() - 1] != '.') return false;
  host.remove_prefix(host.size() - kName.size());
  for (size_t i = 0; i < kName.size(); ++i) {
    if (lower(host[i]) != kName[i]) return false;
  }
  return true;
}

}  // namespace

Failure resolve(std::string_view host, const NetworkOptions& options, Deadline deadline, std::vector<IpAddress>& addresses) {
  const HostName parsed = parse_host(host);
  if (parsed.form == HostForm::invalid) return {NetworkOutcome::invalid, "not a host name"};
  if (parsed.form == HostForm::address) {
    addresses = {parsed.address};
    return {};
  }
  if (is_localhost(host)) {
    addresses = {parse_host("127.0.0.1").address, parse_host("::1").address};
    return {};
  }
  return addresses_of(std::string(host), options, AddressFamily::any, deadline, addresses);
}

}  // namespace wplug
