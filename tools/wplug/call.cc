// `wplug call`: one call of one plugin, for its author.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files.h"
#include "host/json_text.h"
#include "host/log.h"
#include "host/service_set.h"
#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "tools/wplug/modules.h"
#include "tools/wplug/plugin_commands.h"
#include "wplug/abis.h"
#include "wplug/plugin.h"

namespace wplug {
namespace {

struct CallCommand {
  const char* name = "call";
  bool entry_is_optional = false;
  std::string module, entry, abi, input;
  PluginOptions plugin;
  EngineOptions engine;
  bool stats = false;
};

// K=V: V as it is when it is JSON, else as a JSON string.
Result<void> add_config(PluginOptions& options, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) return Error(ErrorKind::misuse, "\"" + text + "\" must be KEY=VALUE");
  const std::string value = text.substr(equals + 1);
  options.config[text.substr(0, equals)] = find_json_problem(value) ? json_string(value) : value;
  return {};
}

// A capability in full, or KIND=PATTERN as the keys of a pipeline's `grants` have it.
Result<void> add_grant(Grants& grants, const std::string& text) {
  for (const auto& [key, prefix] : {std::pair{"fs_read=", "fs:read:"}, std::pair{"fs_write=", "fs:write:"},
                                    std::pair{"http=", "http:"}, std::pair{"env=", "env:"}, std::pair{"exec=", "exec:"},
                                    std::pair{"network=", "network:outbound:"}}) {
    if (text.starts_with(key)) return grants.add(prefix + text.substr(std::strlen(key)), "--grant");
  }
  return grants.add(text, "--grant");
}

// A file's contents where there is such a file, "-" is standard input, else the text itself.
Result<std::string> read_input(const std::string& input) {
  struct stat status {};
  const std::string path = input == "-" ? "/dev/stdin" : input;
  if (input != "-" && (::stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode))) return input;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(path));
  return std::string(bytes.begin(), bytes.end());
}

void add_options(Arguments& options, CallCommand& command) {
  PluginOptions& plugin = command.plugin;
  options.positional("MODULE", "a plugin: .wasm, .wat, a folder with plugin.toml, or the name of an installed one",
                     command.module);
  if (command.entry_is_optional) {
    options.optional_positional("ENTRY", "the entry to call; default: what the manifest or the ABI says", command.entry);
  } else {
    options.positional("ENTRY", "the entry to call", command.entry);
  }
  options.option("--input", "FILE|TEXT", "what the entry gets; - is standard input; default: nothing", command.input);
  options.options("--config", "KEY=VALUE", "a value for get_config, JSON or text",
                  [&plugin](const std::string& text) { return add_config(plugin, text); });
  options.options("--grant", "CAPABILITY", "http:HOST, env:NAME, fs:read:/DIR/**, fs:write:/DIR/**, network:outbound:HOST:PORT, exec:COMMAND",
                  [&plugin](const std::string& text) { return add_grant(plugin.grants, text); });
  options.option("--abi", "NAME", "the plugin ABI; default: told from the module", command.abi);
  options.flag("--stats", "print what the call took on stderr", command.stats);
}

int finish(const CallCommand& command, const PluginInstance& instance, const std::string& output) {
  for (const auto& [name, value] : instance.last_call().headers) fmt::print(stderr, "{}: {}\n", name, printable(value));
  std::fwrite(output.data(), 1, output.size(), stdout);
  if (!output.empty() && output.back() != '\n') fmt::print("\n");
  std::fflush(stdout);
  if (command.stats) {
    fmt::print(stderr, "{:.3f} ms, {} instructions, peak memory {}\n",
               std::chrono::duration<double, std::milli>(instance.duration()).count(),
               format_count(instance.instructions()), format_size(instance.peak_memory()));
  }
  return kExitOk;
}

void use_manifest(const PluginManifest& manifest, CallCommand& command) {
  manifest.apply_to(command.plugin);
  if (command.abi.empty()) command.abi = manifest.abi;
  if (command.plugin.entry.empty() && !manifest.exports.empty()) command.plugin.entry = manifest.exports.front();
}

// Made for trying things, so larger than a pipeline's defaults.
void fill_limits(LimitSettings& limits) {
  if (!limits.timeout) limits.timeout = std::chrono::seconds(5);
  if (!limits.memory) limits.memory = uint64_t{256} << 20;
  if (!limits.http_calls) limits.http_calls = 10;  // of hosts that are granted
}

// A manifest may say which entries there are; the ABI's own operations are always among them.
std::optional<std::string> entry_problem(const Plugin& plugin, const std::optional<PluginManifest>& manifest) {
  const std::string& entry = plugin.terms().entry;
  if (entry.empty()) return "name the entry to call: the plugin has none by itself";
  if (!manifest || manifest->exports.empty() || manifest->entry == entry) return std::nullopt;
  const auto has = [&entry](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), entry) != list.end();
  };
  if (has(manifest->exports) || has(plugin.abi().operations(plugin.module()))) return std::nullopt;
  return "\"" + entry + "\" is not one of the exports that the manifest lists";
}

int call(CallCommand& command) {
  auto engine = Engine::create(command.engine.config());
  if (!engine.ok()) return usage_error(command.name, engine.error().message());
  auto file = find_and_compile(*engine, command.module);
  if (!file.ok()) return report(command.module, file.error());
  if (file->manifest) use_manifest(*file->manifest, command);
  fill_limits(command.plugin.limits);
  auto input = read_input(command.input);
  if (!input.ok()) return report("", input.error());

  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, environment());
  command.plugin.name = base_name(command.module);
  if (!command.entry.empty()) command.plugin.entry = command.entry;
  const auto plugin = Plugin::load(*engine, std::move(file->module), command.plugin, plugin_abis(),
                                   services.services(), command.abi);
  if (!plugin.ok()) return report(command.module, plugin.error());
  if (const auto problem = entry_problem(**plugin, file->manifest)) return usage_error(command.name, *problem);
  Failure failure;
  const auto instance = PluginInstance::start(**plugin, failure);
  if (!instance) return report(command.module, failure);
  std::string output;
  if (const auto failed = instance->call(*input, output)) return report(command.module, *failed);
  return finish(command, *instance, output);
}

}  // namespace

static int call_entry(CallCommand command, const char* usage, const char* summary, CommandArguments arguments) {
  std::optional<uint64_t> fuel, memory, http_calls;
  std::optional<std::chrono::nanoseconds> timeout;
  Arguments options(command.name, usage, summary);
  add_options(options, command);
  options.option("--timeout", "TIME", "how long the call may take; default: 5s", read_duration_into(timeout));
  options.option("--max-memory", "SIZE", "linear memory it may use; default: 256MiB",
                 read_size_into(memory, 1 << 16, uint64_t{4} << 30));
  options.option("--fuel", "N", "instructions that may be executed", read_count_into(fuel));
  options.option("--http-calls", "N", "requests that may be made; default: 10", read_count_into(http_calls));
  command.engine.add_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  LimitSettings& limits = command.plugin.limits;
  limits.timeout = timeout;
  limits.memory = memory;
  limits.fuel = fuel;
  limits.http_calls = http_calls;
  return call(command);
}

int call_command(CommandArguments arguments) {
  return call_entry({.name = "call"}, "call MODULE ENTRY [options]", "Calls one entry of a plugin and prints its result.",
                    std::move(arguments));
}

int plugin_run_command(CommandArguments arguments) {
  return call_entry({.name = "plugin run", .entry_is_optional = true}, "plugin run NAME [ENTRY] [options]",
                    "Calls one entry of an installed plugin and prints its result.", std::move(arguments));
}

}  // namespace wplug
