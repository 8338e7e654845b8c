// `wplug call`: one call of one plugin, for its author.
#include <cstdio>
#include <cstring>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/extism_manifest.h"
#include "host/files.h"
#include "host/json_text.h"
#include "host/log.h"
#include "host/native_plugin.h"
#include "host/service_set.h"
#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "tools/wplug/inspect_grants.h"
#include "tools/wplug/modules.h"
#include "wplug/abis.h"
#include "wplug/plugin.h"

namespace wplug {
namespace {

struct CallCommand {
  std::string module, entry, abi, input;
  PluginOptions plugin;
  LimitSettings defaults;  // for limits that neither an option nor a manifest sets
  EngineOptions engine;
  bool stats = false;
  bool native = false;
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
  options.positional("MODULE", "a plugin (.wasm, .wat) or an Extism manifest (.json)", command.module);
  options.positional("ENTRY", "the entry to call", command.entry);
  options.option("--input", "FILE|TEXT", "what the entry gets; - is standard input; default: nothing", command.input);
  options.options("--config", "KEY=VALUE", "a value for get_config, JSON or text",
                  [&plugin](const std::string& text) { return add_config(plugin, text); });
  options.options("--grant", "CAPABILITY", "http:HOST, env:NAME, fs:read:/DIR/**, fs:write:/DIR/**, network:outbound:HOST:PORT, exec:COMMAND",
                  [&plugin](const std::string& text) { return add_grant(plugin.grants, text); });
  options.option("--abi", "NAME", "the plugin ABI; default: told from the module", command.abi);
  options.option("--data-dir", "DIR", "the plugin's own directory, for ABIs that have such a thing", plugin.data_directory);
  options.flag("--native", "MODULE may be a native plugin (.so), which runs without a sandbox", command.native);
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

Result<std::shared_ptr<const Plugin>> load_plugin(const Engine& engine, const CallCommand& command,
                                                  const HostServices& services) {
  if (is_native_file(command.module)) {
    if (command.native) return Plugin::load_native(engine, command.module, command.plugin, services);
    return Error(ErrorKind::policy, "is a native plugin, which runs without a sandbox: --native allows it");
  }
  WPLUG_TRY_ASSIGN(Module module, compile_file(engine, command.module));
  return Plugin::load(engine, std::move(module), command.plugin, plugin_abis(), services, command.abi);
}

int call(CallCommand& command) {
  auto engine = Engine::create(command.engine.config());
  if (!engine.ok()) return usage_error("call", engine.error().message());
  auto input = read_input(command.input);
  if (!input.ok()) return report("", input.error());

  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, environment());
  command.plugin.name = base_name(command.module);
  const bool is_manifest = is_extism_manifest(command.module);
  auto module = is_manifest ? load_extism_manifest(*engine, command.module, services.services().http, command.plugin)
                            : compile_file(*engine, command.module);
  // What is wrong with a manifest begins with its name.
  if (!module.ok()) return report(is_manifest ? "" : command.module, module.error());
  if (is_manifest && command.abi.empty()) command.abi = "extism";
  command.plugin.limits = command.plugin.limits.or_else(command.defaults);
  command.plugin.entry = command.entry;
  const auto plugin = load_plugin(*engine, command, services.services());
  if (!plugin.ok()) return report(command.module, plugin.error());
  warn_of_broad_grants(**plugin);
  Failure failure;
  const auto instance = PluginInstance::start(**plugin, failure);
  if (!instance) return report(command.module, failure);
  std::string output;
  if (const auto failed = instance->call(*input, output)) return report(command.module, *failed);
  return finish(command, *instance, output);
}

}  // namespace

int call_command(CommandArguments arguments) {
  CallCommand command;
  std::optional<uint64_t> fuel, memory, http_calls;
  std::optional<std::chrono::nanoseconds> timeout;
  Arguments options("call", "call MODULE ENTRY [options]", "Calls one entry of a plugin and prints its result.");
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
  // Made for trying things, so larger than a pipeline's defaults.
  command.defaults.timeout = std::chrono::seconds(5);
  command.defaults.memory = uint64_t{256} << 20;
  command.defaults.http_calls = 10;  // of hosts that are granted
  return call(command);
}

}  // namespace wplug
