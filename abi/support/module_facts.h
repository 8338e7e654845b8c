// What ABIs look for in a module that has not been instantiated.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/abi.h"
#include "wplug/module.h"

namespace wplug {

// Null: there is no such export.
const ExternType* find_export(std::span<const ExportType> exports, std::string_view name);

// Whether `name` is an exported function of `type`.
bool exports_function(std::span<const ExportType> exports, std::string_view name, const FuncType& type);

enum class Presence : uint8_t { required, optional };
// Errors link: `name` is exported as something else than a function of `type`, or is required and missing. `abi` is named
// in the message.
Result<void> check_export(std::span<const ExportType> exports, std::string_view name, const FuncType& type,
                          Presence presence, std::string_view abi);

// Errors link: the memory is required and missing, or has 64-bit addresses.
Result<void> check_memory(std::span<const ExportType> exports, Presence presence, std::string_view abi);

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

// What the host functions that a module imports need, each once, in the order of the imports. `capability_of` says it of one
// import; nullopt: it is none of the ABI's, or needs nothing.
std::vector<std::string> imported_capabilities(
    const Module& module, const std::function<std::optional<std::string_view>(const ImportType&)>& capability_of);

// Error `misuse` for a grant that plugins of this ABI have no way to use: of a kind that is not in `usable`, or files that
// are no whole directory (what WASI opens).
Result<void> check_grants(const Grants& granted, std::string_view abi, const std::vector<CapabilityKind>& usable);

}  // namespace wplug
