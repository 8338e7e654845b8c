// `wplug call`: one call of one plugin, for its author.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/config_schema.h"
#include "host/files.h"
#include "host/json_text.h"
#include "host/log.h"
#include "host/plugin_loader.h"
#include "host/native_plugin.h"
#include "host/service_set.h"
#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "tools/wplug/inspect_grants.h"
#include "tools/wplug/modules.h"
#include "tools/wplug/plugin_commands.h"
#include "wplug/abis.h"
#include "wplug/pipeline.h"
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
  bool native = false;
  RedactionConfig redaction;
  std::string tenant, tenants;  // the tenant's name, the file with its budget
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
  options.positional("MODULE",
                     "a plugin: .wasm, .wat, a folder with plugin.toml, an Extism manifest (.json), or an installed one's name",
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
  options.option("--data-dir", "DIR", "the plugin's own directory, for ABIs that have such a thing", plugin.data_directory);
  options.flag("--native", "MODULE may be a native plugin (.so), which runs without a sandbox", command.native);
  options.flag("--stats", "print what the call took on stderr", command.stats);
  RedactionConfig& redaction = command.redaction;
  options.flag("--redact", "mask secrets that are known by their shape in logs, errors and the result", redaction.builtin);
  options.options("--redact-pattern", "PATTERN", "mask what matches (RE2 syntax)", [&redaction](const std::string& text) {
    redaction.patterns.push_back(text);
    return Result<void>();
  });
  options.options("--redact-env", "NAME", "mask the values of these variables: AWS_*", [&redaction](const std::string& text) {
    redaction.values_from_env.push_back(text);
    return Result<void>();
  });
  options.option("--tenant", "NAME", "whose budget the call is on: a [tenant.NAME] of --tenants", command.tenant);
  options.option("--tenants", "FILE", "a pipeline file with budgets", command.tenants);
}

// An option for each limit: --timeout, --host-calls; sizes are --max-memory.
template <class T>
void add_limit(Arguments& options, std::string_view kind, std::string name, const char* doc, uint64_t least, uint64_t most,
               std::optional<T>& to) {
  std::replace(name.begin(), name.end(), '_', '-');
  if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) {
    options.option(("--" + name).c_str(), "TIME", doc, read_duration_into(to));
  } else if (kind == "size") {
    options.option(("--max-" + name).c_str(), "SIZE", doc, read_size_into(to, least, most));
  } else {
    options.option(("--" + name).c_str(), "N", doc, read_count_into(to));
  }
}

// What the command line says of secrets and of budgets.
Result<void> complete(CallCommand& command, const HostServices& services) {
  PluginOptions& plugin = command.plugin;
  if (command.redaction.configured()) {
    // Made to look at one call, so all that is seen of it is masked.
    command.redaction.outputs = true;
    WPLUG_TRY_ASSIGN(plugin.redactor, Redactor::create(command.redaction, services.environment));
  }
  if (command.tenant.empty() != command.tenants.empty()) {
    return Error(ErrorKind::misuse, "--tenant NAME and --tenants FILE go together");
  }
  if (command.tenant.empty()) return {};
  WPLUG_TRY_ASSIGN(const PipelineConfig config, read_pipeline(command.tenants));
  WPLUG_TRY_ASSIGN(plugin.tenant, tenant_account(config, command.tenant));
  return {};
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

Result<LoadedPlugin> load(const Engine& engine, CallCommand& command, const HostServices& services) {
  PluginSource source;
  std::error_code ignored;
  // A folder need not be written with a slash.
  source.reference = command.module + (std::filesystem::is_directory(command.module, ignored) ? "/" : "");
  source.options = command.plugin;
  source.options.name = base_name(command.module);
  source.options.entry = command.entry;
  source.abi = command.abi;
  source.native = command.native;
  source.native_switch = "give --native";
  // Made for trying things, so larger than a pipeline's defaults.
  source.defaults.timeout = std::chrono::seconds(5);
  source.defaults.memory = uint64_t{256} << 20;
  source.defaults.http_calls = 10;  // of hosts that are granted
  ModuleCache cache(engine);
  return load_plugin(cache, std::move(source), plugin_abis(), services, plugin_folders(".", *services.environment));
}

int call(CallCommand& command) {
  auto engine = Engine::create(command.engine.config());
  if (!engine.ok()) return usage_error(command.name, engine.error().message());
  auto input = read_input(command.input);
  if (!input.ok()) return report("", input.error());

  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, environment());
  if (auto completed = complete(command, services.services()); !completed.ok()) return report("", completed.error());
  const auto loaded = load(*engine, command, services.services());
  if (!loaded.ok()) return report("", loaded.error());
  const Plugin& plugin = *loaded->plugin;
  if (const auto problem = entry_problem(plugin, loaded->manifest)) return usage_error(command.name, *problem);
  warn_of_broad_grants(plugin);
  // What a plugin says of itself can be asked for before it is configured.
  const bool is_question = command.entry == "describe" || command.entry == "schema" || command.entry == "health";
  if (!is_question) {
    auto problem = check_config(plugin);
    if (!problem.ok()) return report(command.module, problem.error());
    if (*problem) return report(command.module, Error(ErrorKind::misuse, (*problem)->message()));
  }
  Failure failure;
  const auto instance = PluginInstance::start(plugin, failure);
  if (!instance) return report(command.module, failure);
  std::string output;
  if (const auto failed = instance->call(*input, output)) return report(command.module, *failed);
  return finish(command, *instance, output);
}

}  // namespace

static int call_entry(CallCommand command, const char* usage, const char* summary, CommandArguments arguments) {
  Arguments options(command.name, usage, summary);
  add_options(options, command);
  LimitSettings& limits = command.plugin.limits;
#define WPLUG_LIMIT(name, kind, value, least, most, doc) \
  add_limit(options, #kind, #name, "limits." #name ": " doc, static_cast<uint64_t>(least), static_cast<uint64_t>(most), limits.name);
#include "wplug/limits.def"
  command.engine.add_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
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
