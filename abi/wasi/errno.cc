#include "abi/wasi/errno.h"

#include <cerrno>

namespace wplug::wasi {

namespace {

struct Row {
  int host;
  Errno guest;
};

constexpr Row kRows[] = {
#define WPLUG_ERRNO(name, number, host) {host, Errno::name},
#include "abi/wasi/errno.def"
};

}  // namespace

Errno from_host(int host_errno) {
  if (host_errno == 0) return Errno::success;
  for (const Row& row : kRows) {
    if (row.host == host_errno) return row.guest;
  }
  return Errno::io;
}

Errno last_error() { return from_host(errno); }

}  // namespace wplug::wasi
