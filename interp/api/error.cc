#include "wplug/error.h"

#include "wplug/trap.h"

namespace wplug {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::malformed: return "malformed";
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::link: return "link";
    case ErrorKind::limit: return "limit";
    case ErrorKind::trap: return "trap";
    case ErrorKind::exit: return "exit";
    case ErrorKind::host: return "host";
    case ErrorKind::misuse: return "misuse";
    case ErrorKind::policy: return "policy";
  }
  return "unknown";
}

Error::Error(Trap trap) : kind_(ErrorKind::trap), offset_(kNoOffset), message_(trap.message()) {
  trap_ = std::make_shared<const Trap>(std::move(trap));
}

Error Error::guest_exit(int32_t code) {
  Error error(ErrorKind::exit, "guest exited with code " + std::to_string(code));
  error.exit_code_ = code;
  return error;
}

std::string Error::to_string() const {
  std::string text(wplug::to_string(kind_));
  text += ": ";
  text += message_;
  if (line_ != 0) {
    text += " (at " + std::to_string(line_) + ":" + std::to_string(column_) + ")";
  } else if (offset_ != kNoOffset) {
    text += " (at byte " + std::to_string(offset_) + ")";
  }
  return text;
}

}  // namespace wplug
