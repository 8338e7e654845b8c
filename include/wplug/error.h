// Errors as values. Every fallible function of the library returns a Result<T>; the library never throws,
// prints or exits because of its input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace wplug {

class Trap;

// Line and column in a text, both from 1; columns count bytes.
struct TextPlace {
  uint32_t line = 1;
  uint32_t column = 1;
};

// Whose fault an error is.
enum class ErrorKind : uint8_t {
  malformed,  // the bytes are not a module
  invalid,    // a module that does not validate
  link,       // imports that do not match
  limit,      // a limit of the embedder was met before or outside execution
  trap,       // the guest trapped or threw what nobody caught; `trap()` has the kind and the backtrace
  exit,       // the guest asked to end (WASI proc_exit); `exit_code()` has its code
  host,       // a host function or the operating system failed
  misuse,     // the caller broke the contract of the API
  policy,     // what the configuration does not allow
};

// The name of a kind, as messages and JSON print it ("malformed", "trap", …).
std::string_view to_string(ErrorKind kind);

// An error by value. Copies share the trap. Safe to move between threads.
class Error {
 public:
  static constexpr size_t kNoOffset = static_cast<size_t>(-1);

  // `message` is lower case, without a full stop, and names the thing and the numbers.
  Error(ErrorKind kind, std::string message, size_t offset = kNoOffset)
      : kind_(kind), offset_(offset), message_(std::move(message)) {}

  // An error of kind `trap`.
  explicit Error(Trap trap);

  // An error of kind `exit` with the guest's exit code.
  static Error guest_exit(int32_t code);

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  // The byte offset in the module the error is about, if it is about one.
  std::optional<size_t> offset() const {
    return offset_ == kNoOffset ? std::nullopt : std::optional<size_t>(offset_);
  }
  // The place in a text the error is about, if it is about one.
  std::optional<TextPlace> place() const { return line_ == 0 ? std::nullopt : std::optional(TextPlace{line_, column_}); }
  void set_place(TextPlace place) {
    line_ = place.line;
    column_ = place.column;
  }
  // The trap, for kind `trap`; else null. Lives as long as this error or a copy of it.
  const Trap* trap() const { return trap_.get(); }
  // The guest's exit code, for kind `exit`; else 0.
  int32_t exit_code() const { return exit_code_; }

  // One line: the kind, the message, and the offset or the place in a text where there is one.
  std::string to_string() const;

 private:
  ErrorKind kind_;
  int32_t exit_code_ = 0;
  uint32_t line_ = 0;  // 0: not about a text
  uint32_t column_ = 0;
  size_t offset_;
  std::string message_;
  std::shared_ptr<const Trap> trap_;
};

// A value or an error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T made) : state_(std::in_place_index<0>, std::move(made)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value; the caller has checked ok().
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // The error; the caller has checked !ok().
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::unique_ptr<Error> error_;
};

}  // namespace wplug

// Returns the error of a Result expression from the enclosing function, or goes on.
#define WPLUG_TRY(expr)                                   \
  do {                                                    \
    auto wplug_try_result = (expr);                       \
    if (!wplug_try_result.ok()) {                         \
      return std::move(wplug_try_result).error();         \
    }                                                     \
  } while (0)

#define WPLUG_CONCAT_IMPL(a, b) a##b
#define WPLUG_CONCAT(a, b) WPLUG_CONCAT_IMPL(a, b)

// `WPLUG_TRY_ASSIGN(auto x, f())`: declares or assigns the value of a Result, or returns its error.
#define WPLUG_TRY_ASSIGN(lhs, expr) WPLUG_TRY_ASSIGN_IMPL(lhs, expr, WPLUG_CONCAT(wplug_result_, __LINE__))
#define WPLUG_TRY_ASSIGN_IMPL(lhs, expr, tmp) \
  auto tmp = (expr);                          \
  if (!tmp.ok()) {                            \
    return std::move(tmp).error();            \
  }                                           \
  lhs = std::move(tmp).value()
