// What a plugin wants against what it is granted, for people who write grants.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wplug/plugin.h"

namespace wplug {

enum class Coverage : uint8_t {
  missing,  // nothing of it is granted
  partly,   // some of what it covers
  granted,
};

std::string_view to_string(Coverage coverage);

// What `granted` has of a capability that is wanted, by its pattern. Exact for patterns without wildcards and for the same
// patterns; for others a pattern counts as the text it is.
Coverage coverage(const Grants& granted, const Capability& wanted);

struct WantedCapability {
  std::string text;      // a kind ("http") or a capability in full
  bool declared = false;  // by the plugin; else its imports show it
  Coverage coverage = Coverage::missing;
};

struct GrantedCapability {
  Capability capability;
  bool wanted = false;  // by what the plugin declares or imports
  std::string broad;    // why it is broad; empty: it is not
};

struct GrantReport {
  std::string plugin, abi;
  std::string problem;  // why the plugin could not say what it declares; empty: it could, or need not
  std::vector<WantedCapability> wanted;
  std::vector<GrantedCapability> granted;
};

// Runs the plugin, with nothing granted to it, if its ABI makes plugins declare.
GrantReport report_grants(const Plugin& plugin);

}  // namespace wplug
