// Files from http, https and file URLs, for the operator's own commands.
//
// A large file comes in pieces (Range requests). With a content hash to hold on to, the pieces go to a file of that name, so
// that an interrupted download goes on where it stopped; what comes out must have the hash, whoever wrote the pieces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/http.h"

namespace wplug {

struct DownloadOptions {
  HttpClient* http = nullptr;              // borrowed
  std::vector<std::string> more_hosts;     // that redirects may lead to, beside the URL's own
  uint64_t max_bytes = uint64_t{256} << 20;
  uint64_t piece_bytes = uint64_t{4} << 20;
  std::string partial_folder;              // where interrupted downloads are kept; empty: they are not
};

bool is_url(std::string_view text);

// The bytes behind `url`. `sha256` in lower-case hexadecimal: they must hash to it; empty: anything. Errors: host (network,
// an answer other than 2xx, a server that contradicts itself, more than max_bytes), link (another hash).
Result<std::vector<uint8_t>> download(const std::string& url, std::string_view sha256, const DownloadOptions& options);

// The same for a small file that need not exist: empty when the server says 404 or 410.
Result<std::vector<uint8_t>> download_if_there(const std::string& url, const DownloadOptions& options);

}  // namespace wplug
