// From a path to an open directory and a name in it, without trusting the tree to stay as it is.
//
// The parent directory is opened in one of two ways that cannot be led astray: by one call that refuses symbolic links
// (openat2), or name by name, each without following links, which are then read and expanded here. So the path that comes
// out is the one that was gone, and whoever swaps directories for links meanwhile can make it fail but not lie. Magic links
// (/proc/self/root, /proc/self/fd/3) are expanded by their text like any other.
//
// A link's text may have `..` at its beginning only: `../shared/x` is at home everywhere, while `/a/../b` tells whether there
// is an /a.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/files.h"

namespace wplug {

enum class PathWalk : uint8_t {
  kernel,  // openat2 where there are no links, else by names
  names,   // name by name
};

struct FoundPath {
  OwnedFd parent;  // can be searched, not read
  std::string name;  // one name: not a link when it was looked at, or nothing yet
  std::string path;  // of both, plain: what is to be checked
  int error = 0;     // errno; then the parent is not open, and `path` is as far as it can be told
  bool followed_links = false;
};

// Finds `path`, which is plain and not "/". Links are followed, the last one too.
FoundPath find_path(std::string_view path, PathWalk walk = PathWalk::kernel);

}  // namespace wplug
