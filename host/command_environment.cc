#include "host/command_environment.h"

#include <algorithm>
#include <set>

#include "host/json_text.h"

namespace wplug {
namespace {

// Each makes a program that is not meant run: a library, a start-up file, a helper named by the variable.
constexpr std::string_view kRefused[] = {
    "PATH", "IFS", "ENV", "SHELL", "SHELLOPTS", "BASHOPTS", "PS4", "CDPATH", "GLOBIGNORE", "PROMPT_COMMAND", "FPATH", "ZDOTDIR",
    "GCONV_PATH", "LOCPATH", "NLSPATH", "GLIBC_TUNABLES", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_HOST_CONF",
    "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "PHPRC",
    "PHP_INI_SCAN_DIR", "PAGER", "MANPAGER", "EDITOR", "VISUAL", "BROWSER", "LESSOPEN", "LESSCLOSE", "SSH_ASKPASS",
    "SUDO_ASKPASS", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "CURL_HOME", "AWKPATH", "AWKLIBPATH", "TERMINFO",
    "TERMINFO_DIRS", "TERMCAP", "MAKEFLAGS", "MAKEFILES", "TAR_OPTIONS", "RIPGREP_CONFIG_PATH", "HOME", "XDG_CONFIG_HOME"};
constexpr std::string_view kRefusedBeginnings[] = {"LD_",    "DYLD_", "BASH_", "MALLOC_", "PYTHON", "PERL",
                                                   "RUBY",   "GEM_",  "LUA_",  "GIT_",    "RSYNC_", "WPLUG_"};

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

bool is_refused(std::string_view name) {
  return std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused) ||
         std::any_of(std::begin(kRefusedBeginnings), std::end(kRefusedBeginnings),
                     [name](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

std::optional<std::string> environment_problem(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : environment) {
    const std::string shown = json_string(std::string_view(name).substr(0, 100));
    if (!is_name(name)) return "the variable " + shown + " has no valid name";
    if (is_refused(name)) return "the variable " + shown + " may not be given: it changes which programs run";
    if (value.find('\0') != std::string::npos) return "the variable " + shown + " has a NUL in its value";
    // Old shells take such a value for a function.
    if (value.starts_with("()")) return "the variable " + shown + " looks like a function of a shell";
    if (!names.insert(name).second) return "the variable " + shown + " is given twice";
  }
  return std::nullopt;
}

}  // namespace wplug
