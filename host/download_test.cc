#include "host/download.h"

#include <doctest/doctest.h>

#include <functional>

#include "host/openssl_present_test.h"
#include "host/openssl_services.h"
#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

// A server of one file.
class FakeServer : public HttpClient {
 public:
  explicit FakeServer(std::string content) : content_(std::move(content)) {}

  HttpReply send(const HttpRequest& request) override {
    ++requests;
    granted = authorize(*request.policy, {CapabilityKind::http, "127.0.0.1", 80}).literal;
    std::string range;
    for (const auto& [name, value] : request.headers) range = name == "Range" ? value : range;
    ranges.push_back(range);
    HttpReply reply = has_ranges && !range.empty() ? part(range) : whole();
    if (change) change(reply);
    if (reply.body.size() > request.max_body) reply = {HttpOutcome::failed, 0, 0, {}, "", false, "too large"};
    return reply;
  }

  int requests = 0;
  bool granted = false;
  bool has_ranges = true;
  std::vector<std::string> ranges;
  std::function<void(HttpReply&)> change;

 private:
  HttpReply whole() const { return {HttpOutcome::ok, 200, 1, {}, content_, false, ""}; }
  HttpReply part(const std::string& range) const {
    const size_t first = std::stoul(range.substr(6)), last = std::stoul(range.substr(range.find('-') + 1));
    if (first >= content_.size()) return {HttpOutcome::ok, 416, 1, {}, "", false, ""};
    const std::string body = content_.substr(first, last - first + 1);
    const std::string said = "bytes " + std::to_string(first) + "-" + std::to_string(first + body.size() - 1) + "/" +
                             std::to_string(content_.size());
    return {HttpOutcome::ok, 206, 1, {{"Content-Range", said}}, body, false, ""};
  }
  std::string content_;
};

std::string content(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * i % 23);
  return text;
}

std::string hash_of(const std::string& text) {
  return *sha256_hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string text_of(const Result<std::vector<uint8_t>>& bytes) {
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "failed: " + bytes.error().message();
}

constexpr const char* kUrl = "http://127.0.0.1/p.wasm";

TEST_CASE("a file comes in pieces, from a host that is granted by its name") {
  FakeServer server(content(2500));
  const DownloadOptions options{.http = &server, .piece_bytes = 1000};
  CHECK(text_of(download(kUrl, "", options)) == content(2500));
  CHECK(server.ranges == std::vector<std::string>{"bytes=0-999", "bytes=1000-1999", "bytes=2000-2999"});
  CHECK(server.granted);
}

TEST_CASE("a server without ranges sends all at once") {
  FakeServer server(content(2500));
  server.has_ranges = false;
  CHECK(text_of(download(kUrl, "", {.http = &server, .piece_bytes = 1000})) == content(2500));
  CHECK(server.requests == 1);
}

TEST_CASE("an interrupted download goes on where it stopped") {
  if (!has_openssl()) return;
  const TestFolder folder;
  FakeServer server(content(5000));
  const DownloadOptions options{.http = &server, .piece_bytes = 1000, .partial_folder = folder.name()};
  const std::string hash = hash_of(content(5000));
  server.change = [&](HttpReply& reply) {
    if (server.requests == 4) reply = {HttpOutcome::failed, 0, 0, {}, "", false, "the connection was lost"};
  };
  CHECK(text_of(download(kUrl, hash, options)) == "failed: http://127.0.0.1/p.wasm: the connection was lost");
  CHECK(folder.read(hash + ".part").size() == 3000);
  server.change = nullptr;
  server.ranges.clear();
  CHECK(text_of(download(kUrl, hash, options)) == content(5000));
  CHECK(server.ranges == std::vector<std::string>{"bytes=3000-3999", "bytes=4000-4999"});
  CHECK(!std::filesystem::exists(folder.name() + "/" + hash + ".part"));
}

TEST_CASE("pieces that someone changed do not survive the hash") {
  if (!has_openssl()) return;
  const TestFolder folder;
  FakeServer server(content(3000));
  const std::string hash = hash_of(content(3000));
  const DownloadOptions options{.http = &server, .piece_bytes = 1000, .partial_folder = folder.name()};
  folder.write(hash + ".part", std::string(1000, '!'));
  const auto damaged = download(kUrl, hash, options);
  REQUIRE(!damaged.ok());
  CHECK(damaged.error().kind() == ErrorKind::link);
  CHECK(text_of(download(kUrl, hash, options)) == content(3000));
  folder.write(hash + ".part", std::string(9000, '!'));  // more than there is
  CHECK(text_of(download(kUrl, hash, options)) == content(3000));
  folder.write(hash + ".part", content(3000));  // complete
  server.requests = 0;
  CHECK(text_of(download(kUrl, hash, options)) == content(3000));
  CHECK(server.requests == 0);
}

TEST_CASE("another hash is refused, naming both") {
  if (!has_openssl()) return;
  FakeServer server(content(100));
  const auto result = download(kUrl, std::string(64, '0'), {.http = &server});
  CHECK(result.error().kind() == ErrorKind::link);
  CHECK(result.error().message() == "http://127.0.0.1/p.wasm: has the SHA-256 " + hash_of(content(100)) + ", not " +
                                        std::string(64, '0'));
}

TEST_CASE("a server that contradicts itself is refused") {
  const auto with_range = [](const std::string& said) {
    FakeServer server(content(2500));
    server.change = [&](HttpReply& reply) { reply.headers = {{"content-range", said}}; };
    return text_of(download(kUrl, "", {.http = &server, .max_bytes = 10'000, .piece_bytes = 1000}));
  };
  CHECK(with_range("bytes 0-999/2500").find("sent another range") != std::string::npos);  // the second piece is not that
  CHECK(with_range("bytes 0-99/2500").find("sent another range") != std::string::npos);
  CHECK(with_range("bytes 5-1004/2500").find("sent another range") != std::string::npos);
  CHECK(with_range("bytes 0-999/500").find("sent another range") != std::string::npos);
  CHECK(with_range("bytes 0-999/*").find("sent another range") != std::string::npos);
  CHECK(with_range("bytes 0-999/99999999999999999999999").find("sent another range") != std::string::npos);
  CHECK(with_range("bytes 0-999/20000").find("has 20000 bytes, more than 10000") != std::string::npos);
}

TEST_CASE("a file that grows while it is downloaded is refused") {
  FakeServer server(content(2500));
  server.change = [&](HttpReply& reply) {
    if (server.requests == 2) reply.headers = {{"Content-Range", "bytes 1000-1999/2600"}};
  };
  CHECK(text_of(download(kUrl, "", {.http = &server, .piece_bytes = 1000})).find("changed while") != std::string::npos);
}

TEST_CASE("a small file may be missing, and only missing") {
  FakeServer server("signature");
  CHECK(text_of(download_if_there(kUrl, {.http = &server})) == "signature");
  server.change = [](HttpReply& reply) { reply.status = 404; };
  CHECK(text_of(download_if_there(kUrl, {.http = &server})).empty());
  server.change = [](HttpReply& reply) { reply.status = 500; };
  CHECK(!download_if_there(kUrl, {.http = &server}).ok());
  CHECK(!download(kUrl, "", {.http = &server}).ok());
}

TEST_CASE("files on disk are read by file URLs") {
  const TestFolder folder;
  const std::string file = folder.write("a.wasm", "abc");
  CHECK(text_of(download("file://" + file, "", {})) == "abc");
  CHECK(download("file://" + file, "", {.max_bytes = 2}).error().message() == file + ": has more than 2 bytes");
  CHECK(download_if_there("file://" + file + ".sig", {})->empty());
  CHECK(!download("ftp://host/x", "", {}).ok());
}

}  // namespace
}  // namespace wplug
