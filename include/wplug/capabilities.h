// Capabilities: what a plugin may reach outside its sandbox, and the one function that decides it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wplug {

enum class Capability : uint8_t { http, env };

// What the operator wrote down. The zero value denies everything.
struct Grants {
  std::vector<std::string> http;      // `example.com`, `*.example.com` (subdomains only), `*`; any port
  std::vector<std::string> fs_read;   // absolute paths, as `/srv/data/**`
  std::vector<std::string> fs_write;
  std::vector<std::string> env;       // names, `*` stands for any run of characters: `AWS_*`
  std::vector<std::string> exec;      // commands
};

struct Decision {
  bool allowed = false;
  // The grant names the target itself, not by a wildcard. Private network addresses need that.
  bool literal = false;
  // Why not, and which grant would allow it; empty when allowed.
  std::string reason;
};

// Whether `grants` cover `target`: a host name or address for http, a variable's name for env. Every privileged host
// function asks here first.
Decision authorize(const Grants& grants, Capability capability, std::string_view target);

// What is wrong with a grant's text, if anything; such a grant would never match or would grant something else.
std::optional<std::string> grant_problem(Capability capability, std::string_view pattern);

}  // namespace wplug
