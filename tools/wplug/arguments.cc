#include "tools/wplug/arguments.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "tools/wplug/console.h"

namespace wplug {

namespace {

// CLI11's help with our own first lines.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override { return "usage: wplug " + usage_ + "\n"; }

 private:
  std::string usage_;
};

}  // namespace

struct Arguments::Impl {
  Impl(std::string name, std::string usage_text, std::string summary)
      : command(std::move(name)), usage(std::move(usage_text)), app(std::move(summary)) {}

  CLI::Option* grouped(CLI::Option* added) { return group.empty() ? added : added->group(group); }

  // Reads as values arrive and keeps the first complaint.
  CLI::callback_t reading(const char* name, Reader reader) {
    return [this, option_name = std::string(name), reader = std::move(reader)](const CLI::results_t& values) {
      for (const std::string& value : values) {
        if (auto read = reader(value); !read.ok() && complaint.empty()) {
          complaint = option_name + ": " + read.error().message();
        }
      }
      return true;
    };
  }

  std::string command;
  std::string usage;
  std::string group;
  std::string complaint;
  // Flags that may have a value, and the value that stands for none.
  std::vector<std::pair<std::string, std::string>> valued_flags;
  CLI::App app;
};

Arguments::Arguments(std::string command, std::string usage, std::string summary)
    : impl_(std::make_unique<Impl>(std::move(command), std::move(usage), std::move(summary))) {
  impl_->app.name("wplug " + impl_->command);
  impl_->app.formatter(std::make_shared<HelpFormatter>(impl_->usage));
}
Arguments::~Arguments() = default;

void Arguments::flag(const char* name, const char* help, bool& to) {
  impl_->grouped(impl_->app.add_flag(name, to, help));
}

void Arguments::flag_or_value(const char* name, const char* without, const char* help, std::string& to) {
  impl_->valued_flags.emplace_back(name, without);
  impl_->grouped(impl_->app.add_option(name, to, help))->type_name("[=VALUE]");
}

void Arguments::option(const char* name, const char* value, const char* help, std::string& to) {
  impl_->grouped(impl_->app.add_option(name, to, help))->type_name(value);
}

void Arguments::option(const char* name, const char* value, const char* help, Reader reader) {
  impl_->grouped(impl_->app.add_option(name, impl_->reading(name, std::move(reader)), help))->type_name(value);
}

void Arguments::options(const char* name, const char* value, const char* help, Reader reader) {
  CLI::Option* added = impl_->app.add_option(name, impl_->reading(name, std::move(reader)), help);
  impl_->grouped(added)->type_name(value)->allow_extra_args(false)->multi_option_policy(
      CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::choice(const char* name, std::vector<std::string> choices, const char* help, std::string& to) {
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : "|") + choice;
  auto read = [&to, choices = std::move(choices), list](const std::string& text) -> Result<void> {
    for (const std::string& choice : choices) {
      if (choice == text) {
        to = text;
        return {};
      }
    }
    return Error(ErrorKind::misuse, "\"" + text + "\" is not one of " + list);
  };
  impl_->grouped(impl_->app.add_option(name, impl_->reading(name, std::move(read)), help))->type_name(list);
}

void Arguments::positional(const char* name, const char* help, std::string& to) {
  impl_->app.add_option(name, to, help)->required()->type_name("");
}

void Arguments::optional_positional(const char* name, const char* help, std::string& to) {
  impl_->app.add_option(name, to, help)->type_name("");
}

void Arguments::positionals(const char* name, const char* help, std::vector<std::string>& to) {
  impl_->app.add_option(name, to, help)->required()->type_name("");
}

void Arguments::optional_positionals(const char* name, const char* help, std::vector<std::string>& to) {
  impl_->app.add_option(name, to, help)->type_name("");
}

void Arguments::group(const char* heading) { impl_->group = heading; }
void Arguments::footer(const char* text) { impl_->app.footer(text); }

std::optional<int> Arguments::parse(std::vector<std::string> arguments) {
  // A value is given with "=" only: what follows after a blank is another argument.
  for (const auto& [name, value] : impl_->valued_flags) {
    std::replace(arguments.begin(), arguments.end(), name, name + "=" + value);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // the order CLI11 takes them in
    impl_->app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", impl_->app.help());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return usage_error(impl_->command, error.what());
  }
  if (!impl_->complaint.empty()) return usage_error(impl_->command, impl_->complaint);
  return std::nullopt;
}

}  // namespace wplug
