// Which variables a plugin may give to a command.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wplug {

// The only folders that commands are looked for in, and the PATH that they get.
inline constexpr std::string_view kCommandPath = "/usr/local/bin:/usr/bin:/bin";

// What is wrong with the first variable that a command may not get; nullopt: all are well. A variable that makes loaders,
// shells or interpreters run something else than the command that was granted is refused by its name.
std::optional<std::string> environment_problem(const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace wplug
