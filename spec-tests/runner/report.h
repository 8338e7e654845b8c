// What a run found, and how it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wplug::spec {

struct Failure {
  uint32_t line = 0;  // of the .wast file; 0 for the script as a whole
  std::string command;
  std::string message;
};

struct FileReport {
  std::string file;  // as given, or relative to the folder that was given
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  std::vector<Failure> failures;
  std::map<std::string, size_t> skips;  // reason → commands

  void fail(uint32_t line, std::string command, std::string message) {
    ++failed;
    failures.push_back({line, std::move(command), std::move(message)});
  }
  void skip(const std::string& reason, size_t commands = 1) {
    skipped += commands;
    skips[reason] += commands;
  }
};

struct Report {
  std::vector<FileReport> files;

  size_t passed() const;
  size_t failed() const;
  size_t skipped() const;

  // A line per file and failure, the reasons for skipping, and the totals.
  std::string to_text() const;
  // {"passed":n,"failed":n,"skipped":n,"files":[{"file":…,"passed":n,"failed":n,"skipped":n,
  //  "failures":[{"line":n,"command":…,"message":…}]}]}, one line.
  std::string to_json() const;
};

}  // namespace wplug::spec
