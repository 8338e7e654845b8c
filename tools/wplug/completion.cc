// Completion scripts. They ask `wplug COMMAND --help` for the options, so there is no second list of them.
#include <fmt/core.h>

#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"

namespace wplug {
namespace {

constexpr const char* kBash = R"sh(_wplug() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "{0} --help --version" -- "$word"))
  elif [ "$COMP_CWORD" = 2 ] && [ "${{COMP_WORDS[1]}}" = {1} ]; then
    COMPREPLY=($(compgen -W "{2} --help" -- "$word"))
  elif [[ $word = -* ]]; then
    COMPREPLY=($(compgen -W "$(wplug "${{COMP_WORDS[1]}}" --help 2>/dev/null | grep -oE -e '--[a-z-]+')" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _wplug wplug
)sh";

constexpr const char* kZsh = R"sh(#compdef wplug
_wplug() {{
  if (( CURRENT == 2 )); then
    compadd {0} --help --version
  elif (( CURRENT == 3 )) && [[ $words[2] = {1} ]]; then
    compadd {2} --help
  elif [[ $words[CURRENT] = -* ]]; then
    compadd -- $(wplug $words[2] --help 2>/dev/null | grep -oE -e '--[a-z-]+')
  else
    _files
  fi
}}
compdef _wplug wplug
)sh";

constexpr const char* kFish = R"sh(complete -c wplug -n __fish_use_subcommand -f -a "{0}"
complete -c wplug -n "__fish_seen_subcommand_from {1}; and not __fish_seen_subcommand_from {2}" -f -a "{2}"
complete -c wplug -n "not __fish_use_subcommand" -a \
  "(wplug (commandline -opc)[2] --help 2>/dev/null | string match -rga -- '(--[a-z-]+)')"
)sh";

}  // namespace

int completion_command(CommandArguments arguments) {
  std::string shell;
  Arguments options("completion", "completion bash|zsh|fish", "Prints a completion script: source <(wplug completion bash)");
  options.positional("SHELL", "bash, zsh or fish", shell);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  const char* const script = shell == "bash" ? kBash : shell == "zsh" ? kZsh : shell == "fish" ? kFish : nullptr;
  if (script == nullptr) return usage_error("completion", "\"" + shell + "\" is not one of bash, zsh, fish");
  std::string names;
  std::string parent, subcommands;
  for (const Command& command : all_commands()) {
    names += (names.empty() ? "" : " ") + std::string(command.name);
    if (command.subcommands == nullptr) continue;
    parent = command.name;
    subcommands = command.subcommands();
  }
  fmt::print(fmt::runtime(script), names, parent, subcommands);
  return kExitOk;
}

}  // namespace wplug
