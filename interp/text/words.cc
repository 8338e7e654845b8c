// The keywords, found by a hash table that the compiler builds.
#include <array>
#include <cstddef>

#include "interp/text/token.h"

namespace wplug::text {

namespace {

constexpr std::string_view kWordTexts[] = {
#define WPLUG_WORD(name, text) text,
#include "interp/text/words.def"
};
constexpr size_t kWordCount = kOpCount + std::size(kWordTexts);

constexpr std::string_view text_of(size_t word) {
  return word < kOpCount ? info(static_cast<Op>(word)).text : kWordTexts[word - kOpCount];
}

constexpr size_t kSlots = 4096;
static_assert(kWordCount < kSlots / 2, "the table of keywords is too full");
constexpr uint16_t kEmpty = 0xffff;

constexpr uint32_t hash(std::string_view text) {
  uint32_t value = 2166136261u;
  for (char c : text) value = (value ^ static_cast<uint8_t>(c)) * 16777619u;
  return value ^ value >> 15;
}

constexpr std::array<uint16_t, kSlots> make_slots() {
  std::array<uint16_t, kSlots> slots{};
  slots.fill(kEmpty);
  for (size_t word = 0; word < kWordCount; ++word) {
    size_t slot = hash(text_of(word)) % kSlots;
    while (slots[slot] != kEmpty && text_of(slots[slot]) != text_of(word)) slot = (slot + 1) % kSlots;
    // Of rows with one text the first stays.
    if (slots[slot] == kEmpty) slots[slot] = static_cast<uint16_t>(word);
  }
  return slots;
}

constexpr std::array<uint16_t, kSlots> kTable = make_slots();

}  // namespace

Word find_word(std::string_view text) {
  for (size_t slot = hash(text) % kSlots; kTable[slot] != kEmpty; slot = (slot + 1) % kSlots) {
    if (text_of(kTable[slot]) == text) return static_cast<Word>(kTable[slot]);
  }
  return Word::unknown;
}

}  // namespace wplug::text
