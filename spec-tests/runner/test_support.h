// Scripts and modules on disk for the runner's tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wplug::spec {

// A new folder, removed with everything in it at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  // Writes a file, making its folders; the path of it.
  std::string write(const std::string& name, std::string_view contents) const;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A module that exports `add` and `div` (i32, i32) -> i32, `spin` () -> () that never returns, and the global `g` = 42.
std::string arithmetic_module();
// A module that imports `math.add` and exports it again as `sum`.
std::string importing_module();
// A module that exports `id` (externref) -> externref and `host` () -> funcref null.
std::string reference_module();

// A script of these commands, each the members of a JSON object.
std::string script_of(const std::vector<std::string>& commands);

}  // namespace wplug::spec
