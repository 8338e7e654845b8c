// Paths of a guest, kept below the directory they start from.
//
// Every operation on a path is done in two steps: resolve() finds the *parent directory* of what the path names, as an
// open descriptor that is certainly at or below the root, and the *last component*, a single name without slashes. The
// caller then uses an `…at` call on that pair and never follows a symbolic link with it (O_NOFOLLOW,
// AT_SYMLINK_NOFOLLOW). So whoever swaps directories for links at the same time can make an operation fail, but not
// leave the root.
//
// A link in the last place is followed here, by reading it and resolving its text in its place. Absolute links and
// paths, and a
// `..` above the root, are refused with `perm`, as other hosts do.
//
// There are two ways to get to the parent directory. Where the kernel has openat2(2), one call with RESOLVE_BENEATH
// does it. Else components are opened one by one with O_NOFOLLOW; links are expanded by hand, and the directories on
// the way stay open so that
// `..` goes back to where we came from, wherever that has been moved meanwhile.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "abi/wasi/errno.h"
#include "abi/wasi/host_file.h"

namespace wplug::wasi {

enum class PathWalk : uint8_t {
  kernel,      // openat2
  components,  // one by one
};

// What this kernel (and sandbox around it) allows. One system call.
PathWalk best_path_walk();

inline constexpr size_t kMaxPathLength = 4096;
inline constexpr int kMaxSymlinks = 40;

struct ResolvedPath {
  HostFile parent;               // may borrow the root
  std::string name;              // one component; "." when the path names the parent itself
  bool wants_directory = false;  // ended with a slash, "." or ".."
};

using PathResult = std::variant<ResolvedPath, Errno>;

// Resolves `path` below the open directory `root`. `follow_last`: a symbolic link in the last place is followed; one
// that leads nowhere gives the pair that it names. Errors: noent (empty), inval (a NUL), nametoolong, perm (out of the
// root), loop, what the system says.
PathResult resolve_path(PathWalk walk, int root, std::string_view path, bool follow_last);

}  // namespace wplug::wasi
