#include "abi/reglet/host_functions.h"

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "abi/reglet/calls.h"
#include "host/json_document.h"

namespace wplug {
namespace {

// A file or a body to write may be large, what is around it is not.
constexpr JsonLimits kRequestLimits = {size_t{64} << 20, 32, 20'000};

using Handler = Json (*)(RegletCall&);
using Notice = void (*)(RegletCall&);

constexpr AbiFunction kFunctions[] = {
#define WPLUG_HOST_FUNCTION(name, type, capability, doc) {kRegletModule, #name, type, capability, doc},
#include "abi/reglet/functions.def"
};

enum class Id : size_t {
#define WPLUG_HOST_FUNCTION(name, type, capability, doc) name,
#include "abi/reglet/functions.def"
};

std::string_view name_of(Id id) { return kFunctions[static_cast<size_t>(id)].name; }

// The request's text, in guest memory: valid until guest code runs. No other thread writes there: RegletAbi::check refuses
// shared memories.
Result<std::string_view> read_request(RegletHost& host, Caller& caller, std::string_view function, uint64_t bits) {
  const PackedRange range = PackedRange::of(bits);
  const GuestMemory memory(caller);
  if (!memory.contains(range.at, range.length)) {
    return host.context.outside(function, range.at, range.length, memory.size());
  }
  return *memory.text(range.at, range.length);
}

Json answer_to(RegletHost& host, const Json& request, Handler handler) {
  const RequestEnd end = request_end(request, host.context.call().deadline);
  if (end.cancelled) return with_error(Json::object(), reglet_problem::kCancelled, "the request was cancelled");
  if (end.deadline <= std::chrono::steady_clock::now()) {
    return with_error(Json::object(), reglet_problem::kTimedOut, "the request's deadline is over");
  }
  RegletCall call{host.context, request, end.deadline};
  return handler(call);
}

Json serve_request(RegletHost& host, std::string_view function, std::string_view text, Handler handler) {
  if (!host.context.admit()) {
    return with_error(Json::object(), reglet_problem::kExhausted,
                      "limits.host_calls is spent: more than " + std::to_string(host.context.terms().limits.host_calls) +
                          " calls of host functions");
  }
  const auto request = parse_json(text, kRequestLimits);
  if (!request.ok()) {
    return with_error(Json::object(), reglet_problem::kInvalid,
                      std::string(function) + ": the request " + request.error().message());
  }
  if (!request->is_object()) {
    return with_error(Json::object(), reglet_problem::kInvalid, std::string(function) + ": the request is no object");
  }
  return answer_to(host, *request, handler);
}

Result<uint64_t> serve(RegletHost& host, Caller& caller, uint64_t bits, std::string_view function, Handler handler) {
  if (host.allocating) {
    return Error(ErrorKind::host, "the plugin's allocate called " + std::string(function) + ", whose answer needs it");
  }
  WPLUG_TRY_ASSIGN(const std::string_view text, read_request(host, caller, function, bits));
  const std::string answer = serve_request(host, function, text, handler).to_string();
  WPLUG_TRY_ASSIGN(const uint32_t at, host.allocate_bytes(answer.size(), function));
  const PackedRange range{at, static_cast<uint32_t>(answer.size())};
  // What was known of the memory before allocate ran is out of date.
  const GuestMemory memory(caller);
  if (!memory.write_text(at, answer)) return host.outside("allocate", range, memory);
  return range.bits();
}

Result<void> note(RegletHost& host, Caller& caller, uint64_t bits, std::string_view function, Notice handler) {
  if (!host.context.admit()) return host.context.budget_spent();
  WPLUG_TRY_ASSIGN(const std::string_view text, read_request(host, caller, function, bits));
  const auto request = parse_json(text, kRequestLimits);
  if (!request.ok()) {
    host.context.log().line(std::string(function) + ": what the plugin gave " + request.error().message());
    return {};
  }
  RegletCall call{host.context, *request, host.context.call().deadline};
  handler(call);
  return {};
}

template <Id id, Handler handler>
Result<uint64_t> serve_with(RegletHost& host, Caller& caller, uint64_t bits) {
  return serve(host, caller, bits, name_of(id), handler);
}

template <Id id, Notice handler>
Result<void> note_with(RegletHost& host, Caller& caller, uint64_t bits) {
  return note(host, caller, bits, name_of(id), handler);
}

template <Id id, auto handler>
void define(Linker& linker, RegletHost& host) {
  if constexpr (std::is_same_v<decltype(handler), Notice>) {
    linker.define_host<&note_with<id, handler>>(kRegletModule, name_of(id), &host);
  } else {
    linker.define_host<&serve_with<id, handler>>(kRegletModule, name_of(id), &host);
  }
}

}  // namespace

Result<uint32_t> RegletHost::allocate_bytes(uint64_t length, std::string_view what_for) {
  if (!allocate) {
    return Error(ErrorKind::host, std::string(what_for) + " was called before the plugin was there to take an answer");
  }
  if (length > UINT32_MAX) {
    return Error(ErrorKind::host, std::string(what_for) + ": " + std::to_string(length) + " bytes do not fit a plugin");
  }
  uint64_t slot = length;
  allocating = true;
  auto called = allocate->call_raw(&slot);
  allocating = false;
  WPLUG_TRY(std::move(called));
  const uint32_t at = static_cast<uint32_t>(slot);
  if (at == 0) {
    return Error(ErrorKind::host, "allocate(" + std::to_string(length) + ") returned 0, for " + std::string(what_for));
  }
  return at;
}

Error RegletHost::outside(std::string_view function, PackedRange range, const GuestMemory& memory) {
  bad_pointer = std::string(kBadPointer) + std::string(function) + " gave " + std::to_string(range.length) +
                " bytes at " + std::to_string(range.at) + ", the memory has " + std::to_string(memory.size());
  return Error(ErrorKind::host, *bad_pointer);
}

void add_reglet_functions(Linker& linker, RegletHost& host) {
#define WPLUG_HOST_FUNCTION(name, type, capability, doc) define<Id::name, &reglet_calls::name>(linker, host);
#include "abi/reglet/functions.def"
}

std::span<const AbiFunction> reglet_functions() { return kFunctions; }

const AbiFunction* find_reglet_function(std::string_view module, std::string_view name) {
  if (module != kRegletModule) return nullptr;
  const auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                  [name](const AbiFunction& function) { return function.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace wplug
