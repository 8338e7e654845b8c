#include "wplug/module.h"

#include <algorithm>
#include <string>
#include <utility>

#include "interp/api/impl.h"
#include "interp/decode/decoder.h"
#include "interp/validate/validator.h"
#include "interp/wasm/profile.h"

namespace wplug {

namespace {

constexpr const char* kSectionNames[] = {"custom", "type",  "import",  "function", "table", "memory",     "global",
                                         "export", "start", "element", "code",     "data",  "data count", "tag"};

std::vector<uint32_t> sort_exports(const ModuleDef& def) {
  std::vector<uint32_t> order(def.exports.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&def](uint32_t a, uint32_t b) { return def.exports[a].name < def.exports[b].name; });
  return order;
}

std::optional<uint32_t> memory_for_hosts(const ModuleImpl& module) {
  const ExportDef* named = module.find_export("memory");
  if (named != nullptr && named->kind == ExternKind::memory) return named->index;
  if (module.def.memories.empty()) return std::nullopt;
  return 0;
}

Result<void> load(ModuleImpl& module, const Config& config) {
  WPLUG_TRY_ASSIGN(module.def, decode_module(module.bytes, config.limits));
  return validate_module(module.def, config.limits, config.features);
}

}  // namespace

const ExportDef* ModuleImpl::find_export(std::string_view name) const {
  auto at =
      std::lower_bound(exports_by_name.begin(), exports_by_name.end(), name,
                       [this](uint32_t index, std::string_view wanted) { return def.exports[index].name < wanted; });
  return at == exports_by_name.end() || def.exports[*at].name != name ? nullptr : &def.exports[*at];
}

Result<Module> Module::compile(const Engine& engine, std::span<const uint8_t> bytes, std::string_view name) {
  const uint64_t most = engine.config().limits.module_size;
  if (bytes.size() > most) {  // refused before it is copied
    return Error(ErrorKind::limit,
                 "module of " + std::to_string(bytes.size()) + " bytes > limit of " + std::to_string(most) + " bytes");
  }
  return compile(engine, std::vector<uint8_t>(bytes.begin(), bytes.end()), name);
}

Result<Module> Module::compile(const Engine& engine, std::vector<uint8_t> bytes, std::string_view name) {
  const Config& config = engine.config();
  auto module = std::make_shared<ModuleImpl>(engine, std::move(bytes));
  WPLUG_TRY(load(*module, config));
  std::vector<const CanonicalType*> canonical;
  if (!engine.impl()->types.intern(module->def.types, module->def.rec_groups, canonical)) {
    return Error(ErrorKind::limit, "the engine's modules have more different types than it can number");
  }
  module->code = std::make_unique<ModuleCode>(module->def, std::move(canonical), config, name);
  module->exports_by_name = sort_exports(module->def);
  module->exported_memory = memory_for_hosts(*module);
  Module result(std::move(module));
  if (config.eager_lowering) WPLUG_TRY(result.lower_all());
  return result;
}

Result<void> Module::validate(const Engine& engine, std::span<const uint8_t> bytes) {
  const ModuleLimits& limits = engine.config().limits;
  WPLUG_TRY_ASSIGN(ModuleDef def, decode_module(bytes, limits));
  return validate_module(def, limits, engine.config().features);
}

std::string_view Module::name() const {
  const std::string_view own = impl_->code->names().module;
  return own.empty() ? std::string_view(impl_->code->fallback_name) : own;
}

std::span<const uint8_t> Module::bytes() const { return impl_->bytes; }

std::vector<ImportType> Module::imports() const {
  std::vector<ImportType> result;
  result.reserve(impl_->def.imports.size());
  for (const ImportDef& import : impl_->def.imports) {
    result.push_back(
        {std::string(import.module), std::string(import.name), extern_type(*impl_, import.kind, import.index)});
  }
  return result;
}

std::vector<ExportType> Module::exports() const {
  std::vector<ExportType> result;
  result.reserve(impl_->def.exports.size());
  for (const ExportDef& exported : impl_->def.exports) {
    result.push_back({std::string(exported.name), extern_type(*impl_, exported.kind, exported.index)});
  }
  return result;
}

std::vector<CustomSection> Module::custom_sections() const {
  std::vector<CustomSection> result;
  for (const CustomDef& custom : impl_->def.customs) {
    result.push_back({custom.name, bytes().subspan(custom.payload.begin, custom.payload.size())});
  }
  return result;
}

std::vector<SectionInfo> Module::sections() const {
  std::vector<SectionInfo> result;
  for (const SectionDef& section : impl_->def.sections) {
    const bool known = section.id != 0 && section.id < std::size(kSectionNames);
    result.push_back({section.id, std::string(known ? kSectionNames[section.id] : section.custom_name),
                      section.payload.begin, section.payload.size()});
  }
  return result;
}

uint32_t Module::function_count() const { return static_cast<uint32_t>(impl_->def.functions.size()); }

std::string Module::function_name(uint32_t index) const {
  return index < function_count() ? impl_->code->function_name(index) : std::string();
}

Result<void> Module::lower_all() const {
  for (uint32_t index = impl_->def.imported_functions; index < function_count(); ++index) {
    WPLUG_TRY(lower_function(*impl_->code, index));
  }
  return {};
}

std::vector<DispatchCount> Module::dispatch_counts() const { return wplug::dispatch_counts(*impl_->code); }

Result<std::string> Module::print_code(uint32_t function_index) const {
  if constexpr (!kHasPrinter) return Error(ErrorKind::misuse, "the small build has no printer of internal code");
  if (function_index < impl_->def.imported_functions || function_index >= function_count()) {
    return Error(ErrorKind::misuse, "function " + std::to_string(function_index) + " has no code: the module defines " +
                                        std::to_string(impl_->def.imported_functions) + " to " +
                                        std::to_string(function_count()));
  }
  WPLUG_TRY(lower_function(*impl_->code, function_index));
  return wplug::print_code(*impl_->code, function_index);
}

}  // namespace wplug
