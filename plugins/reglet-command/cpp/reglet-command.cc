// What a program says, in the shape of reglet's later plugins: {"command": "uname", "args": ["-s"], "dir": "/",
// "env": ["A=b"], "expected_exit": 0, "timeout_ms": 1000}.
#include "../../reglet/guest.h"

REGLET_IMPORT(exec_command);

namespace reglet {

const char* const kManifest =
    R"({"name":"command","version":"2.0.0","description":"runs a program","sdk_version":"0.1.0",)"
    R"("capabilities":{"exec":{"commands":["**"]}},)"
    R"("config_schema":{"type":"object","properties":{"command":{"type":"string"},"args":{"type":"array"},)"
    R"("dir":{"type":"string"},"env":{"type":"array"},"expected_exit":{"type":"integer"},)"
    R"("timeout_ms":{"type":"integer"}},"required":["command"]}})";

std::string observe(std::string_view config) {
  const std::string answer =
      ask(exec_command, "{\"command\":" + member(config, "command") + ",\"args\":" + member(config, "args", "[]") +
                            ",\"dir\":" + member(config, "dir", "\"\"") + ",\"env\":" + member(config, "env", "[]") +
                            ",\"context\":{\"timeout_ms\":" + member(config, "timeout_ms", "0") + "}}");
  const std::string wanted = member(config, "expected_exit", "0");
  const std::string code = member(answer, "exit_code");
  if (member(answer, "error", "").empty() && wanted != code) {
    return failure("the exit code is " + code + ", not " + wanted, answer);
  }
  return evidence_of(answer);
}

}  // namespace reglet
