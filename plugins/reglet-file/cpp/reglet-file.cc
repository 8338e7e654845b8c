// Reads a file, or writes one, in the shape of reglet's later plugins.
//
//   {"path": "/etc/hosts"}                        through WASI: the directory must be granted
//   {"path": "/etc/hosts", "through": "host"}     through fs_read
//   {"path": "/tmp/x", "write": "aGVsbG8="}       through fs_write; base64
#include "../../reglet/guest.h"

#include <cerrno>
#include <cstdio>

REGLET_IMPORT(fs_read);
REGLET_IMPORT(fs_write);

namespace reglet {

const char* const kManifest =
    R"({"name":"file","version":"2.0.0","description":"reads and writes files","sdk_version":"0.1.0",)"
    R"("capabilities":{"fs":{"rules":[{"read":["**"],"write":["**"]}]}},)"
    R"("config_schema":{"type":"object","properties":{"path":{"type":"string"},"through":{"enum":["wasi","host"]},)"
    R"("write":{"type":"string"}},"required":["path"]}})";

namespace {

std::string read_through_wasi(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return failure(path + ": " + std::strerror(errno), R"({"exists":false})");
  std::string content;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) content.append(buffer, n);
  std::fclose(file);
  return R"({"status":"success","data":{"exists":true,"size":)" + std::to_string(content.size()) +
         ",\"content\":" + quoted(content) + "}}";
}

}  // namespace

std::string observe(std::string_view config) {
  const std::string path = member(config, "path", "\"\"");
  const std::string context = ",\"context\":" + member(config, "context", "{}");
  const std::string write = member(config, "write", "");
  if (!write.empty()) return evidence_of(ask(fs_write, "{\"path\":" + path + ",\"data\":" + write + context + "}"));
  if (member(config, "through") == "\"host\"") return evidence_of(ask(fs_read, "{\"path\":" + path + context + "}"));
  return read_through_wasi(text_of(path));
}

}  // namespace reglet
