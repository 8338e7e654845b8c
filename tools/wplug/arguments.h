// The command line of one command: CLI11 behind a door, so that its headers are compiled once and every mistake is worded
// the same way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

class Arguments {
 public:
  // Turns a value's text into something; the error is shown with the option's name.
  using Reader = std::function<Result<void>(const std::string& text)>;

  // `usage` is what stands behind "wplug": "run TARGET [options]".
  Arguments(std::string command, std::string usage, std::string summary);
  ~Arguments();

  void flag(const char* name, const char* help, bool& to);
  // A flag that may have a value: "--stats" gives `without`, "--stats=json" gives "json".
  void flag_or_value(const char* name, const char* without, const char* help, std::string& to);
  void option(const char* name, const char* value, const char* help, std::string& to);
  void option(const char* name, const char* value, const char* help, Reader reader);
  // May be given more than once.
  void options(const char* name, const char* value, const char* help, Reader reader);
  void choice(const char* name, std::vector<std::string> choices, const char* help, std::string& to);
  void positional(const char* name, const char* help, std::string& to);
  void optional_positional(const char* name, const char* help, std::string& to);
  void optional_positionals(const char* name, const char* help, std::vector<std::string>& to);
  void positionals(const char* name, const char* help, std::vector<std::string>& to);
  // Options added from here on stand under this heading in the help.
  void group(const char* heading);
  // Shown below the options.
  void footer(const char* text);

  // nullopt: go on. Else the exit code: help was printed, or what is wrong with the arguments.
  std::optional<int> parse(std::vector<std::string> arguments);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wplug
