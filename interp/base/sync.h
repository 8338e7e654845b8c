// Locks that builds without threads (-Dprofile=small) have no use for, and their platforms may not have.
#pragma once

#if WPLUG_PROFILE_SMALL

namespace wplug {

class Mutex {
 public:
  void lock() {}
  void unlock() {}
};

// Runs something once.
class OnceFlag {
 public:
  template <class F>
  void call(F f) {
    if (!done_) f();
    done_ = true;
  }

 private:
  bool done_ = false;
};

}  // namespace wplug

#else

#include <mutex>

namespace wplug {

using Mutex = std::mutex;

// Runs something once, however many threads ask.
class OnceFlag {
 public:
  template <class F>
  void call(F f) {
    std::call_once(flag_, f);
  }

 private:
  std::once_flag flag_;
};

}  // namespace wplug

#endif

namespace wplug {

// Holds a lock from here to the end of the block; none when the pointer is null.
class Locked {
 public:
  explicit Locked(Mutex& mutex) : Locked(&mutex) {}
  explicit Locked(Mutex* mutex) : mutex_(mutex) {
    if (mutex_ != nullptr) mutex_->lock();
  }
  ~Locked() {
    if (mutex_ != nullptr) mutex_->unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Mutex* mutex_;
};

}  // namespace wplug
