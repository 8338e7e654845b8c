// What `wplug profile` makes of a profile: a table, folded stacks, a flame graph.
#pragma once

#include <cstdint>
#include <string>

#include "wplug/profile.h"

namespace wplug {

// A path of calls deeper than this is shown with what stands at this depth.
inline constexpr size_t kMostFlameLevels = 256;

// The functions that executed most, at most so many, with their shares.
std::string profile_table(const CallProfile& profile, size_t most);
// One line for each path, "a;b;c 123", as flame graph programs read it.
std::string folded_stacks(const CallProfile& profile);
// An SVG that needs nothing else; in a browser a click on a function makes it as wide as the picture.
std::string flame_svg(const CallProfile& profile, const std::string& title);
// The same in a page, with the table below.
std::string flame_html(const CallProfile& profile, const std::string& title);

}  // namespace wplug
