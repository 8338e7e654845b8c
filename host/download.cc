#include "host/download.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "host/files.h"
#include "host/openssl_services.h"
#include "host/url.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileScheme = "file://";
constexpr std::chrono::minutes kLongestRequest{5};
constexpr uint64_t kMostSmallBytes = uint64_t{1} << 20;

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(x) == lower(y);
  });
}

std::string_view header(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (same_letters(key, name)) return value;
  }
  return {};
}

// "bytes 0-99/1000", with a total.
struct ContentRange {
  uint64_t first = 0, last = 0, total = 0;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
  ContentRange range;
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto number = [&text](uint64_t& to, std::string_view end) {
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(last - text.data()));
    if (!text.starts_with(end) || (end.empty() && !text.empty())) return false;
    text.remove_prefix(end.size());
    return true;
  };
  if (!number(range.first, "-") || !number(range.last, "/") || !number(range.total, "")) return std::nullopt;
  return range.last < range.first || range.last >= range.total ? std::nullopt : std::optional(range);
}

// The pieces so far. Kept in a file when there is a hash to name it by; one process at a time.
class Pieces {
 public:
  Result<void> open(const std::string& folder, std::string_view sha256) {
    if (folder.empty() || sha256.empty()) return {};
    std::error_code error;
    fs::create_directories(folder, error);
    path_ = folder + "/" + std::string(sha256) + ".part";
    file_ = OwnedFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (file_.get() < 0) return Error(ErrorKind::host, path_ + ": cannot be opened: " + std::strerror(errno));
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      return Error(ErrorKind::host, path_ + ": another wplug downloads the same file");
    }
    return {};
  }

  // What an earlier download left; too much of it is worth nothing.
  Result<void> read(uint64_t most) {
    if (path_.empty()) return {};
    auto bytes = read_file(path_, most);
    if (!bytes.ok()) return restart();
    bytes_ = std::move(*bytes);
    return {};
  }

  Result<void> add(std::string_view piece) {
    bytes_.insert(bytes_.end(), piece.begin(), piece.end());
    return path_.empty() ? Result<void>() : FdSink(file_.get(), path_).write(piece);
  }

  Result<void> restart() {
    bytes_.clear();
    if (!path_.empty() && ::ftruncate(file_.get(), 0) != 0) {
      return Error(ErrorKind::host, path_ + ": cannot be emptied: " + std::strerror(errno));
    }
    return {};
  }

  void finish() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  std::vector<uint8_t>& bytes() { return bytes_; }
  uint64_t size() const { return bytes_.size(); }

 private:
  std::string path_;
  OwnedFd file_;
  std::vector<uint8_t> bytes_;
};

Error failed(const std::string& url, const std::string& why) { return Error(ErrorKind::host, url + ": " + why); }

class Download {
 public:
  Download(const std::string& url, const DownloadOptions& options) : url_(url), options_(options) {}

  Result<void> grant() {
    const auto parsed = parse_url(url_);
    if (!parsed) return failed(url_, "is not an absolute http, https or file URL");
    // Who types a host's name may reach it, private addresses included.
    policy_.plugin = "wplug";
    WPLUG_TRY(grant_host(parsed->host));
    for (const std::string& host : options_.more_hosts) WPLUG_TRY(grant_host(host));
    return {};
  }

  HttpReply get(HttpHeaders headers, uint64_t most) {
    HttpRequest request;
    request.url = url_;
    request.headers = std::move(headers);
    request.policy = &policy_;
    request.deadline = std::chrono::steady_clock::now() + kLongestRequest;
    request.max_body = most;
    request.requests_left = 11;
    return options_.http->send(request);
  }

  Error refused(const HttpReply& reply) const {
    if (reply.outcome == HttpOutcome::ok) return failed(url_, "the server answered " + std::to_string(reply.status));
    if (reply.outcome == HttpOutcome::denied) {
      return failed(url_, "leads to another host, which --allow-host must name: " + reply.message);
    }
    return failed(url_, reply.message);
  }

  // Adds the next piece; true: that was the last.
  Result<bool> next(Pieces& pieces) {
    const uint64_t at = pieces.size();
    const std::string range =
        "bytes=" + std::to_string(at) + "-" + std::to_string(at + std::max<uint64_t>(options_.piece_bytes, 1) - 1);
    const HttpReply reply = get({{"Range", range}, {"Accept-Encoding", "identity"}}, options_.max_bytes);
    if (reply.outcome == HttpOutcome::ok && reply.status == 206) return add_piece(pieces, reply);
    if (reply.outcome == HttpOutcome::ok && reply.status == 200) {  // it has no ranges, and this is all of it
      WPLUG_TRY(pieces.restart());
      WPLUG_TRY(pieces.add(reply.body));
      return true;
    }
    // More was kept than there is: begin again.
    if (reply.outcome == HttpOutcome::ok && reply.status == 416 && at > 0 && !restarted_) {
      restarted_ = true;
      WPLUG_TRY(pieces.restart());
      return false;
    }
    return refused(reply);
  }

 private:
  Result<void> grant_host(const std::string& host) {
    const bool is_address = host.find(':') != std::string::npos;
    return policy_.granted.add("http:" + (is_address ? "[" + host + "]" : host));
  }

  Result<bool> add_piece(Pieces& pieces, const HttpReply& reply) {
    const auto range = parse_content_range(header(reply, "content-range"));
    if (!range || range->first != pieces.size() || range->last - range->first + 1 != reply.body.size()) {
      return failed(url_, "the server sent another range than it says or was asked for");
    }
    if (range->total > options_.max_bytes) {
      return Error(ErrorKind::host, url_ + ": has " + std::to_string(range->total) + " bytes, more than " +
                                         std::to_string(options_.max_bytes));
    }
    if (total_ != 0 && total_ != range->total) return failed(url_, "the file changed while it was downloaded");
    total_ = range->total;
    WPLUG_TRY(pieces.add(reply.body));
    return pieces.size() == total_;
  }

  const std::string& url_;
  const DownloadOptions& options_;
  Policy policy_;
  uint64_t total_ = 0;
  bool restarted_ = false;
};

Result<void> check_hash(const std::string& url, std::span<const uint8_t> bytes, std::string_view sha256) {
  if (sha256.empty()) return {};
  WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(bytes));
  if (hash == sha256) return {};
  return Error(ErrorKind::link, url + ": has the SHA-256 " + hash + ", not " + std::string(sha256));
}

Result<std::vector<uint8_t>> read_local(const std::string& url, std::string_view sha256, uint64_t most) {
  auto bytes = read_file(url.substr(kFileScheme.size()), most);
  if (!bytes.ok()) return Error(ErrorKind::host, bytes.error().message());
  WPLUG_TRY(check_hash(url, *bytes, sha256));
  return std::move(*bytes);
}

}  // namespace

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with(kFileScheme);
}

Result<std::vector<uint8_t>> download(const std::string& url, std::string_view sha256, const DownloadOptions& options) {
  if (url.starts_with(kFileScheme)) return read_local(url, sha256, options.max_bytes);
  Download transfer(url, options);
  WPLUG_TRY(transfer.grant());
  Pieces pieces;
  WPLUG_TRY(pieces.open(options.partial_folder, sha256));
  WPLUG_TRY(pieces.read(options.max_bytes));
  // All of it may be there already, when the process ended before it was used.
  if (pieces.size() == 0 || !check_hash(url, pieces.bytes(), sha256).ok()) {
    for (bool done = false; !done;) {
      WPLUG_TRY_ASSIGN(done, transfer.next(pieces));
    }
  }
  const Result<void> matches = check_hash(url, pieces.bytes(), sha256);
  pieces.finish();
  if (!matches.ok()) return matches.error();
  return std::move(pieces.bytes());
}

Result<std::vector<uint8_t>> download_if_there(const std::string& url, const DownloadOptions& options) {
  if (url.starts_with(kFileScheme)) {
    std::error_code ignored;
    if (!fs::exists(url.substr(kFileScheme.size()), ignored)) return std::vector<uint8_t>();
    return read_local(url, "", kMostSmallBytes);
  }
  Download transfer(url, options);
  WPLUG_TRY(transfer.grant());
  const HttpReply reply = transfer.get({}, kMostSmallBytes);
  if (reply.outcome == HttpOutcome::ok && (reply.status == 404 || reply.status == 410)) return std::vector<uint8_t>();
  if (reply.outcome != HttpOutcome::ok || reply.status != 200) return transfer.refused(reply);
  return std::vector<uint8_t>(reply.body.begin(), reply.body.end());
}

}  // namespace wplug
