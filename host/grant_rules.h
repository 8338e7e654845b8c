// Capabilities made ready for comparing. authorize() is asked at every privileged call, so all that can be done once is done
// when a capability is added: lists are split, ports and addresses parsed, names lowered, and for each pattern eight bytes
// or a hash are kept that tell in one comparison that it does not match.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host_names.h"
#include "wplug/capabilities.h"

namespace wplug {

inline constexpr size_t kCapabilityKinds = 6;

// HOST, HOST:PORTS or, for the network, PORTS; an IPv6 address with a port has brackets.
struct Endpoint {
  std::string_view host;
  uint16_t first_port = 0, last_port = 65535;
};

// What is wrong with a pattern of this kind; nullopt: nothing.
std::optional<std::string> pattern_problem(CapabilityKind kind, std::string_view pattern);

// Of `allowed_hosts` in an Extism manifest: a host in which `*` stands for any run of characters and `?` for one, dots
// included. parse_capability refuses what has them anywhere but in front; a Capability that is made by hand may be one.
// What is wrong with it; nullopt: nothing.
std::optional<std::string> host_glob_problem(std::string_view pattern);

// What an access asks for, in the form in which rules are compared with it. Views into itself and the access: stays where
// it is.
struct Target {
  explicit Target(const Access& access);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const Access& access;
  std::string_view text;  // path, variable, command, host name
  uint64_t hash = 0;      // of it
  std::optional<HostAddress> address;
  bool is_plain = false;  // else nothing matches it
  // The ends of a path's first names; what is beyond has no filter.
  static constexpr size_t kMostNames = 12;
  static constexpr size_t kMostPath = 4096;  // no file has a longer one
  std::array<uint16_t, kMostNames> name_ends;
  size_t names = 0;
  // Whether `text` is a plain path; fills in its names.
  bool find_names();
  size_t name_begin(size_t at) const { return at == 0 ? 1 : name_ends[at - 1] + size_t{1}; }
  size_t name_size(size_t at) const { return name_ends[at] - name_begin(at); }
  std::string_view name(size_t at) const { return text.substr(name_begin(at), name_size(at)); }
  std::array<char, kMostHostName> host;
};

enum class Shape : uint8_t {
  any,        // of hosts
  exact,      // the text itself
  beginning,  // more than the text, and begins with it: /srv/data/
  ending,     // more than the text, and ends with it: .example.com
  address,
  path,       // a pattern
  wildcard,   // a pattern
  host_glob,  // a pattern
};

// One element of a capability.
struct Rule {
  uint32_t index = 0;  // of the capability in its list
  Shape shape = Shape::exact;
  uint16_t first_port = 0, last_port = 65535;
  uint32_t fixed = 0;  // how much of the text's beginning has no wildcard
  uint32_t slash = 0;  // of a path, where the last slash in that stands
  uint64_t probe = 0;  // the last eight bytes of that; of an ending its first; of an exact text its hash
  // Of a pattern, what else tells soon that it does not match: how many bytes behind its last wildcard are fixed, at most
  // eight, and these; and of a path a name in front of `**` without wildcards, by its place, with its last eight bytes.
  uint8_t tail_size = 0;
  uint64_t tail = 0;
  static constexpr uint8_t kNoName = 255;
  uint8_t name_at = kNoName;
  uint16_t name_size = 0;
  uint64_t name_probe = 0;
  std::string text;
  HostAddress address{};
  bool has_arguments = false;
  std::vector<std::string> arguments;
};

// Rules in the order in which they were added. Most do not match, and eight bytes of the target, always the same ones, tell;
// so rules that look at the same bytes are in one group, with what they want there side by side.
class RuleList {
 public:
  void push_back(Rule rule);
  // The first that covers the target; null: none.
  const Rule* find(const Target& target) const;
  std::vector<Rule>::const_iterator begin() const { return rules_.begin(); }
  std::vector<Rule>::const_iterator end() const { return rules_.end(); }

 private:
  // Which bytes: all (their hash), eight in front of `at`, the first eight of the last `at`, the last eight of name number
  // `at` with `size` bytes, the address.
  enum class Look : uint8_t { nowhere, hash, in_front, tail, name, address };
  struct Group {
    Look look;
    uint32_t at, size;
    std::vector<uint64_t> wanted;
    std::vector<uint32_t> rules;  // their indices, rising
  };
  static Group group_of(const Rule& rule, uint64_t& wanted);
  static bool read(const Group& group, const Target& target, uint64_t& bytes);
  std::vector<Rule> rules_;
  std::vector<Group> groups_;
};

struct GrantRules {
  struct OfKind {
    RuleList literal, wildcard;
  };
  std::array<OfKind, kCapabilityKinds> kinds;

  void add(const Capability& capability, uint32_t index);

  struct Found {
    uint32_t index;
    bool literal;
  };
  std::optional<Found> find(const Target& target) const;
};

}  // namespace wplug
