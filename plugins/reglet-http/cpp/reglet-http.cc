// The answer of an HTTP server, in the shape of reglet's later plugins: {"url": "https://example.com/", "method": "GET",
// "body": base64, "headers": {…}, "expected_status": 200, "timeout_ms": 1000}.
#include "../../reglet/guest.h"

REGLET_IMPORT(http_request);

namespace reglet {

const char* const kManifest =
    R"({"name":"http","version":"2.0.0","description":"asks an HTTP server","sdk_version":"0.1.0",)"
    R"("capabilities":{"network":{"rules":[{"hosts":["*"],"ports":["*"]}]}},)"
    R"("config_schema":{"type":"object","properties":{"url":{"type":"string"},"method":{"type":"string"},)"
    R"("body":{"type":"string"},"headers":{"type":"object"},"expected_status":{"type":"integer"},)"
    R"("timeout_ms":{"type":"integer"}},"required":["url"]}})";

std::string observe(std::string_view config) {
  const std::string answer =
      ask(http_request, "{\"method\":" + member(config, "method", "\"GET\"") + ",\"url\":" + member(config, "url") +
                            ",\"headers\":" + member(config, "headers", "{}") + ",\"body\":" +
                            member(config, "body", "\"\"") + ",\"context\":{\"timeout_ms\":" +
                            member(config, "timeout_ms", "0") + "}}");
  const std::string wanted = member(config, "expected_status", "");
  const std::string status = member(answer, "status_code");
  if (member(answer, "error", "").empty() && !wanted.empty() && wanted != status) {
    return failure("the status is " + status + ", not " + wanted, answer);
  }
  return evidence_of(answer);
}

}  // namespace reglet
