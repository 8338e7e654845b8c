// Capabilities: what a plugin may reach outside its sandbox, and the one function that decides it.
//
// One grammar for what plugins declare and operators grant:
//   fs:read:<glob>, fs:write:<glob>       absolute path; `*` within a name, `?` one character of it, `**` any names; at the
//                                         end at least one: /srv/** is what is below /srv
//   network:outbound:<list>               of HOST:PORT, PORT, PORT-PORT, HOST:*, separated by commas; TCP, DNS, SMTP, HTTP
//   http:<list>                           of `example.com`, `*.example.com` (subdomains only), `*`, each with :PORT or any
//   env:<pattern>                         names; `*` stands for any run of characters: `AWS_*`
//   exec:<command> [<argument> …]         without arguments: any; `*` is any one argument, `**` any number of them
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

enum class CapabilityKind : uint8_t { fs_read, fs_write, network, http, env, exec };

// The prefix of the grammar: "fs:read".
std::string_view to_string(CapabilityKind kind);

struct Capability {
  CapabilityKind kind;
  std::string pattern;   // what follows the prefix and its colon
  std::string location;  // "file:line:column" where it was written, when known
  std::string to_string() const;
};

// Errors misuse: an unknown kind, a pattern that would never match or grant something else than it seems to.
Result<Capability> parse_capability(std::string_view text, std::string location = {});

// What a privileged call asks for. Views are borrowed for the call.
struct Access {
  CapabilityKind kind;
  // fs: an absolute path without `.`, `..` and doubled slashes; network, http: a host name or address; env: a name;
  // exec: the command.
  std::string_view target;
  uint16_t port = 0;                        // network, http
  std::span<const std::string> arguments = {};  // exec, without the command
  // In the grammar, as a grant of exactly this: "fs:read:/etc/passwd".
  std::string to_string() const;
};

struct Decision;
struct GrantRules;  // patterns made ready for comparing
struct Policy;

// A set of capabilities. The zero value covers nothing.
class Grants {
 public:
  void add(Capability capability);
  // Errors: as of parse_capability.
  Result<void> add(std::string_view text, std::string location = {});
  const std::vector<Capability>& list() const { return list_; }
  bool empty() const { return list_.empty(); }
  // The first capability that covers `access`, one that names its target without a wildcard before others; null: none.
  // An http access is covered by http and by network capabilities.
  const Capability* find(const Access& access) const;

 private:
  friend Decision authorize(const Policy& policy, const Access& access);
  std::vector<Capability> list_;
  std::shared_ptr<GrantRules> rules_;  // shared by copies until one of them is added to
};

// What one plugin may do: what is granted and, where its ABI makes it declare, declared.
struct Policy {
  std::string plugin;                    // in messages
  Grants granted;
  std::optional<Grants> declared;        // nullopt: this ABI has no declarations
  std::string location;                  // of the plugin's configuration, "file:line:column"; may be empty
};

struct Decision {
  bool allowed = false;
  // The grant names the target itself, not by a wildcard. Private network addresses need that.
  bool literal = false;
  // Why not: plugin, capability and the line of configuration that would allow it; empty when allowed.
  std::string reason;
};

// Whether `policy` covers `access`. Every privileged host function asks here first. A target that is not in the form that
// Access demands (a path with `..`, a host with a user in front, `127.1`) is covered by nothing, `*` and `/**` included.
// Allocates nothing when it is allowed.
Decision authorize(const Policy& policy, const Access& access);

// Why a grant is broader than it looks safe (all files, all variables, a shell); nullopt: it is not.
std::optional<std::string> broadness(const Capability& capability);

}  // namespace wplug
