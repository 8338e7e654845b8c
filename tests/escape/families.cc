#include <dirent.h>

#include "tests/escape/attempt.h"

namespace wplug::escape {

World::World() {
  root.folder("in");
  root.folder("out");
  root.write("in/file", "granted");
  root.write("out/secret", kSecret);
  policy.plugin = "escape";
  grant("fs:read:" + path("in/**"));
  grant("fs:write:" + path("in/**"));
}

void World::grant(const std::string& text) {
  if (!policy.granted.add(text).ok()) throw std::runtime_error("a test grants what is no capability: " + text);
}

std::string World::damage() const {
  if (root.read("out/secret") != kSecret) return "the secret was changed";
  size_t entries = 0;
  if (DIR* folder = ::opendir(path("out").c_str())) {
    while (::readdir(folder) != nullptr) ++entries;
    ::closedir(folder);
  }
  return entries == 3 ? "" : "something appeared beside the secret";
}

std::vector<Family> all_families() { return {grant_attempts(), file_attempts(), command_attempts(), wasi_attempts()}; }

}  // namespace wplug::escape
