// What is granted before anything is sent.
#include "wplug/network.h"

#include <doctest/doctest.h>

#include <string>

#include "host/network/servers_test.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

Policy policy(std::initializer_list<const char*> grants) {
  Policy made;
  made.plugin = "p";
  for (const char* grant : grants) REQUIRE(made.granted.add(grant).ok());
  return made;
}

NetworkTerms terms(const Policy& of) { return {&of, std::chrono::steady_clock::now() + 20s}; }

TEST_CASE("a connection needs a grant, a private one a grant of its name") {
  test::TcpServer server([](int socket) { test::read_until(socket, "no such text"); });
  const std::string port = std::to_string(server.port());
  const auto network = make_network();
  const TcpQuery query{"127.0.0.1", server.port(), false, {}, true};
  const SmtpQuery mail{"127.0.0.1", server.port(), false, false, true};
  for (const std::string& grant : {"network:outbound:1.2.3.4:" + port, std::string("network:outbound:127.0.0.1:1"), std::string("http:127.0.0.1"),
                                   "network:outbound:" + port, std::string("network:outbound:*")}) {
    CAPTURE(grant);
    const Policy some = policy({grant.c_str()});
    CHECK(network->connect(query, terms(some)).outcome == NetworkOutcome::denied);
    CHECK(network->greet(mail, terms(some)).outcome == NetworkOutcome::denied);
  }
  const TcpReply denied = network->connect(query, terms(policy({})));
  CHECK(denied.message.find("network:outbound:127.0.0.1:" + port) != std::string::npos);
  CHECK(server.connections() == 0);
  CHECK(network->connect(query, terms(policy({("network:outbound:127.0.0.1:" + port).c_str()}))).connected);
}

TEST_CASE("an address of the sixth version may have brackets") {
  const auto network = make_network();
  const Policy some = policy({"network:outbound:[::1]:1"});
  for (const char* host : {"::1", "[::1]"}) {
    const TcpReply reply = network->connect({host, 1, false, {}, true}, terms(some));
    CHECK(reply.outcome == NetworkOutcome::failed);  // granted, and nobody there
  }
}

TEST_CASE("hosts and ports that are none are invalid before anything is granted") {
  const auto network = make_network();
  const Policy all = policy({"network:outbound:*"});
  for (const char* host : {"", "a b", "a\r\nb", "h:80", "[h]", "h/x", "u@h", "[::1", "::1%lo"}) {
    CAPTURE(host);
    CHECK(network->connect({host, 80, false, {}, true}, terms(all)).outcome == NetworkOutcome::invalid);
    CHECK(network->greet({host, 25, false, false, true}, terms(all)).outcome == NetworkOutcome::invalid);
    CHECK(network->lookup({host, DnsType::a, {}}, terms(all)).outcome == NetworkOutcome::invalid);
  }
  CHECK(network->connect({"h.example", 0, false, {}, true}, terms(all)).outcome == NetworkOutcome::invalid);
  CHECK(network->lookup({"h.example", DnsType::a, "ns.example"}, terms(all)).outcome == NetworkOutcome::invalid);
  CHECK(network->connect({"a\x1b[2J", 80, false, {}, true}, terms(all)).message.find('\x1b') == std::string::npos);
}

TEST_CASE("a lookup needs a grant of the name at port 53, or of the name server that is asked") {
  test::DnsServer server(test::names({{"a.example", "192.0.2.1"}}));
  const auto network = make_network({server.address(), ""});
  const std::string own = "network:outbound:" + server.address();
  const auto ask = [&](const char* grant, std::string_view nameserver) {
    return network->lookup({"a.example", DnsType::a, nameserver}, terms(policy({grant}))).outcome;
  };
  CHECK(ask("network:outbound:53", "") == NetworkOutcome::ok);
  CHECK(ask("network:outbound:a.example:53", "") == NetworkOutcome::ok);
  CHECK(ask("network:outbound:*.example:*", "") == NetworkOutcome::ok);
  CHECK(ask(own.c_str(), server.address()) == NetworkOutcome::ok);
  const int asked = server.questions();
  CHECK(ask("network:outbound:443", "") == NetworkOutcome::denied);
  CHECK(ask("network:outbound:b.example:53", "") == NetworkOutcome::denied);
  CHECK(ask(own.c_str(), "") == NetworkOutcome::denied);
  CHECK(ask("network:outbound:a.example:53", server.address()) == NetworkOutcome::denied);
  CHECK(ask("network:outbound:*", server.address()) == NetworkOutcome::denied);  // private, by a wildcard
  CHECK(server.questions() == asked);
}

}  // namespace
}  // namespace wplug
