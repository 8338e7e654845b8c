// A description that several plugins of one module share. It does not change once it is known.
#pragma once

#include <mutex>

#include "wplug/abi.h"

namespace wplug {

struct DescriptionSlot {
  std::mutex mutex;    // held while the plugin is asked, so that it is asked once
  bool known = false;
  PluginDescription description;
};

}  // namespace wplug
