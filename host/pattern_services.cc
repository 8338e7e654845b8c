#include "host/pattern_services.h"

#include "host/service_object.h"

// Weak: null unless the program has linked the services into itself.
extern "C" [[gnu::weak]] const wplug::PatternServices* wplug_pattern_services();

namespace wplug {

Result<const PatternServices*> pattern_services() {
  static ServiceObject<PatternServices> object;
  return object.get(&wplug_pattern_services, "libwplug_re2.so", "wplug_pattern_services", "patterns");
}

}  // namespace wplug
