// Settings of everything that goes over the network: HTTP, names, TCP, SMTP.
#pragma once

#include <string>

namespace wplug {

struct NetworkOptions {
  // Resolves names, in place of the system's resolver and its hosts file: "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53".
  std::string nameserver;
  // Certificates in PEM form that are trusted instead of the system's.
  std::string authorities;
};

}  // namespace wplug
