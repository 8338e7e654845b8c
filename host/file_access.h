// File access with a choice of how paths are walked, for tests; programs use make_file_access.
#pragma once

#include <memory>

#include "host/path_walk.h"
#include "wplug/files.h"

namespace wplug {

std::unique_ptr<FileAccess> make_file_access(PathWalk walk);

}  // namespace wplug
