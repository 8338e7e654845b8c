#pragma once

#include "host/openssl_services.h"

namespace wplug {

// One request over the network by cpp-httplib, see FetchRequest.
void httplib_fetch(const FetchRequest& request, FetchReply& reply);

// How many requests went past their deadline and have not ended yet.
int lingering_fetches();

}  // namespace wplug
