// Arguments, environment, clocks, randomness, the end.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "abi/wasi/functions.h"

namespace wplug::wasi {

namespace {

// Between two looks at the deadline.
constexpr size_t kRandomPiece = size_t{64} << 10;

uint64_t text_size(const std::vector<std::string>& texts) {
  uint64_t size = 0;
  for (const std::string& text : texts) size += text.size() + 1;
  return size;
}

Errno put_sizes(const Call& call, const std::vector<std::string>& texts, u32 count_out, u32 size_out) {
  // What a 32-bit guest cannot hold was refused when the context was made.
  const bool written = call.memory.write<u32>(count_out, static_cast<u32>(texts.size())) &&
                       call.memory.write<u32>(size_out, static_cast<u32>(text_size(texts)));
  return written ? Errno::success : Errno::fault;
}

// Pointers at `pointers_out`, texts with a NUL each from `text_out`.
Errno put_texts(const Call& call, const std::vector<std::string>& texts, u32 pointers_out, u32 text_out) {
  if (!call.memory.contains(pointers_out, texts.size() * 4) || !call.memory.contains(text_out, text_size(texts))) {
    return Errno::fault;
  }
  uint64_t pointer = pointers_out, at = text_out;
  for (const std::string& text : texts) {
    const bool written = call.memory.write<u32>(pointer, static_cast<u32>(at)) &&
                         call.memory.write_text(at, {text.c_str(), text.size() + 1});
    if (!written) return Errno::fault;
    pointer += 4;
    at += text.size() + 1;
  }
  return Errno::success;
}

// Signals of WASI that do not end a program which does not handle them: none, chld, cont, urg, winch.
bool is_harmless(u32 signal) { return signal == 0 || signal == 16 || signal == 17 || signal == 22 || signal == 27; }
constexpr u32 kLastSignal = 30;

}  // namespace

Status args_get(Call& call, u32 argv_out, u32 text_out) { return put_texts(call, call.state.args, argv_out, text_out); }

Status args_sizes_get(Call& call, u32 count_out, u32 size_out) {
  return put_sizes(call, call.state.args, count_out, size_out);
}

Status environ_get(Call& call, u32 environ_out, u32 text_out) {
  return put_texts(call, call.state.env, environ_out, text_out);
}

Status environ_sizes_get(Call& call, u32 count_out, u32 size_out) {
  return put_sizes(call, call.state.env, count_out, size_out);
}

Status clock_res_get(Call& call, u32 id, u32 resolution_out) {
  const auto resolution = call.state.clocks.resolution(id);
  if (!resolution) return Errno::inval;
  return call.memory.write<u64>(resolution_out, *resolution) ? Errno::success : Errno::fault;
}

Status clock_time_get(Call& call, u32 id, u64 /*precision*/, u32 time_out) {
  const auto time = call.state.clocks.now(id);
  if (!time) return Errno::inval;
  return call.memory.write<u64>(time_out, *time) ? Errno::success : Errno::fault;
}

Status random_get(Call& call, u32 buffer_out, u32 size) {
  auto buffer = call.memory.bytes(buffer_out, size);
  if (!buffer) return Errno::fault;
  for (std::span<uint8_t> rest = *buffer; !rest.empty();) {
    const std::span<uint8_t> piece = rest.first(std::min(rest.size(), kRandomPiece));
    const Errno error = fill_random(call.state, piece);
    if (error != Errno::success) return error;
    rest = rest.subspan(piece.size());
    WPLUG_TRY(call.check_stop());
  }
  return Errno::success;
}

Status sched_yield(Call& call) {
  std::this_thread::yield();
  WPLUG_TRY(call.check_stop());
  return Errno::success;
}

Result<void> proc_exit(Call& /*call*/, u32 code) { return Error::guest_exit(static_cast<int32_t>(code)); }

Status proc_raise(Call& /*call*/, u32 signal) {
  if (signal > kLastSignal) return Errno::inval;
  if (is_harmless(signal)) return Errno::success;
  return Error(ErrorKind::host, "the guest raised signal " + std::to_string(signal));
}

}  // namespace wplug::wasi
