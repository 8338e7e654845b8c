// One question to name servers by c-ares, driven in the calling thread until it is answered or its deadline has come.
#pragma once

#include <memory>
#include <string>

#include <ares.h>

#include "host/network/socket.h"
#include "wplug/network_options.h"

namespace wplug {

class CaresChannel {
 public:
  CaresChannel() = default;
  ~CaresChannel();
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

  // `exact`: without search domains. With a name server in the options, neither the system's nor its hosts file is asked.
  Failure open(const NetworkOptions& options, bool exact, Deadline deadline);
  ares_channel get() const { return channel_; }
  // Until `done`, which the callback of the question sets, at the latest when this returns: at the deadline the question is
  // cancelled.
  void run(const bool& done);
  Deadline deadline() const { return deadline_; }

 private:
  void step();

  ares_channel channel_ = nullptr;
  Deadline deadline_;
};

// In words, of the status of a question.
Failure failure_of(int status, const std::string& name);

}  // namespace wplug
