// Attributes of files: records for the guest, times from it.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <variant>

#include "abi/wasi/errno.h"
#include "abi/wasi/state.h"
#include "abi/wasi/types.h"

namespace wplug::wasi {

// Writes the record of the version's layout.
Errno write_filestat(const Call& call, uint32_t at, const struct stat& status, Version version);

// Access and modification time for utimensat(2): given, now or left alone. `inval` for flags that contradict each
// other.
using FileTimes = std::array<timespec, 2>;
std::variant<FileTimes, Errno> file_times(uint64_t atim, uint64_t mtim, uint32_t fstflags);

}  // namespace wplug::wasi
