// The C++ plugin SDK: a plugin is one function and one macro.
//
//     #include <wplug_sdk/plugin.h>
//
//     static wplug::Result greet(std::string_view input) {
//       wplug::json::Object record;
//       if (auto error = record.parse(input)) return *error;
//       record.set_string("greeting", "hello " + record["name"].string_or("stranger"));
//       return record.text();
//     }
//     WPLUG_TRANSFORM(greet)
//
// Builds with `plugins/build` or, by hand, clang++-19 --target=wasm32-wasi -mexec-model=reactor -fno-exceptions. A trap
// (abort, a null access past the stack, a failed allocation) fails the record and the host makes a fresh instance.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "wplug_sdk/abi.h"
#include "wplug_sdk/error.h"
#include "wplug_sdk/json.h"

namespace wplug {

// What a transform gives back: the output record or an error.
using Result = std::variant<std::string, Error>;
// What a check gives back: nothing when the record is good.
using Check = std::optional<Error>;

// The configured value of a key, absent when there is none. The host is asked once; the value lives as long as the
// instance.
json::Value config(std::string_view key);

// A line for the host's log.
void log(std::string_view message);

// Sets a header of the response that the record becomes part of.
void set_header(std::string_view key, std::string_view value);

// The body of a URL. The domain must be granted to the stage, and the call counts against its `http_calls`; a body over
// 64 KiB takes two of them.
Result http_get(std::string_view url);

namespace detail {

const char* finish(Result result);
const char* finish(const Check& check, std::string_view input);

}  // namespace detail
}  // namespace wplug

// Exports `function`, a `Result(std::string_view)`, as the stage's `transform`.
#define WPLUG_TRANSFORM(function)                                                                       \
  extern "C" WPLUG_EXPORT("transform") const char* wplug_export_transform(const char* at, uint32_t size) { \
    return ::wplug::detail::finish(function(std::string_view(at, size)));                               \
  }

// Exports `function`, a `Check(std::string_view)`, as the stage's `validate`; a good record passes unchanged.
#define WPLUG_VALIDATE(function)                                                                       \
  extern "C" WPLUG_EXPORT("validate") const char* wplug_export_validate(const char* at, uint32_t size) { \
    const std::string_view input(at, size);                                                            \
    return ::wplug::detail::finish(function(input), input);                                            \
  }
