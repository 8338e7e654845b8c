// ABI 2, `reglet`: observations of a system, made by plugins that ask the host for everything they look at.
//
// Exports of a plugin: allocate(size) -> ptr, deallocate(ptr, size), a memory, observe(ptr, len) -> packed evidence,
// describe() -> packed {name, version, description, capabilities}, schema() -> packed JSON Schema; later plugins have
// _manifest() in place of describe and schema, and _observe. Packed is (ptr << 32) | len. A call:
//
//     at = allocate(len); write the configuration there; result = observe(at, len); read it; deallocate both
//
// What is observed is the stage's `config`, each value replaced by the record's of the same name; the result is evidence
// in one shape (observation.h). Host functions are listed in functions.def, module `reglet_host`: JSON in, JSON out, in
// memory from the plugin's allocate. A plugin declares capabilities; it gets what is granted and declared.
#pragma once

#include <string>

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& reglet_abi();

// The names that a module has for the functions of the ABI; empty where it has none.
struct RegletNames {
  std::string describe, schema, observe;
};
RegletNames reglet_names(const Module& module);

}  // namespace wplug
