// Lookups by a name server on the loopback interface.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "host/network/resolver.h"
#include "host/network/servers_test.h"
#include "host/network/services.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::dns_answer;
using test::DnsQuestion;
using test::DnsRecord;
using test::DnsServer;
using test::wire_address;
using test::wire_name;

DnsReply look_up(const DnsServer& server, DnsType type, const char* name = "a.example", std::chrono::milliseconds time = 20s) {
  DnsReply reply;
  look_up({name, type, {}}, {true, Clock::now() + time, {server.address(), ""}}, reply);
  return reply;
}

std::vector<std::string> sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

std::string text_record(std::initializer_list<std::string> parts) {
  std::string data;
  for (const std::string& part : parts) data += static_cast<char>(part.size()) + part;
  return data;
}

// Every type that is asked for, for a.example.
std::string zone(const DnsQuestion& question) {
  if (question.name != "a.example") return dns_answer(question, {}, 3);
  switch (question.type) {
    case test::kA:
      return dns_answer(question, {{test::kA, wire_address("192.0.2.1")}, {test::kA, wire_address("127.0.0.1")}});
    case test::kAaaa:
      return dns_answer(question, {{test::kAaaa, wire_address("2001:db8::1")}});
    case test::kCname:
      return dns_answer(question, {{test::kCname, wire_name("b.example")}});
    case test::kNs:
      return dns_answer(question, {{test::kNs, wire_name("ns1.example")}, {test::kNs, "\x03ns2\xc0\x0e"}});
    case test::kMx:
      return dns_answer(question, {{test::kMx, test::number_16(20) + wire_name("mx2.example")},
                                   {test::kMx, test::number_16(10) + wire_name("mx1.example")}});
    default:
      return dns_answer(question, {{test::kTxt, text_record({"v=spf1 ", "-all"})}, {test::kTxt, text_record({""})},
                                   {test::kTxt, text_record({std::string(255, 'x'), "y"})}});
  }
}

TEST_CASE("every type of record is looked up") {
  DnsServer server(zone);
  CHECK(sorted(look_up(server, DnsType::a).records) == std::vector<std::string>{"127.0.0.1", "192.0.2.1"});
  CHECK(look_up(server, DnsType::aaaa).records == std::vector<std::string>{"2001:db8::1"});
  CHECK(look_up(server, DnsType::cname).records == std::vector<std::string>{"b.example"});
  CHECK(look_up(server, DnsType::ns).records == std::vector<std::string>{"ns1.example", "ns2.example"});
  const DnsReply mail = look_up(server, DnsType::mx);
  CHECK(mail.mx == std::vector<std::pair<std::string, uint16_t>>{{"mx2.example", 20}, {"mx1.example", 10}});
  const DnsReply text = look_up(server, DnsType::txt);
  CHECK(text.message == "");
  CHECK(text.records == std::vector<std::string>{"v=spf1 -all", "", std::string(255, 'x') + "y"});
}

TEST_CASE("a name that does not exist and one without such records are not found") {
  DnsServer missing([](const DnsQuestion& question) { return dns_answer(question, {}, 3); });
  DnsServer empty([](const DnsQuestion& question) { return dns_answer(question, {}); });
  for (const DnsType type : {DnsType::a, DnsType::aaaa, DnsType::cname, DnsType::mx, DnsType::txt, DnsType::ns}) {
    CHECK(look_up(missing, type).outcome == NetworkOutcome::not_found);
    CHECK(look_up(missing, type).message == "a.example was not found");
    CHECK(look_up(empty, type).outcome == NetworkOutcome::not_found);
  }
}

TEST_CASE("answers that are malformed are failures") {
  // Counts of records that are not there, a name that points at itself, a preference without a name, a text that ends late.
  DnsServer server([](const DnsQuestion& question) {
    switch (question.type) {
      case test::kA:
        return dns_answer(question, {{test::kA, wire_address("192.0.2.1")}}).replace(6, 2, test::number_16(9));
      case test::kCname:
        return dns_answer(question, {{test::kCname, "\xc0\x27"}});
      case test::kNs: {
        std::string packet = dns_answer(question, {{test::kNs, wire_name("ns1.example")}});
        return packet.replace(6, 2, test::number_16(9));
      }
      case test::kMx:
        return dns_answer(question, {{test::kMx, "\x01"}});
      case test::kTxt:
        return dns_answer(question, {{test::kTxt, "\xff" "abc"}});
      default:
        return dns_answer(question, {{test::kAaaa, wire_address("::1")}}).replace(6, 2, test::number_16(9));
    }
  });
  for (const DnsType type : {DnsType::a, DnsType::aaaa, DnsType::cname, DnsType::mx, DnsType::txt, DnsType::ns}) {
    CAPTURE(static_cast<int>(type));
    const DnsReply reply = look_up(server, type);
    CHECK(reply.outcome == NetworkOutcome::failed);
    CHECK(reply.message.find("malformed") != std::string::npos);
    CHECK(reply.records.empty());
    CHECK(reply.mx.empty());
  }
}

TEST_CASE("an address of the wrong size is none") {
  DnsServer server([](const DnsQuestion& question) { return dns_answer(question, {{question.type, "\x01\x02\x03"}}); });
  CHECK(look_up(server, DnsType::a).outcome == NetworkOutcome::not_found);
  CHECK(look_up(server, DnsType::aaaa).outcome == NetworkOutcome::not_found);
}

TEST_CASE("a server that never answers, or not to the question, is left at the deadline") {
  DnsServer silent([](const DnsQuestion&) { return std::string(); });
  DnsServer wrong([](DnsQuestion question) {
    question.packet[0] = static_cast<char>(question.packet[0] ^ 1);
    return dns_answer(question, {{test::kA, wire_address("192.0.2.1")}});
  });
  for (const DnsServer* server : {&silent, &wrong}) {
    CHECK(look_up(*server, DnsType::a, "a.example", 100ms).outcome == NetworkOutcome::timed_out);
    CHECK(look_up(*server, DnsType::txt, "a.example", 100ms).outcome == NetworkOutcome::timed_out);
    CHECK(server->questions() > 0);
  }
}

TEST_CASE("a truncated answer is asked for again over TCP") {
  DnsServer server([](const DnsQuestion& question) { return dns_answer(question, {}, 0, true); });
  // Nobody there.
  CHECK(look_up(server, DnsType::txt, "a.example", 5s).outcome != NetworkOutcome::ok);
  test::TcpServer tcp(
      [](int socket) {
        char size[2];
        if (::recv(socket, size, 2, MSG_WAITALL) != 2) return;
        std::string packet(static_cast<size_t>(static_cast<uint8_t>(size[0]) << 8 | static_cast<uint8_t>(size[1])), 0);
        ::recv(socket, packet.data(), packet.size(), MSG_WAITALL);
        std::vector<DnsRecord> many(100, {test::kTxt, text_record({std::string(200, 'x')})});
        const std::string answer = dns_answer(test::read_question(packet), many);
        test::send_text(socket, test::number_16(static_cast<unsigned>(answer.size())) + answer);
        test::read_until(socket, "no such text");
      },
      "127.0.0.1", server.port());
  const DnsReply reply = look_up(server, DnsType::txt);
  CHECK(reply.message == "");
  CHECK(reply.records.size() == 100);
}

TEST_CASE("addresses and localhost are asked of nobody") {
  DnsServer server([](const DnsQuestion& question) { return dns_answer(question, {{test::kA, wire_address("192.0.2.1")}}); });
  for (const char* host : {"127.0.0.1", "0x7f.1", "localhost", "a.LocalHost."}) {
    std::vector<IpAddress> addresses;
    CHECK(!resolve(host, {server.address(), ""}, Clock::now() + 20s, addresses));
    CHECK(addresses.at(0).to_string() == "127.0.0.1");
  }
  CHECK(look_up(server, DnsType::a, "192.0.2.7").records == std::vector<std::string>{"192.0.2.7"});
  CHECK(look_up(server, DnsType::aaaa, "192.0.2.7").outcome == NetworkOutcome::not_found);
  CHECK(server.questions() == 0);
}

TEST_CASE("both families of addresses of a name are found") {
  DnsServer server(test::names({{"b.example", "192.0.2.1"}, {"b.example", "2001:db8::1"}, {"c.example", "2001:db8::2"}}));
  std::vector<IpAddress> addresses;
  CHECK(!resolve("b.example", {server.address(), ""}, Clock::now() + 20s, addresses));
  CHECK(addresses.size() == 2);
  addresses.clear();
  const Failure failure = resolve("nowhere.example", {server.address(), ""}, Clock::now() + 20s, addresses);
  CHECK(failure.outcome == NetworkOutcome::not_found);
}

TEST_CASE("a name server that is none is named") {
  DnsReply reply;
  look_up({"a.example", DnsType::a, {}}, {true, Clock::now() + 20s, {"ns.example", ""}}, reply);
  CHECK(reply.outcome == NetworkOutcome::invalid);
  CHECK(reply.message.find("ns.example") != std::string::npos);
}

}  // namespace
}  // namespace wplug
