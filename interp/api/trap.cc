#include "wplug/trap.h"

#include <charconv>

namespace wplug {

std::string_view to_string(TrapKind kind) {
  static constexpr std::string_view kMessages[] = {
#define WPLUG_TRAP(name, message) message,
#include "wplug/traps.def"
  };
  return kMessages[static_cast<size_t>(kind)];
}

std::string_view trap_name(TrapKind kind) {
  static constexpr std::string_view kNames[] = {
#define WPLUG_TRAP(name, message) #name,
#include "wplug/traps.def"
  };
  return kNames[static_cast<size_t>(kind)];
}

std::string Frame::to_string() const {
  std::string text = module.empty() ? "" : module + "!";
  text += function.empty() ? "func[" + std::to_string(function_index) + "]" : function;
  char digits[2 * sizeof(size_t)];
  const char* end = std::to_chars(digits, digits + sizeof digits, offset, 16).ptr;
  text += " @0x";
  text.append(digits, static_cast<size_t>(end - digits));
  return text;
}

}  // namespace wplug
