// The binary module of what was read: sections in order, custom ones between them, and the name section.
#include <algorithm>

#include "interp/text/module_parser.h"
#include "interp/text/section_order.h"

namespace wplug::text {

namespace {

constexpr unsigned kStart = 8, kCode = 10, kData = 11, kDataCount = 12;

// Subsections of the name section (appendix A.5.3, and the extended-name-section proposal's).
constexpr unsigned kModuleNames = 0, kFunctionNames = 1, kLocalNames = 2, kLabelNames = 3, kFieldNames = 10;
struct NameKind {
  unsigned id;
  Space space;
};
constexpr NameKind kNameKinds[] = {{4, Space::type}, {5, Space::table}, {6, Space::memory}, {7, Space::global},
                                   {8, Space::elem}, {9, Space::data},  {11, Space::tag}};

using NameList = std::vector<std::pair<uint32_t, std::string_view>>;

void put_names(const NameList& names, Bytes& out) {
  // An annotation's name comes behind an identifier and wins.
  std::vector<std::pair<size_t, size_t>> order;  // by index, then as they came
  for (size_t i = 0; i < names.size(); ++i) order.emplace_back(names[i].first, i);
  std::sort(order.begin(), order.end());
  Bytes items;
  uint32_t count = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && order[i + 1].first == order[i].first) continue;
    const auto& [index, name] = names[order[i].second];
    put_u32(items, index);
    put_bytes(items, name);
    ++count;
  }
  put_u32(out, count);
  out += items;
}

void put_subsection(unsigned id, const Bytes& bytes, Bytes& out) {
  put_u8(out, id);
  put_bytes(out, bytes);
}

template <class Indirect>
void put_indirect(unsigned id, const std::vector<Indirect>& maps, Bytes& out) {
  if (maps.empty()) return;
  Bytes bytes;
  put_u64(bytes, maps.size());
  for (const Indirect& map : maps) {
    put_u32(bytes, map.function);
    put_names(map.names, bytes);
  }
  put_subsection(id, bytes, out);
}

void put_custom(std::string_view name, const Bytes& bytes, Bytes& out) {
  if (bytes.empty()) return;
  Bytes payload;
  put_bytes(payload, name);
  payload += bytes;
  put_u8(out, 0);
  put_bytes(out, payload);
}

}  // namespace

void ModuleParser::put_section(unsigned id, Bytes& out) const {
  const Section& section = sections_[id];
  Bytes payload;
  if (id == kStart) {
    payload = section.items;
  } else if (id == kDataCount) {
    if (!uses_data_) return;
    put_u32(payload, sections_[kData].count);
  } else if (section.count > 0) {
    put_u32(payload, section.count);
    payload += section.items;
  }
  if (payload.empty()) return;
  put_u8(out, id);
  put_bytes(out, payload);
}

void ModuleParser::put_customs(unsigned order, Bytes& out) const {
  for (const Custom& custom : customs_) {
    if (custom.order != order) continue;
    put_u8(out, 0);
    put_bytes(out, custom.payload);
  }
}

void ModuleParser::assemble(Bytes& out) const {
  out.assign("\0asm\1\0\0\0", 8);
  put_customs(kFirstOrder, out);
  for (unsigned i = 0; i < kSectionOrder.size(); ++i) {
    put_customs(2 * i + 1, out);
    if (kSectionOrder[i].id == kCode) put_custom("metadata.code.branch_hint", hint_section(), out);
    put_section(kSectionOrder[i].id, out);
    put_customs(2 * i + 2, out);
  }
  put_custom("name", name_section(), out);
  put_customs(kLastOrder, out);
}

Bytes ModuleParser::name_section() const {
  Bytes out;
  if (!module_name_.empty()) {
    Bytes name;
    put_bytes(name, module_name_);
    put_subsection(kModuleNames, name, out);
  }
  const auto put_space = [&](unsigned id, Space space) {
    const Names& names = spaces_[static_cast<size_t>(space)].names;
    if (names.empty()) return;
    Bytes bytes;
    put_names(names, bytes);
    put_subsection(id, bytes, out);
  };
  put_space(kFunctionNames, Space::func);
  put_indirect(kLocalNames, local_names_, out);
  put_indirect(kLabelNames, all_label_names_, out);
  for (const NameKind& kind : kNameKinds) {
    if (kind.id > kFieldNames) put_indirect(kFieldNames, fields_by_type_, out);
    put_space(kind.id, kind.space);
  }
  return out;
}

Bytes ModuleParser::hint_section() const {
  Bytes out;
  if (all_hints_.empty()) return out;
  put_u64(out, all_hints_.size());
  for (const auto& [function, hints] : all_hints_) {
    put_u32(out, function);
    put_u64(out, hints.size());
    for (const BranchHint& hint : hints) {
      put_u32(out, hint.offset);
      put_u8(out, 1);
      put_u8(out, hint.likely);
    }
  }
  return out;
}

}  // namespace wplug::text
