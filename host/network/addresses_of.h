// Asking name servers. One file implements it with c-ares; another, for builds without c-ares, refuses by name.
#pragma once

#include <string>
#include <vector>

#include "host/addresses.h"
#include "host/network/socket.h"
#include "wplug/network.h"
#include "wplug/network_options.h"

namespace wplug {

enum class AddressFamily : uint8_t { any, v4, v6 };

// The addresses of a name, at least one. `any` looks the name up as the system does, with its search domains; a single
// family is a lookup of exactly this name.
Failure addresses_of(const std::string& name, const NetworkOptions& options, AddressFamily family, Deadline deadline,
                     std::vector<IpAddress>& addresses);

// The records of a name of a type that is not an address.
Failure records_of(const std::string& name, const NetworkOptions& options, DnsType type, Deadline deadline, DnsReply& reply);

}  // namespace wplug
