// Attempts to reach over the network what is not granted, or to hurt the host by what servers answer.
//
// One row an attempt: what it is, how it is made, what comes of it. `expected` is the outcome, "denied", "invalid", "failed",
// "timed out" or "not found"; "contained" where the attempt itself tells that nothing went wrong. Whatever the outcome,
// the victim, a server on 127.0.0.1 that no grant of the attempts names, must not have been asked for anything. The names are
// shown in docs/security.md: `tests/escape/network_table.py --write docs/security.md` after a change.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "host/network/servers_test.h"
#include "wplug/http.h"
#include "wplug/network.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string text_of(HttpOutcome outcome) {
  constexpr const char* kTexts[] = {"ok", "denied", "exhausted", "failed", "timed out", "invalid"};
  return kTexts[static_cast<size_t>(outcome)];
}
std::string text_of(NetworkOutcome outcome) {
  constexpr const char* kTexts[] = {"ok", "denied", "not found", "failed", "timed out", "invalid"};
  return kTexts[static_cast<size_t>(outcome)];
}

// A victim, a server at gate.test that redirects to where /to/ says, and a name server whose owner is an enemy.
class Lab {
 public:
  Lab()
      : victim_(test::page("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")),
        gate_([this](int socket) { redirect(socket); }),
        dns_([this](const test::DnsQuestion& question) { return resolve(question); }) {
    options_.nameserver = dns_.address();
  }

  // PORT is the victim's port, GATE that of gate.test.
  std::string fill(std::string text) const {
    for (const auto& [word, port] : {std::pair{"PORT", victim_.port()}, {"GATE", gate_.port()}}) {
      for (size_t at; (at = text.find(word)) != std::string::npos;) text.replace(at, 4, std::to_string(port));
    }
    return text;
  }

  HttpReply request(const std::string& grant, const std::string& url, HttpRequest request = {}) const {
    const Policy policy = policy_of(grant);
    const std::string filled = fill(url);
    request.url = filled;
    request.policy = &policy;
    request.deadline = Clock::now() + time_;
    request.requests_left = 50;
    request.max_body = 10'000;
    return make_http_client(options_)->send(request);
  }
  // A request for `url` by a plugin with `grant`.
  std::string get(const std::string& grant, const std::string& url) const { return text_of(request(grant, url).outcome); }
  // A request for `location` by way of a redirect, with all public hosts granted.
  std::string follow(const std::string& location) const { return get("http:gate.test,*", "http://gate.test:GATE/to/" + location); }
  // A request to the gate with a header.
  std::string header(const std::string& name, const std::string& value) const {
    HttpRequest with;
    with.headers = {{name, value}};
    return text_of(request("http:gate.test", "http://gate.test:GATE/", with).outcome);
  }
  std::string method(const std::string& method, const std::string& body = "") const {
    HttpRequest with;
    with.method = method;
    with.body = body;
    return text_of(request("http:gate.test", "http://gate.test:GATE/", with).outcome);
  }
  // "contained" when a header of the plugin does not reach the wire.
  std::string dropped(const std::string& name, const std::string& value) const {
    heard_.clear();
    if (header(name, value) != "ok") return "not sent";
    return heard_.find(name + ": " + value) == std::string::npos ? "contained" : heard_;
  }
  // A request to a server that answers with `response`.
  std::string answered(const std::string& response) const {
    test::TcpServer server(test::page(response));
    return get("http:127.0.0.1", "http://127.0.0.1:" + std::to_string(server.port()) + "/");
  }
  // One that says `text` again and again.
  std::string flooded(const std::string& first, const std::string& text) const {
    test::TcpServer server([&](int socket) {
      test::read_until(socket, "\r\n\r\n");
      test::send_text(socket, first);
      while (test::send_text(socket, text)) {
      }
    });
    return get("http:127.0.0.1", "http://127.0.0.1:" + std::to_string(server.port()) + "/");
  }
  // One that says nothing more after `text`.
  std::string stalled(const std::string& text) {
    time_ = 100ms;
    test::TcpServer server([&](int socket) {
      test::send_text(socket, text);
      test::read_until(socket, "no such text");
    });
    const std::string outcome = get("http:127.0.0.1", "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    time_ = 20s;
    return outcome;
  }
  // One that sends a byte every few milliseconds.
  std::string dripped() {
    time_ = 100ms;
    test::TcpServer server([&](int socket) {
      test::send_text(socket, "HTTP/1.1 200 OK\r\nX: ");
      pollfd gone{socket, POLLRDHUP, 0};
      while (::poll(&gone, 1, 5) == 0 && test::send_text(socket, "x")) {
      }
    });
    const std::string outcome = get("http:127.0.0.1", "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    time_ = 20s;
    return outcome;
  }

  std::string connect(const std::string& grant, const std::string& host, int port = -1, bool tls = false) const {
    const Policy policy = policy_of(grant);
    const TcpQuery query{host, port < 0 ? victim_.port() : static_cast<uint16_t>(port), tls, {}, true};
    return text_of(make_network(options_)->connect(query, {&policy, Clock::now() + 20s}).outcome);
  }
  std::string greet(const std::string& grant, const std::string& host) const {
    const Policy policy = policy_of(grant);
    const SmtpQuery query{host, victim_.port(), false, false, true};
    return text_of(make_network(options_)->greet(query, {&policy, Clock::now() + 20s}).outcome);
  }
  // Greets a mail server that says `lines` one after the other.
  std::string mail(const std::vector<std::string>& lines, bool starttls = false) const {
    test::TcpServer server([&](int socket) {
      for (const std::string& line : lines) {
        test::send_text(socket, line);
        test::read_until(socket, "\r\n");
      }
    });
    const Policy policy = policy_of("network:outbound:127.0.0.1:*");
    const SmtpQuery query{"127.0.0.1", server.port(), false, starttls, true};
    return text_of(make_network(options_)->greet(query, {&policy, Clock::now() + 20s}).outcome);
  }
  std::string lookup(const std::string& grant, const std::string& name, const std::string& server = "") const {
    const Policy policy = policy_of(grant);
    const std::string filled = fill(server);
    const DnsQuery query{name, DnsType::a, filled};
    return text_of(make_network(options_)->lookup(query, {&policy, Clock::now() + 20s}).outcome);
  }
  // A TLS connection to a server with a certificate for `names`, of which `trusted` says whether it is known.
  std::string secure(const char* names, bool trusted, long seconds = 86400) {
    const auto certificate = test::make_certificate(names, seconds);
    test::TcpServer server([&](int socket) {
      test::TlsPeer peer(socket, *certificate);
      if (peer.ready()) peer.read_until("no such text");
    });
    if (trusted) options_.authorities = certificate->pem;
    const std::string outcome = connect("network:outbound:127.0.0.1:*", "127.0.0.1", server.port(), true);
    options_.authorities.clear();
    return outcome;
  }
  // A request with proxies in the environment; "contained" when they are not asked.
  std::string proxied() const {
    constexpr const char* kNames[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (const char* name : kNames) ::setenv(name, fill("http://127.0.0.1:PORT").c_str(), 1);
    heard_.clear();
    const std::string outcome = get("http:gate.test", "http://gate.test:GATE/page");
    for (const char* name : kNames) ::unsetenv(name);
    return outcome == "ok" && heard_.starts_with("GET /page HTTP/1.1\r\n") ? "contained" : outcome;
  }
  // A page on another port of a host that takes a credential; "contained" when it does not arrive there.
  std::string leaked(const std::string& name) {
    std::string second;
    test::TcpServer other([&](int socket) {
      second = test::read_until(socket, "\r\n\r\n");
      test::send_text(socket, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    HttpRequest with;
    with.headers = {{name, "credential"}};
    const std::string url = "http://gate.test:GATE/to/http://gate.test:" + std::to_string(other.port()) + "/";
    const std::string outcome = text_of(request("http:gate.test", url, with).outcome);
    return outcome == "ok" && !second.empty() && second.find("credential") == std::string::npos ? "contained" : outcome + second;
  }
  // A name whose second answer is another address: "contained" when a connection asks only once.
  std::string rebound() {
    test::TcpServer first(test::page("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"));
    turns_ = 0;
    const Policy policy = policy_of("http:turning.test");
    HttpRequest with;
    const HttpReply reply = request("http:turning.test", "http://turning.test:" + std::to_string(first.port()) + "/", with);
    return reply.outcome == HttpOutcome::ok && reply.body == "first" && turns_ == 1 ? "contained" : text_of(reply.outcome);
  }

  int reached() const { return victim_.connections(); }

 private:
  static Policy policy_of(const std::string& grant) {
    Policy policy;
    policy.plugin = "attacker";
    CHECK(policy.granted.add(grant).ok());
    return policy;
  }
  void redirect(int socket) {
    const std::string head = test::read_until(socket, "\r\n\r\n");
    heard_ = head;
    const size_t begin = head.find("/to/");
    const std::string location = head.starts_with("GET /circle ") ? "/circle" : begin < head.find('\n') ? head.substr(begin + 4, head.find(" HTTP/") - begin - 4) : "";
    test::send_text(socket, location.empty() ? "HTTP/1.1 204 No Content\r\n\r\n"
                                             : "HTTP/1.1 307 Temporary Redirect\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
    ::shutdown(socket, SHUT_WR);
    test::read_until(socket, "no such text");
  }
  std::string resolve(const test::DnsQuestion& question) {
    if (question.name == "turning.test" && question.type == test::kA) {
      const char* const address = turns_++ == 0 ? "127.0.0.1" : "127.0.0.2";
      return test::dns_answer(question, {{test::kA, test::wire_address(address)}});
    }
    if (question.name == "alias.test") {
      std::vector<test::DnsRecord> records = {{test::kCname, test::wire_name("localhost")}};
      if (question.type == test::kA) records.push_back({test::kA, test::wire_address("127.0.0.1"), test::wire_name("localhost")});
      return test::dns_answer(question, records);
    }
    return test::names({{"gate.test", "127.0.0.1"}, {"local4.test", "127.0.0.1"}, {"local6.test", "::1"},
                        {"mapped.test", "::ffff:127.0.0.1"}, {"metadata.test", "169.254.169.254"}, {"lan.test", "192.168.0.1"},
                        {"both.test", "10.0.0.1"}, {"both.test", "fd00::1"}, {"zero.test", "0.0.0.0"},
                        {"nat64.test", "64:ff9b::7f00:1"}, {"www.good.test", "127.0.0.1"}})(question);
  }

  NetworkOptions options_;
  std::chrono::milliseconds time_ = 20s;
  mutable std::string heard_;  // by the gate
  std::atomic<int> turns_{0};
  test::TcpServer victim_, gate_;
  test::DnsServer dns_;
};

struct Attempt {
  const char* name;
  std::string (*attempt)(Lab& lab);
  const char* expected;
};

// clang-format off
const Attempt kAttempts[] = {
    {"loopback by its address, all hosts granted", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1:PORT/"); }, "denied"},
    {"loopback with a dot behind", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1.:PORT/"); }, "denied"},
    {"loopback as 127.1", [](Lab& lab) { return lab.get("http:*", "http://127.1:PORT/"); }, "denied"},
    {"loopback as a decimal number", [](Lab& lab) { return lab.get("http:*", "http://2130706433:PORT/"); }, "denied"},
    {"loopback as a hexadecimal number", [](Lab& lab) { return lab.get("http:*", "http://0x7f000001:PORT/"); }, "denied"},
    {"loopback as 0x7f.1", [](Lab& lab) { return lab.get("http:*", "http://0x7f.1:PORT/"); }, "denied"},
    {"loopback in octal", [](Lab& lab) { return lab.get("http:*", "http://0177.0.0.1:PORT/"); }, "denied"},
    {"loopback as an octal number", [](Lab& lab) { return lab.get("http:*", "http://017700000001:PORT/"); }, "denied"},
    {"this host as 0", [](Lab& lab) { return lab.get("http:*", "http://0:PORT/"); }, "denied"},
    {"this host as 0.0.0.0", [](Lab& lab) { return lab.get("http:*", "http://0.0.0.0:PORT/"); }, "denied"},
    {"an address of five parts", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.0.1:PORT/"); }, "invalid"},
    {"an address with a part of 256", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.256:PORT/"); }, "invalid"},
    {"the metadata service of clouds", [](Lab& lab) { return lab.get("http:*", "http://169.254.169.254/latest/meta-data/"); }, "denied"},
    {"the metadata service as a number", [](Lab& lab) { return lab.get("http:*", "http://2852039166/"); }, "denied"},
    {"a private address, 10/8", [](Lab& lab) { return lab.get("http:*", "http://10.0.0.1/"); }, "denied"},
    {"a private address, 172.16/12", [](Lab& lab) { return lab.get("http:*", "http://172.31.255.1/"); }, "denied"},
    {"a private address, 192.168/16", [](Lab& lab) { return lab.get("http:*", "http://192.168.1.1/"); }, "denied"},
    {"an address shared by carriers", [](Lab& lab) { return lab.get("http:*", "http://100.64.0.1/"); }, "denied"},
    {"a multicast address", [](Lab& lab) { return lab.get("http:*", "http://224.0.0.1/"); }, "denied"},
    {"the broadcast address", [](Lab& lab) { return lab.get("http:*", "http://255.255.255.255/"); }, "denied"},
    {"loopback of IPv6", [](Lab& lab) { return lab.get("http:*", "http://[::1]:PORT/"); }, "denied"},
    {"the unspecified address of IPv6", [](Lab& lab) { return lab.get("http:*", "http://[::]:PORT/"); }, "denied"},
    {"loopback mapped into IPv6", [](Lab& lab) { return lab.get("http:*", "http://[::ffff:127.0.0.1]:PORT/"); }, "denied"},
    {"loopback mapped into IPv6, in hexadecimal", [](Lab& lab) { return lab.get("http:*", "http://[::ffff:7f00:1]:PORT/"); }, "denied"},
    {"loopback as a compatible address", [](Lab& lab) { return lab.get("http:*", "http://[::127.0.0.1]:PORT/"); }, "denied"},
    {"loopback through NAT64", [](Lab& lab) { return lab.get("http:*", "http://[64:ff9b::127.0.0.1]:PORT/"); }, "denied"},
    {"a local NAT64 prefix", [](Lab& lab) { return lab.get("http:*", "http://[64:ff9b:1::808:808]:PORT/"); }, "denied"},
    {"loopback through 6to4", [](Lab& lab) { return lab.get("http:*", "http://[2002:7f00:1::1]:PORT/"); }, "denied"},
    {"a Teredo address", [](Lab& lab) { return lab.get("http:*", "http://[2001::1]:PORT/"); }, "denied"},
    {"a link-local address of IPv6", [](Lab& lab) { return lab.get("http:*", "http://[fe80::1]:PORT/"); }, "denied"},
    {"a unique local address of IPv6", [](Lab& lab) { return lab.get("http:*", "http://[fd00::1]:PORT/"); }, "denied"},
    {"an address with a zone", [](Lab& lab) { return lab.get("http:*", "http://[fe80::1%25lo]:PORT/"); }, "invalid"},
    {"localhost", [](Lab& lab) { return lab.get("http:*", "http://localhost:PORT/"); }, "denied"},
    {"localhost in capitals with a dot", [](Lab& lab) { return lab.get("http:*", "http://LOCALHOST.:PORT/"); }, "denied"},
    {"a name below localhost", [](Lab& lab) { return lab.get("http:*", "http://a.localhost:PORT/"); }, "denied"},
    {"a name of loopback", [](Lab& lab) { return lab.get("http:*", "http://local4.test:PORT/"); }, "denied"},
    {"a name of loopback of IPv6", [](Lab& lab) { return lab.get("http:*", "http://local6.test:PORT/"); }, "denied"},
    {"a name of a mapped address", [](Lab& lab) { return lab.get("http:*", "http://mapped.test:PORT/"); }, "denied"},
    {"a name of 0.0.0.0", [](Lab& lab) { return lab.get("http:*", "http://zero.test:PORT/"); }, "denied"},
    {"a name of the metadata service", [](Lab& lab) { return lab.get("http:*", "http://metadata.test/"); }, "denied"},
    {"a name of a NAT64 address", [](Lab& lab) { return lab.get("http:*", "http://nat64.test:PORT/"); }, "denied"},
    {"a name of two private addresses", [](Lab& lab) { return lab.get("http:*", "http://both.test/"); }, "denied"},
    {"an alias of localhost", [](Lab& lab) { return lab.get("http:*", "http://alias.test:PORT/"); }, "denied"},
    {"a private name below a granted wildcard", [](Lab& lab) { return lab.get("http:*.good.test", "http://www.good.test:PORT/"); }, "denied"},
    {"a private name by a grant of a port", [](Lab& lab) { return lab.get("network:outbound:1-65535", "http://lan.test:PORT/"); }, "denied"},
    {"another spelling of a granted address", [](Lab& lab) { return lab.get("http:127.0.0.1,*", "http://0x7f.1:PORT/"); }, "denied"},
    {"a mapped spelling of the neighbour of a granted address", [](Lab& lab) { return lab.get("http:127.0.0.2,*", "http://[::ffff:127.0.0.1]:PORT/"); }, "denied"},
    {"another port than the granted one", [](Lab& lab) { return lab.get("http:127.0.0.1:1", "http://127.0.0.1:PORT/"); }, "denied"},
    {"the parent of a wildcard", [](Lab& lab) { return lab.get("http:*.gate.test", "http://gate.test:PORT/"); }, "denied"},
    {"a name that ends like a granted one", [](Lab& lab) { return lab.get("http:*.test,local4.tes", "http://local4.test:PORT/"); }, "denied"},
    {"a granted name as a label of another", [](Lab& lab) { return lab.get("http:gate.test", "http://gate.test.local4.test:PORT/"); }, "denied"},
    {"no grant at all", [](Lab& lab) { return lab.get("env:PATH", "http://gate.test:PORT/"); }, "denied"},
    {"a name whose address changes", [](Lab& lab) { return lab.rebound(); }, "contained"},
    {"a redirect to loopback", [](Lab& lab) { return lab.follow("http://127.0.0.1:PORT/"); }, "denied"},
    {"a redirect to loopback as a number", [](Lab& lab) { return lab.follow("http://2130706433:PORT/"); }, "denied"},
    {"a redirect to loopback of IPv6", [](Lab& lab) { return lab.follow("http://[::1]:PORT/"); }, "denied"},
    {"a redirect to localhost without a scheme", [](Lab& lab) { return lab.follow("//localhost:PORT/"); }, "denied"},
    {"a redirect to a name of loopback", [](Lab& lab) { return lab.follow("http://local4.test:PORT/"); }, "denied"},
    {"a redirect to the metadata service", [](Lab& lab) { return lab.follow("http://169.254.169.254/"); }, "denied"},
    {"a redirect with user information", [](Lab& lab) { return lab.follow("http://gate.test@127.0.0.1:PORT/"); }, "failed"},
    {"a redirect with a backslash", [](Lab& lab) { return lab.follow("http:\\\\127.0.0.1:PORT\\"); }, "invalid"},
    {"a redirect to a file", [](Lab& lab) { return lab.follow("file:///etc/passwd"); }, "failed"},
    {"a redirect to another scheme", [](Lab& lab) { return lab.follow("gopher://127.0.0.1:PORT/_x"); }, "failed"},
    {"redirects in a circle", [](Lab& lab) { return lab.get("http:gate.test", "http://gate.test:GATE/circle"); }, "failed"},
    {"a redirect to what is not granted", [](Lab& lab) { return lab.get("http:gate.test", "http://gate.test:GATE/to/http://local4.test:PORT/"); }, "denied"},
    {"a redirect to a port that is not granted", [](Lab& lab) { return lab.get(lab.fill("http:gate.test:GATE"), "http://gate.test:GATE/to/http://gate.test:PORT/"); }, "denied"},
    {"a redirect that takes authorization along", [](Lab& lab) { return lab.leaked("Authorization"); }, "contained"},
    {"a redirect that takes cookies along", [](Lab& lab) { return lab.leaked("cookie"); }, "contained"},
    {"two locations", [](Lab& lab) { return lab.answered("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"); }, "failed"},
    {"user information in front of the host", [](Lab& lab) { return lab.get("http:*", "http://gate.test@127.0.0.1:PORT/"); }, "invalid"},
    {"user information with a password", [](Lab& lab) { return lab.get("http:*", "http://gate.test:80@127.0.0.1:PORT/"); }, "invalid"},
    {"a fragment in front of the host", [](Lab& lab) { return lab.get("http:gate.test", "http://127.0.0.1:PORT#@gate.test/"); }, "denied"},
    {"a backslash in front of the path", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1:PORT\\@gate.test/"); }, "invalid"},
    {"an escape in the host", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1%00.gate.test:PORT/"); }, "invalid"},
    {"a zero byte in the host", [](Lab& lab) { return lab.get("http:*", std::string("http://local4.test\0.gate.test/", 30)); }, "invalid"},
    {"a tabulator in the host", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1\t:PORT/"); }, "invalid"},
    {"digits of full width", [](Lab& lab) { return lab.get("http:*", "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:PORT/"); }, "invalid"},
    {"dots that are no dots", [](Lab& lab) { return lab.get("http:*", "http://127\xe3\x80\x82" "0.0.1:PORT/"); }, "invalid"},
    {"port 0", [](Lab& lab) { return lab.get("http:*", "http://gate.test:0/"); }, "invalid"},
    {"a port beyond 65535", [](Lab& lab) { return lab.get("http:*", "http://gate.test:65616/"); }, "invalid"},
    {"a port that overflows to another", [](Lab& lab) { return lab.get("http:*", "http://gate.test:4294967376/"); }, "invalid"},
    {"two ports", [](Lab& lab) { return lab.get("http:*", "http://127.0.0.1:PORT:80/"); }, "invalid"},
    {"a URL of a file", [](Lab& lab) { return lab.get("http:*", "file:///etc/passwd"); }, "invalid"},
    {"a line feed in the path", [](Lab& lab) { return lab.get("http:gate.test", "http://gate.test:GATE/ HTTP/1.1\r\nX: y\r\n\r\n"); }, "invalid"},
    {"a URL without end", [](Lab& lab) { return lab.get("http:gate.test", "http://gate.test:GATE/" + std::string(1 << 20, 'x')); }, "invalid"},
    {"a header within a header's value", [](Lab& lab) { return lab.header("X", "y\r\nInjected: z"); }, "invalid"},
    {"a line feed in a header's value", [](Lab& lab) { return lab.header("X", "y\nInjected: z"); }, "invalid"},
    {"a carriage return in a header's value", [](Lab& lab) { return lab.header("X", "y\rInjected: z"); }, "invalid"},
    {"a zero byte in a header's value", [](Lab& lab) { return lab.header("X", std::string("y\0z", 3)); }, "invalid"},
    {"a header within a header's name", [](Lab& lab) { return lab.header("X: y\r\nInjected", "z"); }, "invalid"},
    {"a blank in a header's name", [](Lab& lab) { return lab.header("Content-Length ", "5"); }, "invalid"},
    {"a header of a megabyte", [](Lab& lab) { return lab.header("X", std::string(1 << 20, 'y')); }, "invalid"},
    {"another host in a header", [](Lab& lab) { return lab.dropped("Host", "127.0.0.1"); }, "contained"},
    {"a length that is not the body's", [](Lab& lab) { return lab.dropped("Content-Length", "500"); }, "contained"},
    {"chunks that are none", [](Lab& lab) { return lab.dropped("Transfer-Encoding", "chunked"); }, "contained"},
    {"an upgrade to another protocol", [](Lab& lab) { return lab.dropped("Upgrade", "h2c"); }, "contained"},
    {"a request within the method", [](Lab& lab) { return lab.method("GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET"); }, "invalid"},
    {"a blank in the method", [](Lab& lab) { return lab.method("GET /admin"); }, "invalid"},
    {"a tunnel", [](Lab& lab) { return lab.method("CONNECT"); }, "invalid"},
    {"proxies in the environment", [](Lab& lab) { return lab.proxied(); }, "contained"},
    {"a response of two lengths", [](Lab& lab) { return lab.answered("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"); }, "failed"},
    {"a response of a length and chunks", [](Lab& lab) { return lab.answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"); }, "failed"},
    {"a chunk of 2^64 bytes", [](Lab& lab) { return lab.answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nx"); }, "failed"},
    {"a chunk of 2^63 bytes", [](Lab& lab) { return lab.answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nx"); }, "failed"},
    {"a length of 2^63 bytes", [](Lab& lab) { return lab.answered("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nx"); }, "failed"},
    {"a response that changes the protocol", [](Lab& lab) { return lab.answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"); }, "failed"},
    {"a header line without end", [](Lab& lab) { return lab.flooded("HTTP/1.1 200 OK\r\nX: ", std::string(1000, 'y')); }, "failed"},
    {"headers without end", [](Lab& lab) { return lab.flooded("HTTP/1.1 200 OK\r\n", "X: y\r\n"); }, "failed"},
    {"interim responses without end", [](Lab& lab) { return lab.flooded("", "HTTP/1.1 100 Continue\r\n\r\n"); }, "failed"},
    {"a body without end", [](Lab& lab) { return lab.flooded("HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'y')); }, "failed"},
    {"chunks without end", [](Lab& lab) { return lab.flooded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\ny\r\n"); }, "failed"},
    {"trailers without end", [](Lab& lab) { return lab.flooded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"); }, "failed"},
    {"a server that says nothing", [](Lab& lab) { return lab.stalled(""); }, "timed out"},
    {"a server that stops in the middle", [](Lab& lab) { return lab.stalled("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"); }, "timed out"},
    {"a server that sends a byte at a time", [](Lab& lab) { return lab.dripped(); }, "timed out"},
    {"a connection to loopback by a grant of ports", [](Lab& lab) { return lab.connect("network:outbound:1-65535", "127.0.0.1"); }, "denied"},
    {"a connection to loopback of IPv6 by a grant of ports", [](Lab& lab) { return lab.connect("network:outbound:*", "[::1]"); }, "denied"},
    {"a connection to a name of loopback", [](Lab& lab) { return lab.connect("network:outbound:*", "local4.test"); }, "denied"},
    {"a connection by a grant of HTTP", [](Lab& lab) { return lab.connect("http:127.0.0.1", "127.0.0.1"); }, "denied"},
    {"a connection to another port", [](Lab& lab) { return lab.connect("network:outbound:127.0.0.1:1", "127.0.0.1"); }, "denied"},
    {"a connection to port 0", [](Lab& lab) { return lab.connect("network:outbound:*", "gate.test", 0); }, "invalid"},
    {"a connection to a host with a port", [](Lab& lab) { return lab.connect("network:outbound:*", "gate.test:22"); }, "invalid"},
    {"a connection to a host with a line feed", [](Lab& lab) { return lab.connect("network:outbound:*", "gate.test\r\n127.0.0.1"); }, "invalid"},
    {"a connection to an address with a zone", [](Lab& lab) { return lab.connect("network:outbound:*", "fe80::1%lo"); }, "invalid"},
    {"a certificate nobody vouches for", [](Lab& lab) { return lab.secure("IP:127.0.0.1", false); }, "failed"},
    {"a certificate of another host", [](Lab& lab) { return lab.secure("DNS:gate.test,IP:127.0.0.2", true); }, "failed"},
    {"a certificate of an address as a name", [](Lab& lab) { return lab.secure("DNS:127.0.0.1", true); }, "failed"},
    {"a certificate that has expired", [](Lab& lab) { return lab.secure("IP:127.0.0.1", true, -3600); }, "failed"},
    {"a mail server on loopback by a grant of ports", [](Lab& lab) { return lab.greet("network:outbound:*", "127.0.0.1"); }, "denied"},
    {"a mail server by a name of a private address", [](Lab& lab) { return lab.greet("network:outbound:*", "lan.test"); }, "denied"},
    {"a mail server with a command in its name", [](Lab& lab) { return lab.greet("network:outbound:*", "h\r\nMAIL FROM:<a@b>"); }, "invalid"},
    {"a mail server that is another server", [](Lab& lab) { return lab.mail({"HTTP/1.1 400 Bad Request\r\n"}); }, "failed"},
    {"a mail server that hides STARTTLS", [](Lab& lab) { return lab.mail({"220 a\r\n", "250 a\r\n"}, true); }, "failed"},
    {"a mail server that answers before TLS for after it", [](Lab& lab) { return lab.mail({"220 a\r\n", "250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"}, true); }, "failed"},
    {"a mail server with a line without end", [](Lab& lab) { return lab.mail({"220 " + std::string(1 << 20, 'x')}); }, "failed"},
    {"a mail server with lines without end", [](Lab& lab) { std::string lines; for (int i = 0; i < 1000; ++i) lines += "220-x\r\n"; return lab.mail({lines}); }, "failed"},
    {"a name server on loopback, all hosts granted", [](Lab& lab) { return lab.lookup("network:outbound:*", "a.test", "127.0.0.1:PORT"); }, "denied"},
    {"a name server in the private network by a grant of port 53", [](Lab& lab) { return lab.lookup("network:outbound:53", "a.test", "10.0.0.53"); }, "denied"},
    {"a name server by its name", [](Lab& lab) { return lab.lookup("network:outbound:*", "a.test", "localhost:PORT"); }, "invalid"},
    {"a list of name servers", [](Lab& lab) { return lab.lookup("network:outbound:*", "a.test", "8.8.8.8,127.0.0.1:PORT"); }, "invalid"},
    {"a name server as a number", [](Lab& lab) { return lab.lookup("network:outbound:*", "a.test", "2130706433"); }, "invalid"},
    {"a name server by a grant of the name", [](Lab& lab) { return lab.lookup("network:outbound:a.test:53", "a.test", "8.8.8.8"); }, "denied"},
    {"a lookup of a name with a line feed", [](Lab& lab) { return lab.lookup("network:outbound:53", "a\r\nb.test"); }, "invalid"},
    {"a lookup of a name of 300 bytes", [](Lab& lab) { return lab.lookup("network:outbound:53", std::string(300, 'a')); }, "invalid"},
    {"a lookup of a name that is not granted", [](Lab& lab) { return lab.lookup("network:outbound:gate.test:53", "local4.test"); }, "denied"},
};
// clang-format on

TEST_CASE("no attempt to escape by the network succeeds") {
  Lab lab;
  for (const Attempt& attempt : kAttempts) {
    CAPTURE(std::string(attempt.name));
    CHECK(attempt.attempt(lab) == std::string(attempt.expected));
    CHECK(lab.reached() == 0);
  }
}

TEST_CASE("the victim would have been reached by who is granted it") {
  Lab lab;
  CHECK(lab.get("http:127.0.0.1", "http://127.0.0.1:PORT/") == "ok");
  CHECK(lab.get("http:local4.test", "http://local4.test:PORT/") == "ok");
  CHECK(lab.get("http:gate.test,127.0.0.1", "http://gate.test:GATE/to/http://127.0.0.1:PORT/") == "ok");
  CHECK(lab.connect("network:outbound:local4.test:*", "local4.test") == "ok");
  // The last connection may still be on its way to be accepted.
  for (int tries = 0; lab.reached() < 4 && tries < 1'000'000; ++tries) std::this_thread::yield();
  CHECK(lab.reached() == 4);
}

// --- Rebinding between a public address and loopback, in a network of its own ----------------------------------------------

// Gives the calling thread a network with nothing in it but this public address; false where that is not allowed.
bool enter_network_with(const char* address) {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::string("lo").copy(request.ifr_name, sizeof request.ifr_name - 1);
  bool done = ::ioctl(socket, SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags |= IFF_UP;
  done = done && ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
  ifreq more{};
  std::string("lo:1").copy(more.ifr_name, sizeof more.ifr_name - 1);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, address, &at.sin_addr);
  std::memcpy(&more.ifr_addr, &at, sizeof at);
  done = done && ::ioctl(socket, SIOCSIFADDR, &more) == 0;
  ::close(socket);
  return done;
}

struct RebindingResult {
  bool possible = false;
  std::string first, second;
  int public_connections = 0, private_connections = 0, questions = 0;
};

RebindingResult rebind() {
  RebindingResult result;
  if (!enter_network_with("8.8.4.4")) return result;
  result.possible = true;
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  test::TcpServer outside(test::page(response), "8.8.4.4");
  test::TcpServer inside(test::page(response), "127.0.0.1", outside.port());
  std::atomic<int> turns{0};
  test::DnsServer dns([&](const test::DnsQuestion& question) {
    if (question.type != test::kA) return test::dns_answer(question, {});
    return test::dns_answer(question, {{test::kA, test::wire_address(turns++ == 0 ? "8.8.4.4" : "127.0.0.1")}});
  });
  Policy policy;
  CHECK(policy.granted.add("http:*").ok());
  const auto client = make_http_client({dns.address(), ""});
  const std::string url = "http://rebind.test:" + std::to_string(outside.port()) + "/";
  HttpRequest request;
  request.url = url;
  request.policy = &policy;
  request.deadline = Clock::now() + 20s;
  result.first = text_of(client->send(request).outcome);
  result.second = text_of(client->send(request).outcome);
  result.public_connections = outside.connections();
  result.private_connections = inside.connections();
  result.questions = turns;
  return result;
}

TEST_CASE("a name that turns from a public address to loopback is connected to at the first and denied at the second") {
  RebindingResult result;
  std::thread([&] { result = rebind(); }).join();
  if (!result.possible) {
    MESSAGE("skipped: a network of its own needs a privilege that this process does not have");
    return;
  }
  CHECK(result.first == "ok");
  CHECK(result.second == "denied");
  CHECK(result.public_connections == 1);
  CHECK(result.private_connections == 0);
  CHECK(result.questions == 2);
}

}  // namespace
}  // namespace wplug
