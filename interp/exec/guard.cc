#include "interp/exec/guard.h"

namespace wplug {

bool guard_pages_supported() { return false; }

}  // namespace wplug
