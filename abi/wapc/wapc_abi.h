// The ABI of waPC guests: __guest_call names an operation and a payload, which the guest fetches and answers.
//
// The entry is the operation. Of host calls (binding "wplug") there is namespace "config", operation "get": the payload is a
// key, the answer the JSON text of its value. Anything else is answered with an error.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& wapc_abi();

}  // namespace wplug
