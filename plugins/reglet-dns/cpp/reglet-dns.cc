// Records of a name, in the shape of reglet's later plugins: {"hostname": "example.com", "record_type": "MX",
// "nameserver": "127.0.0.1:53", "timeout_ms": 1000}.
#include "../../reglet/guest.h"

REGLET_IMPORT(dns_lookup);

namespace reglet {

const char* const kManifest =
    R"({"name":"dns","version":"2.0.0","description":"looks names up","sdk_version":"0.1.0",)"
    R"("capabilities":{"network":{"rules":[{"hosts":["*"],"ports":["*"]}]}},)"
    R"("config_schema":{"type":"object","properties":{"hostname":{"type":"string"},"record_type":{"type":"string"},)"
    R"("nameserver":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["hostname"]}})";

std::string observe(std::string_view config) {
  return evidence_of(ask(dns_lookup, "{\"hostname\":" + member(config, "hostname") + ",\"type\":" +
                                         member(config, "record_type", "\"A\"") + ",\"nameserver\":" +
                                         member(config, "nameserver", "\"\"") + ",\"context\":{\"timeout_ms\":" +
                                         member(config, "timeout_ms", "0") + "}}"));
}

}  // namespace reglet
