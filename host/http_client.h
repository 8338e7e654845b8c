// The guarded request, apart from the network: every hop of a redirect is a request of its own that must be granted.
#pragma once

#include <functional>

#include "host/openssl_services.h"
#include "wplug/http.h"

namespace wplug {

using Fetch = std::function<void(const FetchRequest& request, FetchReply& reply)>;

// HttpClient::send with `fetch` for the network.
HttpReply guarded_send(const HttpRequest& request, const Fetch& fetch);

}  // namespace wplug
