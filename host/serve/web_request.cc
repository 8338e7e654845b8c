#include "host/serve/web_server.h"

namespace wplug {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace

std::string_view WebRequest::header(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (same_name(view(key), name)) return view(value);
  }
  return {};
}

std::string_view status_words(int status) {
  struct Row {
    int status;
    std::string_view words;
  };
  static constexpr Row kRows[] = {{200, "OK"},
                                  {202, "Accepted"},
                                  {204, "No Content"},
                                  {400, "Bad Request"},
                                  {401, "Unauthorized"},
                                  {403, "Forbidden"},
                                  {404, "Not Found"},
                                  {405, "Method Not Allowed"},
                                  {408, "Request Timeout"},
                                  {409, "Conflict"},
                                  {413, "Content Too Large"},
                                  {415, "Unsupported Media Type"},
                                  {417, "Expectation Failed"},
                                  {422, "Unprocessable Content"},
                                  {429, "Too Many Requests"},
                                  {431, "Request Header Fields Too Large"},
                                  {500, "Internal Server Error"},
                                  {501, "Not Implemented"},
                                  {502, "Bad Gateway"},
                                  {503, "Service Unavailable"},
                                  {504, "Gateway Timeout"},
                                  {505, "HTTP Version Not Supported"},
                                  {507, "Insufficient Storage"}};
  for (const Row& row : kRows) {
    if (row.status == status) return row.words;
  }
  return "Unknown";
}

}  // namespace wplug
