// What commands say and end with.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/plugin.h"

namespace wplug {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;   // a plugin or record failed
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 65;  // a bad module or configuration, or a file that cannot be read
inline constexpr int kExitPolicy = 77;
inline constexpr int kExitTimeout = 124;
inline constexpr int kExitFuel = 125;
inline constexpr int kExitTrap = 134;
inline constexpr int kExitMemory = 137;

// "wplug: message" on stderr, in one line.
void say_error(std::string_view message);
// The frames of a trap, one a line, below its message.
void say_backtrace(const std::vector<std::string>& frames);
// Says it and returns kExitUsage; points to the command's help.
int usage_error(std::string_view command, std::string_view message);

// The exit code of an engine error.
int exit_code(const Error& error);
// "file", or "file:line:column" for an error about a place in a text.
std::string place_in(std::string_view file, const Error& error);
// Says `error` with the thing it is about in front, a trap with its backtrace; returns its exit code.
int report(std::string_view about, const Error& error);
// The same for a failed call of a plugin.
int report(std::string_view about, const Failure& failure);

// A snapshot of the environment.
std::map<std::string, std::string> environment();

// Whether the descriptor is a terminal that may get colours and progress (NO_COLOR and TERM=dumb say no).
bool is_fancy_terminal(int fd);

// The last part of a path.
std::string_view base_name(std::string_view path);

}  // namespace wplug
