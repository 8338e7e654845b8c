#include "spec-tests/runner/report.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace wplug::spec {
namespace {

size_t sum(const std::vector<FileReport>& files, size_t FileReport::* member) {
  size_t total = 0;
  for (const FileReport& file : files) total += file.*member;
  return total;
}

std::string counts(size_t passed, size_t failed, size_t skipped) {
  std::string text = std::to_string(passed) + " passed, " + std::to_string(failed) + " failed";
  if (skipped != 0) text += ", " + std::to_string(skipped) + " skipped";
  return text;
}

std::string_view verdict_of(const FileReport& file) {
  if (file.failed != 0) return "FAIL  ";
  return file.passed == 0 && file.skipped != 0 ? "skip  " : "ok    ";
}

std::string file_text(const FileReport& file) {
  std::string text = std::string(verdict_of(file)) + file.file + ": " + counts(file.passed, file.failed, file.skipped);
  // A whole file is skipped for one reason.
  if (file.passed == 0 && file.skips.size() == 1) text += " (" + file.skips.begin()->first + ")";
  text += "\n";
  for (const Failure& failure : file.failures) {
    const std::string place = failure.line == 0 ? "" : "line " + std::to_string(failure.line) + ": ";
    text += "        " + place + failure.command + ": " + failure.message + "\n";
  }
  return text;
}

nlohmann::ordered_json file_json(const FileReport& file) {
  nlohmann::ordered_json failures = nlohmann::ordered_json::array();
  for (const Failure& failure : file.failures) {
    failures.push_back({{"line", failure.line}, {"command", failure.command}, {"message", failure.message}});
  }
  return {{"file", file.file},
          {"passed", file.passed},
          {"failed", file.failed},
          {"skipped", file.skipped},
          {"failures", std::move(failures)}};
}

}  // namespace

size_t Report::passed() const { return sum(files, &FileReport::passed); }
size_t Report::failed() const { return sum(files, &FileReport::failed); }
size_t Report::skipped() const { return sum(files, &FileReport::skipped); }

std::string Report::to_text() const {
  std::string text;
  std::map<std::string, size_t> skips;
  for (const FileReport& file : files) {
    text += file_text(file);
    for (const auto& [reason, commands] : file.skips) skips[reason] += commands;
  }
  for (const auto& [reason, commands] : skips) text += "skipped " + std::to_string(commands) + ": " + reason + "\n";
  return text + std::to_string(files.size()) + " files: " + counts(passed(), failed(), skipped()) + "\n";
}

std::string Report::to_json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const FileReport& file : files) list.push_back(file_json(file));
  const nlohmann::ordered_json document = {
      {"passed", passed()}, {"failed", failed()}, {"skipped", skipped()}, {"files", std::move(list)}};
  // Messages quote names of modules, which need not be UTF-8.
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wplug::spec
