// The order of sections in a module (spec 5.5.17), and the places between them that annotations name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wplug::text {

struct SectionPlace {
  uint8_t id;
  std::string_view name;
};

// As they stand in a module.
inline constexpr std::array<SectionPlace, 13> kSectionOrder = {{
    {1, "type"},
    {2, "import"},
    {3, "func"},
    {4, "table"},
    {5, "memory"},
    {13, "tag"},
    {6, "global"},
    {7, "export"},
    {8, "start"},
    {9, "elem"},
    {12, "datacount"},
    {10, "code"},
    {11, "data"},
}};

// Places of custom sections, ascending: 0 first of all, 2n + 1 before the section at n, 2n + 2 behind it, then the
// last.
inline constexpr unsigned kFirstOrder = 0;
inline constexpr unsigned kLastOrder = 2 * kSectionOrder.size() + 1;

// The place before or after what `kind` names; nullopt when it names nothing.
constexpr std::optional<unsigned> custom_order(bool before, std::string_view kind) {
  if (before && kind == "first") return kFirstOrder;
  if (!before && kind == "last") return kLastOrder;
  for (size_t i = 0; i < kSectionOrder.size(); ++i) {
    if (kSectionOrder[i].name == kind) return static_cast<unsigned>(2 * i + (before ? 1 : 2));
  }
  return std::nullopt;
}

}  // namespace wplug::text
