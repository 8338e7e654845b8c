// Names to addresses and other records, by c-ares: all in the calling thread, ending at a deadline.
#pragma once

#include <string_view>
#include <vector>

#include "host/addresses.h"
#include "host/network/socket.h"
#include "wplug/network_options.h"

namespace wplug {

// The addresses of `host`, at least one; asks nobody for what is an address already, or localhost.
Failure resolve(std::string_view host, const NetworkOptions& options, Deadline deadline, std::vector<IpAddress>& addresses);

}  // namespace wplug
