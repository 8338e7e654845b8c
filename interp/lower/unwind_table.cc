#include "interp/lower/unwind_table.h"

#include <algorithm>
#include <iterator>

namespace wplug {
namespace {

UnwindTable::Handler make_handler(const IrFunction& function, const CatchTarget& target,
                                  const std::vector<uint32_t>& starts, bool metering) {
  const Label& label = function.labels[target.label];
  auto slot_of = [&](uint32_t vreg) { return static_cast<uint16_t>(function.vregs[vreg].slot); };
  UnwindTable::Handler handler;
  handler.tag = target.tag;
  handler.target = starts[label.position];
  handler.credit = metering ? label.count : 0;
  handler.values = target.count == 0 ? UnwindTable::kNoSlot : slot_of(target.first);
  handler.ref = target.ref == kNoReg ? UnwindTable::kNoSlot : slot_of(target.ref);
  return handler;
}

std::string number(uint32_t value, uint32_t none, const char* word) {
  return value == none ? word : std::to_string(value);
}

}  // namespace

std::unique_ptr<const UnwindTable> make_unwind_table(const IrFunction& function, const std::vector<uint32_t>& starts,
                                                     bool metering) {
  auto table = std::make_unique<UnwindTable>();
  for (const TryBlock& block : function.try_blocks) {
    table->blocks.push_back({block.parent, static_cast<uint32_t>(table->handlers.size()),
                             static_cast<uint32_t>(block.handlers.size())});
    for (const CatchTarget& target : block.handlers) {
      table->handlers.push_back(make_handler(function, target, starts, metering));
    }
  }
  if (table->handlers.empty()) return nullptr;
  for (const TryRegion& region : function.try_regions) table->regions.push_back({starts[region.begin], region.block});
  return table;
}

uint32_t UnwindTable::block_at(uint32_t cell) const {
  auto after = std::upper_bound(regions.begin(), regions.end(), cell,
                                [](uint32_t c, const Region& region) { return c < region.begin; });
  return after == regions.begin() ? kNoTry : std::prev(after)->block;
}

std::string UnwindTable::to_string() const {
  std::string text;
  for (const Region& region : regions) {
    text += "from " + std::to_string(region.begin) + " try " + number(region.block, kNoTry, "none") + "\n";
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    text += "try " + std::to_string(i) + " in " + number(blocks[i].parent, kNoTry, "none") + "\n";
    for (uint32_t k = blocks[i].first; k < blocks[i].first + blocks[i].count; ++k) {
      const Handler& handler = handlers[k];
      text += "  tag " + number(handler.tag, kAnyTag, "any") + " to " + std::to_string(handler.target) + "  [" +
              number(handler.values, kNoSlot, "-") + " " + number(handler.ref, kNoSlot, "-") + "]\n";
    }
  }
  return text;
}

}  // namespace wplug
