// Attempts of a hostile plugin to get out, and what has to come of each.
//
// To add some: write a file with a function that returns a Family, name it in `all_families` below and in families.cc and
// meson.build, and update the table with `escape-tests --write docs/security.md`. An id stays with its attempt for good; new
// attempts get the next number of their letter.
//
// Every attempt runs in a World of its own. It returns in a word what the plugin got; that is compared with what is expected,
// and then the world is looked at: the secret must be where and what it was, nothing may have appeared beside it, and what
// the plugin got must not contain it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/scratch_directory_test.h"
#include "wplug/capabilities.h"

namespace wplug::escape {

inline constexpr std::string_view kSecret = "the-secret-that-nobody-may-see";

// A folder `in`, all of which is granted to the plugin for reading and writing, with a `file`; and a folder `out` beside it,
// of which nothing is, with a `secret`.
class World {
 public:
  World();
  ScratchDirectory root;
  Policy policy;

  void grant(const std::string& text);
  std::string path(std::string_view name) const { return root.path(name); }
  // What is wrong with the world after an attempt; empty: nothing.
  std::string damage() const;
};

struct Attempt {
  std::string id;        // "F07"
  std::string what;      // what the plugin tries, in a few words
  std::string expected;  // "denied"
  std::function<std::string(World&)> run;
};

struct Family {
  std::string title;
  std::string through;  // the part of wplug that is asked
  std::vector<Attempt> attempts;
  // The same calls used as they are meant: they have to work, or the attempts would show nothing. Not in the table.
  std::vector<Attempt> controls;
};

Family grant_attempts();
Family file_attempts();
Family command_attempts();
Family wasi_attempts();

std::vector<Family> all_families();

}  // namespace wplug::escape
