// `wplug inspect`: what a module is made of, for people and as JSON. Both are printed from one description.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "host/log.h"
#include "host/units.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/inspect_grants.h"
#include "tools/wplug/modules.h"
#include "wplug/abis.h"
#include "wplug/plugin.h"
#include "wplug/wasi.h"

namespace wplug {
namespace {

using Json = nlohmann::ordered_json;

const char* wasi_role(const Module& module) {
  if (wasi_is_command(module)) return "command";
  if (wasi_is_reactor(module)) return "reactor";
  return wasi_is_wanted(module) ? "library" : "none";
}

// Bytes of so many pages; the most there can be for what is more.
uint64_t bytes_of(uint64_t pages, uint64_t page_size_log2) {
  return pages > UINT64_MAX >> page_size_log2 ? UINT64_MAX : pages << page_size_log2;
}

Json memory_of(const ExternType& type, std::string name, bool imported) {
  const Limits& limits = type.memory.limits;
  const uint64_t shift = type.memory.page_size_log2;
  Json memory = {{"name", std::move(name)}, {"imported", imported}, {"min_bytes", bytes_of(limits.min, shift)}};
  memory["address_bits"] = limits.is_64 ? 64 : 32;
  memory["shared"] = limits.shared;
  memory["max_bytes"] = limits.max ? Json(bytes_of(*limits.max, shift)) : Json(nullptr);
  return memory;
}

Json describe_abi(const Module& module) {
  const DetectedAbi found = detect_abi(module, plugin_abis());
  if (found.abi == nullptr) return nullptr;
  return {{"name", found.abi->name()},
          {"why", found.why},
          {"entry", found.abi->default_entry(module)},
          {"capabilities", found.abi->wanted_capabilities(module)}};
}

Json describe(const std::string& file, const Module& module) {
  Json sections = Json::array(), imports = Json::array(), exports = Json::array(), memories = Json::array();
  for (const SectionInfo& section : module.sections()) {
    sections.push_back({{"id", section.id}, {"name", section.name}, {"offset", section.offset}, {"size", section.size}});
  }
  for (const ImportType& import : module.imports()) {
    imports.push_back({{"module", import.module},
                       {"name", import.name},
                       {"kind", to_string(import.type.kind)},
                       {"type", import.type.to_string()}});
    const std::string name = import.module + "." + import.name;
    if (import.type.kind == ExternKind::memory) memories.push_back(memory_of(import.type, name, true));
  }
  for (const ExportType& exported : module.exports()) {
    exports.push_back(
        {{"name", exported.name}, {"kind", to_string(exported.type.kind)}, {"type", exported.type.to_string()}});
    if (exported.type.kind == ExternKind::memory) memories.push_back(memory_of(exported.type, exported.name, false));
  }
  return {{"file", file},         {"name", module.name()},
          {"bytes", module.bytes().size()}, {"functions", module.function_count()},
          {"sections", sections}, {"imports", imports},
          {"exports", exports},   {"memories", memories},
          {"wasi", wasi_role(module)}, {"abi", describe_abi(module)}};
}

std::string word(const Json& value) { return printable(value.get<std::string>()); }

void print_list(const Json& list, const char* title, const std::function<std::string(const Json&)>& line) {
  fmt::print("{}: {}\n", title, list.size());
  for (const Json& element : list) fmt::print("  {}\n", line(element));
}

std::string memory_line(const Json& memory) {
  const Json& most = memory["max_bytes"];
  return fmt::format("{}{}: {}{}{}{}", word(memory["name"]), memory["imported"].get<bool>() ? " (imported)" : "",
                     format_size(memory["min_bytes"].get<uint64_t>()),
                     most.is_null() ? ", no maximum" : " to " + format_size(most.get<uint64_t>()),
                     memory["address_bits"] == 64 ? ", 64-bit addresses" : "",
                     memory["shared"].get<bool>() ? ", shared" : "");
}

void print_abi(const Json& abi) {
  if (abi.is_null()) {
    fmt::print("plugin ABI: none\n");
    return;
  }
  fmt::print("plugin ABI: {}: it {}\n", word(abi["name"]), word(abi["why"]));
  fmt::print("  entry: {}\n", word(abi["entry"]).empty() ? "none by itself, name one" : word(abi["entry"]));
  std::string wanted;
  for (const Json& capability : abi["capabilities"]) wanted += (wanted.empty() ? "" : ", ") + word(capability);
  fmt::print("  capabilities wanted: {}\n", wanted.empty() ? "none" : wanted);
}

void print_text(const Json& module) {
  fmt::print("{}: {} bytes, {} functions, name \"{}\"\n", word(module["file"]), module["bytes"].get<uint64_t>(),
             module["functions"].get<uint64_t>(), word(module["name"]));
  print_list(module["sections"], "sections", [](const Json& section) {
    return fmt::format("{:<12} {:>10} bytes at {:#x}", word(section["name"]), section["size"].get<uint64_t>(),
                       section["offset"].get<uint64_t>());
  });
  print_list(module["imports"], "imports", [](const Json& import) {
    return fmt::format("{}.{}: {}", word(import["module"]), word(import["name"]), word(import["type"]));
  });
  print_list(module["exports"], "exports", [](const Json& exported) {
    return fmt::format("{}: {}", word(exported["name"]), word(exported["type"]));
  });
  print_list(module["memories"], "memories imported or exported", memory_line);
  fmt::print("WASI: {}\n", word(module["wasi"]));
  print_abi(module["abi"]);
}

}  // namespace

int inspect_command(CommandArguments arguments) {
  std::string file;
  bool json = false, show_grants = false;
  Grants grants;
  Arguments options("inspect", "inspect MODULE [--json] | inspect --grants PIPELINE|MODULE [--json]",
                    "Shows imports, exports, sections, memory, the plugin ABI and why, and the capabilities wanted.");
  options.positional("MODULE", "a module (.wasm, .wat), with --grants also a pipeline (.toml)", file);
  options.flag("--json", "as JSON", json);
  options.flag("--grants", "capabilities wanted against those granted", show_grants);
  options.options("--grant", "CAPABILITY", "with --grants: what is granted to the module",
                  [&grants](const std::string& text) { return grants.add(text, "--grant"); });
  if (const auto code = options.parse(std::move(arguments))) return *code;
  if (show_grants) return inspect_grants(file, grants, json);
  if (!grants.empty()) return usage_error("inspect", "--grant goes with --grants");
  auto engine = Engine::create();
  if (!engine.ok()) return report("", engine.error());
  auto module = compile_file(*engine, file);
  if (!module.ok()) return report(file, module.error());
  const Json description = describe(file, *module);
  if (json) {
    fmt::print("{}\n", description.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print_text(description);
  }
  return kExitOk;
}

}  // namespace wplug
