// What set_notice (wplug/notice.h) sets: a function for the thread that runs the guest, called once when running code looks at the clock after a
// certain time. It lies with the interrupt flag, which a store shares with those nested in it, so whichever runs gives it.
#pragma once

#include <cstdint>
#include <functional>

#include "interp/store/runtime.h"

namespace wplug {

// The state of an InterruptHandle, a flag that is for any thread, with what is for the store's thread only: what the
// `interrupt` of every store points to.
struct StopState : decltype(StoreImpl::interrupt)::element_type {
  int64_t notice_ns = INT64_MAX;  // steady clock
  std::function<void()> notice;
};

inline StopState& stop_state(const StoreImpl& store) { return static_cast<StopState&>(*store.interrupt); }

}  // namespace wplug
