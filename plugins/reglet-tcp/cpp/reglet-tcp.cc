// Whether a TCP server answers, in the shape of reglet's later plugins: {"host": "localhost", "port": "22", "tls": false,
// "timeout_ms": 1000}.
#include "../../reglet/guest.h"

REGLET_IMPORT(tcp_connect);

namespace reglet {

const char* const kManifest =
    R"({"name":"tcp","version":"2.0.0","description":"connects to a TCP server","sdk_version":"0.1.0",)"
    R"("capabilities":{"network":{"rules":[{"hosts":["*"],"ports":["*"]}]}},)"
    R"("config_schema":{"type":"object","properties":{"host":{"type":"string"},"port":{"type":["string","integer"]},)"
    R"("tls":{"type":"boolean"},"timeout_ms":{"type":"integer"}},"required":["host","port"]}})";

std::string observe(std::string_view config) {
  return evidence_of(ask(tcp_connect, "{\"host\":" + member(config, "host") + ",\"port\":" + member(config, "port") +
                                          ",\"tls\":" + member(config, "tls", "false") + ",\"timeout_ms\":" +
                                          member(config, "timeout_ms", "0") + ",\"context\":{}}"));
}

}  // namespace reglet
