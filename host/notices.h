// What the operator is told of a plugin once, however many instances and calls there are.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace wplug {

// Shared by all instances of a plugin; any thread.
class Notices {
 public:
  // True the first time that `text` is asked for.
  bool first(std::string_view text) {
    const std::lock_guard lock(mutex_);
    return told_.emplace(text).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> told_;
};

}  // namespace wplug
