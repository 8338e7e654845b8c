// How long the one question takes that every privileged call of a plugin asks: whether it is granted. Fifty grants, the one
// that covers the call last; every kind, and all kinds mixed.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "wplug/capabilities.h"

namespace wplug {
namespace {

constexpr int kGrants = 50;
constexpr int kCalls = 200'000;
constexpr int kRuns = 9;

// # becomes a number.
std::string numbered(std::string text, int number) {
  const size_t at = text.find('#');
  return at == std::string::npos ? text : text.replace(at, 1, std::to_string(number));
}

Policy policy_of(const std::vector<std::string>& patterns) {
  Policy policy;
  for (int i = 0; i < kGrants; ++i) {
    const std::string& pattern = patterns[static_cast<size_t>(i) % patterns.size()];
    if (!policy.granted.add(numbered(pattern, 10 + i)).ok()) std::printf("no capability: %s\n", pattern.c_str());
  }
  return policy;
}

// Of the processor, so that other work on the machine counts for little.
double nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of one call: the median of the runs, and the least.
void measure(const char* name, const Policy& policy, const Access& access) {
  std::vector<double> runs;
  for (int run = 0; run < kRuns; ++run) {
    int allowed = 0;
    const double begin = nanoseconds();
    for (int i = 0; i < kCalls; ++i) allowed += authorize(policy, access).allowed ? 1 : 0;
    const double took = nanoseconds() - begin;
    if (allowed != kCalls) std::printf("%s: not allowed\n", name);
    runs.push_back(took / kCalls);
  }
  std::sort(runs.begin(), runs.end());
  std::printf("| %-44s | %6.1f | %6.1f |\n", name, runs[kRuns / 2], runs[0]);
}

void measure_all() {
  const std::vector<std::string> arguments = {"log", "-n", "3"};
  const Access path{CapabilityKind::fs_read, "/srv/data/plugin59/input/records.ndjson"};
  const Access host{CapabilityKind::http, "api59.example.com", 443};
  const Access below{CapabilityKind::http, "eu.api59.example.com", 443};
  const Access address{CapabilityKind::network, "2001:db8::59", 443};
  const Access variable{CapabilityKind::env, "APP59_TOKEN"};
  const Access command{CapabilityKind::exec, "tool59", 0, arguments};
  Policy one;
  if (!one.granted.add("fs:read:/srv/**").ok()) std::printf("no capability\n");
  std::printf("| 50 grants like | median ns | least ns |\n|---|---:|---:|\n");
  measure("(one grant) fs:read:/srv/**", one, path);
  measure("fs:read:/srv/data/plugin10/**", policy_of({"fs:read:/srv/data/plugin#/**"}), path);
  measure("fs:read:/srv/*/plugin10/**/*.ndjson", policy_of({"fs:read:/srv/*/plugin#/**/*.ndjson"}), path);
  measure("fs:read:/srv/data/plugin10/input/records.ndjson",
          policy_of({"fs:read:/srv/data/plugin#/input/records.ndjson"}), path);
  measure("http:api10.example.com", policy_of({"http:api#.example.com"}), host);
  measure("http:*.api10.example.com", policy_of({"http:*.api#.example.com"}), below);
  measure("network:outbound:[2001:db8::10]:443", policy_of({"network:outbound:[2001:db8::#]:443"}), address);
  measure("env:APP10_*", policy_of({"env:APP#_*"}), variable);
  measure("env:*10_TOKEN", policy_of({"env:*#_TOKEN"}), variable);
  measure("exec:tool10 log **", policy_of({"exec:tool# log **"}), command);
  const Policy mixed = policy_of({"fs:read:/srv/data/plugin#/**", "http:*.api#.example.com", "env:APP#_*", "exec:tool# log **",
                                  "fs:read:/srv/data/plugin#/input/*"});
  measure("all kinds mixed", mixed, path);
  Policy declaring = policy_of({"fs:read:/srv/data/plugin#/**"});
  declaring.declared = declaring.granted;
  measure("fs:read:…, granted and declared", declaring, path);
}

}  // namespace
}  // namespace wplug

int main() {
  wplug::measure_all();
  return 0;
}
