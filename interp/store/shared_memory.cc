#include "interp/store/shared_memory.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "interp/base/atomic_bytes.h"

namespace wplug {

namespace {

// Nobody wakes a waiting thread when its store is interrupted: it looks this often.
constexpr std::chrono::microseconds kSlice{500};

template <class T>
void copy_one(uint8_t* to, const uint8_t* from) {
  const T value = __atomic_load_n(atomic_bytes::as<T>(from), __ATOMIC_RELAXED);
  __atomic_store_n(atomic_bytes::as<T>(to), value, __ATOMIC_RELAXED);
}

bool is_aligned(const uint8_t* at) { return atomic_bytes::is_aligned<uint64_t>(at); }

}  // namespace

struct WaitQueue::Waiter {
  uint64_t address = 0;
  bool is_woken = false;
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  std::condition_variable wake;
};

void WaitQueue::append(Waiter& waiter) {
  waiter.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &waiter;
  last_ = &waiter;
}

void WaitQueue::remove(Waiter& waiter) {
  (waiter.previous == nullptr ? first_ : waiter.previous->next) = waiter.next;
  (waiter.next == nullptr ? last_ : waiter.next->previous) = waiter.previous;
}

WaitQueue::Outcome WaitQueue::wait(uint64_t address, Clock::time_point until, bool (*is_expected)(void* env),
                                   bool (*should_stop)(void* env), void* env) {
  std::unique_lock lock(mutex_);
  if (!is_expected(env)) return Outcome::not_equal;
  Waiter waiter;
  waiter.address = address;
  append(waiter);
  for (;;) {
    const Clock::time_point now = Clock::now();
    if (now >= until || should_stop(env)) {
      remove(waiter);
      return now >= until ? Outcome::timed_out : Outcome::stopped;
    }
    waiter.wake.wait_until(lock, std::min(until, now + kSlice));
    if (waiter.is_woken) return Outcome::woken;
  }
}

uint32_t WaitQueue::notify(uint64_t address, uint32_t count) {
  const std::lock_guard lock(mutex_);
  uint32_t woken = 0;
  for (Waiter* waiter = first_; waiter != nullptr && woken < count;) {
    Waiter* next = waiter->next;
    if (waiter->address == address) {
      remove(*waiter);
      waiter->is_woken = true;
      // Under the lock, which the thread needs to go on: until then its entry stays where it is.
      waiter->wake.notify_one();
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

void relaxed_copy(uint8_t* to, const uint8_t* from, uint64_t count, bool backward) {
  if (backward) {
    while (count != 0) {
      if (count >= 8 && is_aligned(to + count) && is_aligned(from + count)) {
        count -= 8;
        copy_one<uint64_t>(to + count, from + count);
      } else {
        --count;
        copy_one<uint8_t>(to + count, from + count);
      }
    }
    return;
  }
  for (uint64_t at = 0; at < count;) {
    if (count - at >= 8 && is_aligned(to + at) && is_aligned(from + at)) {
      copy_one<uint64_t>(to + at, from + at);
      at += 8;
    } else {
      copy_one<uint8_t>(to + at, from + at);
      ++at;
    }
  }
}

void relaxed_fill(uint8_t* to, uint8_t value, uint64_t count) {
  const uint64_t word = value * uint64_t{0x0101010101010101};
  for (uint64_t at = 0; at < count;) {
    if (count - at >= 8 && is_aligned(to + at)) {
      __atomic_store_n(atomic_bytes::as<uint64_t>(to + at), word, __ATOMIC_RELAXED);
      at += 8;
    } else {
      __atomic_store_n(to + at, value, __ATOMIC_RELAXED);
      ++at;
    }
  }
}

}  // namespace wplug
