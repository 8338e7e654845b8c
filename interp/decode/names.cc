#include "interp/decode/names.h"

#include <algorithm>

#include "interp/base/byte_reader.h"

namespace wplug {

namespace {

constexpr uint8_t kModuleName = 0;
constexpr uint8_t kFunctionNames = 1;

// Pairs of index and name. Of an index named twice, the first name stays; names of functions that do not exist are left
// out, so that the map cannot grow past the module's functions.
void read_function_names(ByteReader reader, size_t functions, NameSection& names) {
  const uint32_t count = reader.u32();
  names.functions.reserve(std::min<size_t>(count, functions));
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = reader.u32();
    const std::string_view name = reader.name();
    if (!reader.ok()) return;
    if (index < functions) names.functions.emplace(index, name);
  }
}

}  // namespace

NameSection decode_names(const ModuleDef& module) {
  NameSection names;
  const auto section = std::find_if(module.customs.begin(), module.customs.end(),
                                    [](const CustomDef& custom) { return custom.name == "name"; });
  if (section == module.customs.end()) return names;
  ByteReader reader(module.bytes.subspan(section->payload.begin, section->payload.size()), section->payload.begin);
  while (!reader.at_end()) {
    const uint8_t id = reader.u8();
    const uint32_t size = reader.u32();
    const size_t offset = reader.offset();
    const std::span<const uint8_t> subsection = reader.bytes(size);
    if (!reader.ok()) break;
    if (id == kModuleName) names.module = ByteReader(subsection, offset).name();
    if (id == kFunctionNames) read_function_names(ByteReader(subsection, offset), module.functions.size(), names);
  }
  return names;
}

}  // namespace wplug
