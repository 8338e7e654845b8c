// From a package to an installed plugin: everything that can be checked is, before anything is written.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "host/plugin_package.h"
#include "host/plugin_store.h"
#include "host/signature.h"
#include "wplug/engine.h"
#include "wplug/plugin.h"

namespace wplug {

struct InstallOptions {
  std::string name;                // instead of the package's
  bool require_signature = false;
  bool pinned = false;             // the operator gave the module's hash
  bool dry_run = false;
  const TrustedKeys* keys = nullptr;
};

struct Installed {
  LockedPlugin plugin;
  std::string signed_by;                  // the trusted key's name; empty: it is not signed
  std::optional<LockedPlugin> replaced;   // what had the name before
  bool unchanged = false;                 // the same was installed already
};

// Checks the signature, the module, its ABI, what it needs of this host and what it says of itself (asked with nothing granted);
// then installs. Errors: of all these.
Result<Installed> install_package(const Engine& engine, std::span<const PluginAbi* const> abis,
                                  const HostServices& services, PluginStore& store, const PluginPackage& package,
                                  const InstallOptions& options);

// Limits to try a plugin with: those of its manifest, else generous ones.
PluginOptions options_for_trying(const std::string& name, const std::optional<PluginManifest>& manifest);

struct Checked {
  bool hash_ok = false;
  std::string signature;  // "none", "trusted: NAME", or why not
  bool signature_ok = true;
  std::string health;     // "ok", or why not
  bool healthy = false;
  bool ok() const { return hash_ok && signature_ok && healthy; }
};

// Looks at an installed plugin: the hash of its module, its signature, its protocol, whether it starts and says it is healthy.
Checked check_installed(ModuleCache& cache, std::span<const PluginAbi* const> abis, const HostServices& services,
                        const PluginStore& store, const LockedPlugin& plugin, const TrustedKeys& keys,
                        bool require_signature);

}  // namespace wplug
