// Runs every attempt, and makes the table of them.
//
//   escape-tests                       runs them all; a line for each that comes out otherwise than it has to
//   escape-tests --check docs/security.md   fails when the table there is not the one of these attempts
//   escape-tests --write docs/security.md   puts it there
#include <cstdio>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "tests/escape/attempt.h"

namespace wplug::escape {
namespace {

constexpr std::string_view kBegin = "<!-- attempts: made by escape-tests --write -->\n";
constexpr std::string_view kEnd = "<!-- end of attempts -->\n";

// Empty: it came out as it has to.
std::string complaint_about(const Attempt& attempt) {
  try {
    World world;
    const std::string got = attempt.run(world);
    if (got.find(kSecret) != std::string::npos) return "THE SECRET GOT OUT";
    if (got != attempt.expected) return "expected " + attempt.expected + ", got " + got;
    return world.damage();
  } catch (const std::exception& error) {
    return error.what();
  }
}

int run_all() {
  size_t passed = 0, failed = 0;
  std::set<std::string> ids;
  for (const Family& family : all_families()) {
    for (const auto* list : {&family.controls, &family.attempts}) {
      for (const Attempt& attempt : *list) {
        std::string complaint = complaint_about(attempt);
        if (!ids.insert(attempt.id).second) complaint = "there are two of that number";
        (complaint.empty() ? passed : failed) += 1;
        if (!complaint.empty()) std::cout << "FAILED " << attempt.id << " " << attempt.what << ": " << complaint << "\n";
      }
    }
  }
  std::cout << "tests: " << passed << " passed, " << failed << " failed\n";
  return failed == 0 && passed > 0 ? 0 : 1;
}

std::string table() {
  std::ostringstream text;
  size_t count = 0;
  for (const Family& family : all_families()) count += family.attempts.size();
  text << kBegin << "\n" << count << " attempts.\n";
  for (const Family& family : all_families()) {
    text << "\n### " << family.title << "\n\nThrough " << family.through << ".\n\n| | attempt | outcome |\n|---|---|---|\n";
    for (const Attempt& attempt : family.attempts) {
      text << "| " << attempt.id << " | " << attempt.what << " | " << attempt.expected << " |\n";
    }
  }
  text << "\n" << kEnd;
  return text.str();
}

int with_document(const std::string& file, bool write) {
  std::ifstream in(file);
  std::ostringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    std::cout << file << ": has no place for the table of attempts\n";
    return 1;
  }
  const std::string wanted = text.substr(0, begin) + table() + text.substr(end + kEnd.size());
  if (!write) {
    if (text != wanted) std::cout << file << ": the table is not up to date: escape-tests --write " << file << "\n";
    return text == wanted ? 0 : 1;
  }
  std::ofstream(file) << wanted;
  return 0;
}

}  // namespace
}  // namespace wplug::escape

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  if (mode.empty()) return wplug::escape::run_all();
  if (count == 3 && (mode == "--check" || mode == "--write")) return wplug::escape::with_document(arguments[2], mode == "--write");
  std::cout << "escape-tests [--check FILE | --write FILE]\n";
  return 2;
}
