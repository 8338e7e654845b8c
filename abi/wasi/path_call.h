// What the functions on paths share: from the guest's descriptor and text to a directory of the host and one name in
// it.
#pragma once

#include <string_view>
#include <variant>

#include "abi/wasi/path.h"
#include "abi/wasi/state.h"
#include "abi/wasi/types.h"

namespace wplug::wasi {

// An open directory of the guest with the rights; badf, notdir, `rofs` when the call changes what is below a read-only
// one, notcapable.
std::variant<Descriptor*, Errno> find_directory(Call& call, uint32_t fd, Rights needed, bool changes);

// Resolves the guest's text below the directory. A last link is followed when `follow` says so.
PathResult find_path(Call& call, const Descriptor& directory, uint32_t path, uint32_t path_size, bool follow);

// Whether the text ends with a slash, and so means a directory even where it names a link to one.
bool has_trailing_slash(const Call& call, uint32_t path, uint32_t path_size);

}  // namespace wplug::wasi

// `WPLUG_WASI_PATH(found, find_path(…))`: declares `found`, a ResolvedPath&, or returns the error number.
#define WPLUG_WASI_PATH(name, expr) WPLUG_WASI_PATH_IMPL(name, expr, WPLUG_CONCAT(wplug_path_, __LINE__))
#define WPLUG_WASI_PATH_IMPL(name, expr, tmp)              \
  auto tmp = (expr);                                       \
  if (std::holds_alternative<::wplug::wasi::Errno>(tmp)) { \
    return std::get<::wplug::wasi::Errno>(tmp);            \
  }                                                        \
  ::wplug::wasi::ResolvedPath& name = std::get<::wplug::wasi::ResolvedPath>(tmp)
