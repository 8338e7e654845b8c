// What ABIs look for in a module that has not been instantiated.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/abi.h"
#include "wplug/module.h"

namespace wplug {

// Whether the module exports a function of that name, whatever its type; and of exactly that type.
bool exports_function(const Module& module, std::string_view name);
bool exports_function(const Module& module, std::string_view name, const FuncType& type);
// (i32, …) -> (i32, …), with so many of each.
FuncType i32_function(size_t params, size_t results);

bool is_wasi_module(std::string_view import_module);
bool imports_from(const Module& module, std::string_view import_module);

// Error `link` that lists the imports which are neither WASI nor `known`. `abi` is named in it.
Result<void> check_imports(const Module& module, std::string_view abi,
                           const std::function<bool(const ImportType&)>& known);

// Error `misuse` for a grant that plugins of this ABI have no way to use: of a kind that is not in `usable`, or files that
// are no whole directory (what WASI opens).
Result<void> check_grants(const Grants& granted, std::string_view abi, const std::vector<CapabilityKind>& usable);

}  // namespace wplug
