#include "interp/decode/decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "interp/base/concat.h"
#include "interp/decode/module_decoder.h"

namespace wplug {

namespace {

constexpr uint8_t kMagic[] = {0x00, 'a', 's', 'm'};
constexpr uint8_t kVersion[] = {0x01, 0x00, 0x00, 0x00};
constexpr uint8_t kCustomId = 0;
// Offsets have 32 bits.
constexpr uint64_t kMostBytes = UINT32_MAX;
// Sections cost memory and a custom one may be three bytes: more than this many are nobody's module.
constexpr size_t kMostSections = 100'000;

}  // namespace

Result<ModuleDef> decode_module(std::span<const uint8_t> bytes, const ModuleLimits& limits) {
  const uint64_t most = std::min(limits.module_size, kMostBytes);
  if (bytes.size() > most) {
    return Error(ErrorKind::limit, concat("module of ", bytes.size(), " bytes exceeds the limit of ", most));
  }
  ModuleDecoder decoder(bytes, limits);
  WPLUG_TRY(decoder.run());
  return std::move(decoder.module());
}

// `order` is the place a section must have among the others (spec 5.5.2): tags stand before globals, data count
// before code.
struct ModuleDecoder::SectionKind {
  uint8_t id;
  uint8_t order;
  SectionReader read;
};

const ModuleDecoder::SectionKind* ModuleDecoder::kind_of(uint8_t id) {
  using D = ModuleDecoder;
  static constexpr std::array<SectionKind, 14> kKinds = {{
      {kCustomId, 0, &D::custom_section},
      {1, 1, &D::type_section},
      {2, 2, &D::import_section},
      {3, 3, &D::function_section},
      {4, 4, &D::table_section},
      {5, 5, &D::memory_section},
      {6, 7, &D::global_section},
      {7, 8, &D::export_section},
      {8, 9, &D::start_section},
      {9, 10, &D::element_section},
      {10, 12, &D::code_section},
      {11, 13, &D::data_section},
      {12, 11, &D::data_count_section},
      {13, 6, &D::tag_section},
  }};
  return id < kKinds.size() ? &kKinds[id] : nullptr;
}

ModuleDecoder::ModuleDecoder(std::span<const uint8_t> bytes, const ModuleLimits& limits)
    : limits_(limits), reader_(bytes) {
  module_.bytes = bytes;
}

Result<void> ModuleDecoder::run() {
  header();
  while (!reader_.at_end()) section();
  if (reader_.ok()) check_lengths();
  if (!reader_.ok() && reader_.error().kind() == ErrorKind::malformed) WPLUG_TRY(scan_bodies());
  return reader_.result();
}

void ModuleDecoder::header() {
  const std::span<const uint8_t> bytes = module_.bytes;
  if (bytes.size() >= sizeof kMagic && !std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin())) {
    reader_.fail_at(0, "magic header not detected");
    return;
  }
  if (bytes.size() < sizeof kMagic + sizeof kVersion) {
    reader_.fail_at(bytes.size(), concat("unexpected end: a module has 8 bytes at least, this has ", bytes.size()));
    return;
  }
  reader_.skip(sizeof kMagic);
  const std::span<const uint8_t> version = reader_.bytes(sizeof kVersion);
  if (!std::equal(version.begin(), version.end(), kVersion)) {
    reader_.fail_at(4, concat("unknown binary version ", Hex{version[0]}, " ", Hex{version[1]}, " ", Hex{version[2]},
                              " ", Hex{version[3]}));
  }
}

void ModuleDecoder::section() {
  const size_t id_offset = reader_.offset();
  const uint8_t id = reader_.u8();
  const SectionKind* kind = kind_of(id);
  if (kind == nullptr) {
    reader_.fail_at(id_offset, concat("malformed section id ", id));
    return;
  }
  const size_t size_offset = reader_.offset();
  const uint32_t size = reader_.u32();
  if (size > reader_.remaining()) {
    reader_.fail_at(size_offset,
                    concat("length out of bounds: section of ", size, " bytes, ", reader_.remaining(), " left"));
  }
  if (module_.sections.size() >= kMostSections) {
    reader_.fail_at(id_offset, concat("more sections than the limit of ", kMostSections), ErrorKind::limit);
  }
  if (!reader_.ok()) return;
  const size_t begin = reader_.offset();
  reader_.skip(size);
  ByteReader payload(module_.bytes, begin, begin + size);
  module_.sections.push_back({id, {static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + size)}, {}});
  known_section(payload, *kind, id_offset);
  if (!payload.ok()) reader_.fail(payload.error());
}

void ModuleDecoder::known_section(ByteReader& payload, const SectionKind& kind, size_t id_offset) {
  if (kind.id != kCustomId) {
    if (kind.order <= last_order_) {
      payload.fail_at(id_offset, concat("unexpected content after last section: section ", kind.id,
                                        " is out of order or there twice"));
      return;
    }
    last_order_ = kind.order;
  }
  (this->*kind.read)(payload);
  if (payload.ok() && !payload.at_end()) {
    payload.fail(concat("section size mismatch: ", payload.remaining(), " bytes left over in section ", kind.id));
  }
}

void ModuleDecoder::check_lengths() {
  const size_t declared = module_.functions.size() - module_.imported_functions;
  if (declared != code_count_) {
    reader_.fail(concat("function and code section have inconsistent lengths: ", declared, " and ", code_count_));
  }
  if (module_.data_count.has_value() && *module_.data_count != data_segments_) {
    reader_.fail(concat("data count and data section have inconsistent lengths: ", *module_.data_count, " and ",
                        data_segments_));
  }
}

void ModuleDecoder::custom_section(ByteReader& reader) {
  if (reader.at_end()) {
    reader.fail("unexpected end: a custom section without a name");
    return;
  }
  const std::string_view custom_name = reader.name();
  if (!reader.ok()) return;
  const ByteRange payload{static_cast<uint32_t>(reader.offset()),
                          static_cast<uint32_t>(reader.offset() + reader.remaining())};
  reader.skip(reader.remaining());
  module_.sections.back().custom_name = custom_name;
  module_.customs.push_back({custom_name, payload});
}

}  // namespace wplug
