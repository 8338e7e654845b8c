// What ABIs ask of a module before anything runs.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/module.h"
#include "wplug/types.h"

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

bool is_wasi_module(std::string_view name);

// Errors link: lists the imports that are neither WASI's nor known.
Result<void> check_imports(const Module& module, std::string_view abi,
                           const std::function<bool(const ImportType&)>& is_known);

}  // namespace wplug
