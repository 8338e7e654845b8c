// What authorize() is asked: forms of names that a careless comparison would let through.
#include "tests/escape/attempt.h"

namespace wplug::escape {
namespace {

using Grantings = std::vector<std::string>;

std::string ask(const Grantings& granted, const Access& access) {
  Policy policy;
  for (const std::string& text : granted) {
    if (!policy.granted.add(text).ok()) return "no capability: " + text;
  }
  return authorize(policy, access).allowed ? "allowed" : "denied";
}

Attempt reaches(std::string id, std::string what, Grantings granted, std::string host, uint16_t port = 443,
                std::string expected = "denied") {
  return {std::move(id), std::move(what), std::move(expected), [=](World&) {
            return ask(granted, {CapabilityKind::http, host, port});
          }};
}

Attempt opens(std::string id, std::string what, Grantings granted, std::string path, std::string expected = "denied") {
  return {std::move(id), std::move(what), std::move(expected), [=](World&) {
            return ask(granted, {CapabilityKind::fs_read, path});
          }};
}

Attempt runs(std::string id, std::string what, Grantings granted, std::string command, Grantings arguments,
             std::string expected = "denied") {
  return {std::move(id), std::move(what), std::move(expected), [=](World&) {
            return ask(granted, {CapabilityKind::exec, command, 0, arguments});
          }};
}

Attempt sees(std::string id, std::string what, Grantings granted, std::string name, std::string expected = "denied") {
  return {std::move(id), std::move(what), std::move(expected), [=](World&) {
            return ask(granted, {CapabilityKind::env, name});
          }};
}

std::string declare(const Grantings& declared, const Access& access) {
  Policy policy;
  policy.declared.emplace();
  for (const char* text : {"fs:read:/**", "http:*", "exec:sh", "env:*"}) {
    if (!policy.granted.add(text).ok()) return "no capability";
  }
  for (const std::string& text : declared) {
    if (!policy.declared->add(text).ok()) return "no capability";
  }
  return authorize(policy, access).allowed ? "allowed" : "denied";
}

}  // namespace

Family grant_attempts() {
  Family family{"Names and grants", "the one function that decides, `authorize`", {}, {}};
  family.attempts = {
      opens("G01", "`..` in a path below what is granted", {"fs:read:/srv/**"}, "/srv/../etc/passwd"),
      opens("G02", "`..` at the end of a path", {"fs:read:/srv/**"}, "/srv/a/.."),
      opens("G03", "`.` in a path", {"fs:read:/srv/**"}, "/srv/./a"),
      opens("G04", "doubled slashes", {"fs:read:/srv/**"}, "/srv//a"),
      opens("G05", "a relative path", {"fs:read:/srv/**"}, "srv/a"),
      opens("G06", "a NUL that ends the path early", {"fs:read:/srv/*.txt"}, std::string("/srv/secret\0.txt", 16)),
      opens("G07", "a name that begins like the granted folder's", {"fs:read:/srv/data/**"}, "/srv/database"),
      opens("G08", "the granted folder itself", {"fs:read:/srv/data/**"}, "/srv/data"),
      opens("G09", "a deeper file than `*` covers", {"fs:read:/srv/*"}, "/srv/a/b"),
      opens("G10", "`**` as a name", {"fs:read:/srv/a"}, "/srv/**"),
      opens("G11", "a path in another case", {"fs:read:/srv/a"}, "/SRV/A"),
      reaches("G12", "a host with a user in front", {"http:*"}, "api.example.com@evil.example"),
      reaches("G13", "a granted domain in front of another", {"http:example.com"}, "example.com.evil.example"),
      reaches("G14", "a domain that ends like the granted one", {"http:*.example.com"}, "evilexample.com"),
      reaches("G15", "the domain of a grant of subdomains", {"http:*.example.com"}, "example.com"),
      reaches("G16", "an empty label", {"http:*.example.com"}, ".example.com"),
      reaches("G17", "a port in the host's name", {"http:example.com"}, "example.com:22"),
      reaches("G18", "a path in the host's name", {"http:*.example.com"}, "evil.example/.example.com"),
      reaches("G19", "a backslash in the host's name", {"http:*.example.com"}, "evil.example\\.example.com"),
      reaches("G20", "a NUL in the host's name", {"http:*.example.com"}, std::string("evil\0.example.com", 17)),
      reaches("G21", "letters that look like others", {"http:example.com"}, "ex\xd0\xb0mple.com"),
      reaches("G22", "127.0.0.1 written `127.1`", {"http:*"}, "127.1"),
      reaches("G23", "127.0.0.1 as one number", {"http:*"}, "2130706433"),
      reaches("G24", "127.0.0.1 in hexadecimal", {"http:*"}, "0x7f000001"),
      reaches("G25", "127.0.0.1 in octal", {"http:*"}, "0177.0.0.1"),
      reaches("G26", "an IPv6 address with a zone", {"http:*"}, "fe80::1%eth0"),
      reaches("G27", "an address under a grant of subdomains", {"http:*.example.com"}, "::ffff:10.0.0.1"),
      reaches("G28", "another port than the granted", {"http:example.com:443"}, "example.com", 22),
      runs("G29", "the path of a command granted by name", {"exec:ls"}, "/bin/ls", {}),
      runs("G30", "a command of that name elsewhere", {"exec:/bin/ls"}, "/tmp/ls", {}),
      runs("G31", "arguments within the command's name", {"exec:git"}, "git push", {}),
      runs("G32", "another subcommand", {"exec:git log **"}, "git", {"push"}),
      runs("G33", "one argument more", {"exec:git log"}, "git", {"log", "--output=x"}),
      runs("G34", "a blank within one argument", {"exec:git log -1"}, "git", {"log -1"}),
      sees("G35", "a variable that begins otherwise", {"env:AWS_*"}, "XAWS_KEY"),
      sees("G36", "a variable in another case", {"env:AWS_*"}, "aws_key"),
      sees("G37", "a variable with a NUL", {"env:A*"}, std::string("A\0B", 3)),
      {"G38", "what is granted but not declared", "denied",
       [](World&) { return declare({}, {CapabilityKind::fs_read, "/etc/passwd"}); }},
      {"G39", "more than is declared", "denied",
       [](World&) { return declare({"fs:read:/srv/*"}, {CapabilityKind::fs_read, "/srv/a/b"}); }},
      {"G40", "another kind than is declared", "denied",
       [](World&) { return declare({"fs:read:/**"}, {CapabilityKind::exec, "sh"}); }},
  };
  family.controls = {
      opens("G01-control", "a granted path", {"fs:read:/srv/**"}, "/srv/a/b", "allowed"),
      reaches("G02-control", "a granted host", {"http:*.example.com"}, "api.example.com", 443, "allowed"),
      reaches("G03-control", "any host", {"http:*"}, "127.0.0.1", 443, "allowed"),
      runs("G04-control", "a granted command", {"exec:git log **"}, "git", {"log", "-1"}, "allowed"),
      sees("G05-control", "a granted variable", {"env:AWS_*"}, "AWS_KEY", "allowed"),
      {"G06-control", "what is granted and declared", "allowed",
       [](World&) { return declare({"fs:read:/srv/*"}, {CapabilityKind::fs_read, "/srv/a"}); }},
  };
  return family;
}

}  // namespace wplug::escape
