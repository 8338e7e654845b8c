// Why a call of a plugin fails.
#pragma once

#include <string>

namespace wplug {

struct Error {
  std::string message;
};

}  // namespace wplug
