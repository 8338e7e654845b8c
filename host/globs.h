// Patterns of capabilities against what a plugin asks for. Both are hostile: every function takes time in the product of the
// two sizes at most and allocates nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wplug {

// `*` stands for any run of characters, all others for themselves.
bool matches_wildcard(std::string_view pattern, std::string_view text);

// The same with `?` for any one character.
bool matches_glob(std::string_view pattern, std::string_view text);

// Whether a path is absolute and each name in it leads down: no `.`, `..`, empty name, slash at the end or NUL; "/" is one.
bool is_plain_path(std::string_view path);

// A plain path against a pattern of the same form: `*` any run within a name, `?` one character of it, `**` alone between
// slashes any names, at the end at least one.
bool matches_path(std::string_view pattern, std::string_view path);

// Arguments against one pattern for each: `*` in it any run of characters, `**` alone any number of arguments.
bool matches_arguments(std::span<const std::string> patterns, std::span<const std::string> arguments);

// The first name of a path that begins with a slash, and what follows it.
std::pair<std::string_view, std::string_view> first_name(std::string_view path);

}  // namespace wplug
