#include "wplug/trap.h"

#include <charconv>

#include "wplug/exception.h"

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

namespace {

// "uncaught exception: i32 7, i64 1"
std::string describe(const Exception& exception) {
  std::string text(to_string(TrapKind::uncaught_exception));
  const char* separator = ": ";
  for (const Value& value : exception.values()) {
    const ValType type = value.type();
    text += separator + type.to_string();
    if (type == ValType::i32()) text += " " + std::to_string(value.i32());
    if (type == ValType::i64()) text += " " + std::to_string(value.i64());
    separator = ", ";
  }
  return text;
}

}  // namespace

Trap::Trap(Exception exception)
    : Trap(TrapKind::uncaught_exception, describe(exception)) {
  exception_ = std::make_shared<const Exception>(std::move(exception));
}

Trap Trap::with_backtrace(std::vector<Frame> backtrace) const {
  Trap trap = *this;
  trap.backtrace_ = std::move(backtrace);
  return trap;
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
