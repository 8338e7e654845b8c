// TCP and SMTP, plain and secured, against servers on the loopback interface.
#include <doctest/doctest.h>

#include <string>

#include "host/network/servers_test.h"
#include "host/network/services.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::make_certificate;
using test::read_until;
using test::send_text;
using test::TcpServer;
using test::TlsPeer;

ReachTerms terms(const std::string& authorities = "") { return {true, Clock::now() + 20s, {"", authorities}}; }

TcpReply connect(const TcpServer& server, const ReachTerms& how, TcpQuery query = {}) {
  if (query.host.empty()) query.host = "127.0.0.1";
  query.port = server.port();
  TcpReply reply;
  connect_tcp(query, how, reply);
  return reply;
}

TcpQuery tls_query(const char* host = "127.0.0.1", bool verify = true) {
  TcpQuery query;
  query.host = host;
  query.tls = true;
  query.verify_tls = verify;
  return query;
}

// Shakes hands and waits for the peer to end the session.
TcpServer::Answer tls_answer(const test::Certificate& certificate) {
  return [&certificate](int socket) {
    TlsPeer peer(socket, certificate);
    if (peer.ready()) peer.read_until("no such text");
  };
}

TEST_CASE("a connection tells both ends and how long it took") {
  TcpServer server([](int socket) { read_until(socket, "no such text"); });
  const TcpReply reply = connect(server, terms());
  CHECK(reply.outcome == NetworkOutcome::ok);
  CHECK(reply.connected);
  CHECK(reply.remote_address == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(reply.local_address.starts_with("127.0.0.1:"));
  CHECK(reply.response_time > 0ns);
  CHECK(reply.tls.version.empty());
}

TEST_CASE("a body arrives whole, plain and secured, also when the server answers") {
  const std::string body(300'000, 'b');
  const auto certificate = make_certificate("IP:127.0.0.1");
  std::string plain, secured;
  {
    TcpServer server([&](int socket) {
      send_text(socket, "welcome");
      plain = read_until(socket, "no such text");
    });
    TcpServer tls_server([&](int socket) {
      TlsPeer peer(socket, *certificate);
      peer.send("welcome");
      secured = peer.read_until("no such text");
    });
    TcpQuery query;
    query.body = body;
    CHECK(connect(server, terms(), query).outcome == NetworkOutcome::ok);
    query = tls_query();
    query.body = body;
    CHECK(connect(tls_server, terms(certificate->pem), query).outcome == NetworkOutcome::ok);
  }
  CHECK(plain == body);
  CHECK(secured == body);
}

TEST_CASE("a session with a certificate that is trusted and for the host is told about") {
  const auto certificate = make_certificate("DNS:localhost,IP:127.0.0.1");
  TcpServer server(tls_answer(*certificate));
  for (const char* host : {"127.0.0.1", "localhost", "LOCALHOST."}) {
    CAPTURE(host);
    const TcpReply reply = connect(server, terms(certificate->pem), tls_query(host));
    CHECK(reply.message == "");
    CHECK(reply.connected);
    CHECK(reply.tls.version == "TLS 1.3");
    CHECK(reply.tls.cipher.starts_with("TLS_"));
    CHECK(reply.tls.subject == "CN=localhost,O=wplug test");
    CHECK(reply.tls.issuer == reply.tls.subject);
    CHECK(reply.tls.not_after.size() == 20);
    CHECK(reply.tls.not_after.ends_with("Z"));
  }
  CHECK(connect(server, terms(certificate->pem), tls_query("localhost")).tls.server_name == "localhost");
}

TEST_CASE("a certificate that is not trusted, for another host or expired ends the connection") {
  const auto certificate = make_certificate("DNS:localhost,IP:127.0.0.1");
  const auto other = make_certificate("DNS:other.example,IP:127.0.0.2");
  const auto expired = make_certificate("IP:127.0.0.1", -86400);
  const auto failure = [](const test::Certificate& shown, const std::string& trusted) {
    TcpServer server(tls_answer(shown));
    const TcpReply reply = connect(server, terms(trusted), tls_query());
    CHECK(reply.outcome == NetworkOutcome::failed);
    CHECK(!reply.connected);
    CHECK(reply.tls.subject.empty());
    return reply.message;
  };
  CHECK(failure(*certificate, "").find("certificate is not valid: self-signed certificate") != std::string::npos);
  CHECK(failure(*certificate, other->pem).find("certificate is not valid") != std::string::npos);
  CHECK(failure(*other, other->pem).find("certificate is not valid: IP address mismatch") != std::string::npos);
  CHECK(failure(*expired, expired->pem).find("certificate is not valid: certificate has expired") != std::string::npos);
  // The name in the subject is not the host's word for itself.
  TcpServer server(tls_answer(*other));
  CHECK(connect(server, terms(other->pem), tls_query("localhost")).message.find("hostname mismatch") != std::string::npos);
}

TEST_CASE("without verification any certificate will do, and is told about") {
  const auto certificate = make_certificate("DNS:other.example");
  TcpServer server(tls_answer(*certificate));
  const TcpReply reply = connect(server, terms(), tls_query("127.0.0.1", false));
  CHECK(reply.connected);
  CHECK(reply.tls.subject == "CN=localhost,O=wplug test");
}

TEST_CASE("a server that does not speak TLS, stops in the middle or says nothing is a failure") {
  TcpServer plain([](int socket) {
    send_text(socket, "220 not a handshake\r\n");
    read_until(socket, "no such text");
  });
  CHECK(connect(plain, terms(), tls_query()).outcome == NetworkOutcome::failed);
  TcpServer closing([](int) {});
  CHECK(connect(closing, terms(), tls_query()).outcome == NetworkOutcome::failed);
  TcpServer silent([](int socket) { read_until(socket, "no such text"); });
  ReachTerms soon = terms();
  soon.deadline = Clock::now() + 100ms;
  CHECK(connect(silent, soon, tls_query()).outcome == NetworkOutcome::timed_out);
}

FetchRequest page_of(const TcpServer& server) {
  FetchRequest request;
  request.tls = true;
  request.host = "127.0.0.1";
  request.port = server.port();
  request.target = "/";
  request.allow_private = true;
  request.max_body = 100;
  request.deadline = Clock::now() + 20s;
  return request;
}

TEST_CASE("https checks the certificate") {
  const auto certificate = make_certificate("IP:127.0.0.1");
  TcpServer server([&](int socket) {
    TlsPeer peer(socket, *certificate);
    if (!peer.ready() || peer.read_until("\r\n\r\n").empty()) return;
    peer.send("HTTP/1.1 200 OK\r\n\r\nsecret");
    peer.end();
  });
  FetchRequest request = page_of(server);
  FetchReply reply;
  fetch_page(request, reply);
  CHECK(reply.outcome == FetchOutcome::failed);
  CHECK(reply.message.find("certificate is not valid") != std::string::npos);
  request.options.authorities = certificate->pem;
  FetchReply trusted;
  fetch_page(request, trusted);
  CHECK(trusted.message == "");
  CHECK(trusted.body == "secret");
  request.options.authorities = "nonsense";
  FetchReply misled;
  fetch_page(request, misled);
  CHECK(misled.message.find("no certificate in PEM form") != std::string::npos);
}

TEST_CASE("a secured body without a length that is cut off fails") {
  const auto certificate = make_certificate("IP:127.0.0.1");
  TcpServer server([&](int socket) {
    TlsPeer peer(socket, *certificate);
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\n\r\npay 1");  // and no end of the session
    ::shutdown(socket, SHUT_WR);
    read_until(socket, "no such text");
  });
  FetchRequest request = page_of(server);
  request.options.authorities = certificate->pem;
  FetchReply reply;
  fetch_page(request, reply);
  CHECK(reply.outcome == FetchOutcome::failed);
  CHECK(reply.body.empty());
}

// --- SMTP ----------------------------------------------------------------------------------------------------------------

SmtpReply greet(const TcpServer& server, bool tls = false, bool starttls = false, const ReachTerms& how = terms()) {
  SmtpQuery query;
  query.host = "127.0.0.1";
  query.port = server.port();
  query.tls = tls;
  query.starttls = starttls;
  SmtpReply reply;
  greet_smtp(query, how, reply);
  return reply;
}

// Says `first`, then an answer for each line that comes.
TcpServer::Answer mail(std::vector<std::string> answers, std::string* heard = nullptr) {
  return [answers = std::move(answers), heard](int socket) {
    std::string all;
    for (const std::string& answer : answers) {
      send_text(socket, answer);
      all += read_until(socket, "\r\n");
    }
    all += read_until(socket, "no such text");
    if (heard != nullptr) *heard = all;
  };
}

TEST_CASE("a mail server is greeted and left") {
  std::string heard;
  {
    TcpServer server(mail({"220 mx.example ESMTP\r\n"}, &heard));
    const SmtpReply reply = greet(server);
    CHECK(reply.message == "");
    CHECK(reply.connected);
    CHECK(reply.banner == "mx.example ESMTP");
    CHECK(reply.address == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(!reply.secure);
  }
  CHECK(heard == "QUIT\r\n");
  TcpServer wordy(mail({"220-mx.example\r\n220-more\r\n220 last\r\n"}));
  CHECK(greet(wordy).banner == "mx.example");
  TcpServer curt(mail({"220\n"}));
  CHECK(greet(curt).outcome == NetworkOutcome::ok);
}

TEST_CASE("a mail server may speak TLS from the start") {
  const auto certificate = make_certificate("IP:127.0.0.1");
  TcpServer server([&](int socket) {
    TlsPeer peer(socket, *certificate);
    if (!peer.ready()) return;
    peer.send("220 secure.example\r\n");
    peer.read_until("no such text");
  });
  const SmtpReply reply = greet(server, true, false, terms(certificate->pem));
  CHECK(reply.message == "");
  CHECK(reply.secure);
  CHECK(reply.banner == "secure.example");
  CHECK(reply.tls.version == "TLS 1.3");
  CHECK(greet(server, true).message.find("certificate is not valid") != std::string::npos);
}

TcpServer::Answer starttls_answer(const test::Certificate& certificate, std::string go_ahead, std::string* heard) {
  return [&certificate, go_ahead = std::move(go_ahead), heard](int socket) {
    send_text(socket, "220 mx.example\r\n");
    *heard = read_until(socket, "\r\n");
    send_text(socket, "250-mx.example\r\n250-SIZE 1000\r\n250 starttls\r\n");
    *heard += read_until(socket, "\r\n");
    send_text(socket, go_ahead);
    TlsPeer peer(socket, certificate);
    if (!peer.ready()) return;
    *heard += "TLS " + peer.read_until("\r\n");
    peer.send("250 mx.example\r\n");
    *heard += peer.read_until("\r\n");
  };
}

TEST_CASE("STARTTLS upgrades the connection") {
  const auto certificate = make_certificate("IP:127.0.0.1");
  std::string heard;
  {
    TcpServer server(starttls_answer(*certificate, "220 go ahead\r\n", &heard));
    const SmtpReply reply = greet(server, false, true, terms(certificate->pem));
    CHECK(reply.message == "");
    CHECK(reply.secure);
    CHECK(reply.connected);
    CHECK(reply.tls.server_name == "127.0.0.1");
  }
  CHECK(heard == "EHLO localhost\r\nSTARTTLS\r\nTLS EHLO localhost\r\nQUIT\r\n");
}

TEST_CASE("what is injected between STARTTLS and the handshake ends the connection") {
  const auto certificate = make_certificate("IP:127.0.0.1");
  std::string heard;
  TcpServer server(starttls_answer(*certificate, "220 go ahead\r\n250 injected\r\n", &heard));
  const SmtpReply reply = greet(server, false, true, terms(certificate->pem));
  CHECK(reply.outcome == NetworkOutcome::failed);
  CHECK(!reply.connected);
  CHECK(!reply.secure);
}

TEST_CASE("a mail server without STARTTLS is not talked to in the clear") {
  for (const auto& answers : {std::vector<std::string>{"220 mx\r\n", "250-mx\r\n250 STARTTLSX\r\n"}, {"220 mx\r\n", "502 no\r\n"},
                              {"220 mx\r\n", "250 STARTTLS\r\n", "454 not now\r\n"}}) {
    TcpServer server(mail(answers));
    const SmtpReply reply = greet(server, false, true);
    CHECK(reply.outcome == NetworkOutcome::failed);
    CHECK(!reply.connected);
    CHECK(reply.banner == "mx");
  }
}

TEST_CASE("answers that are none, too long or without end are failures") {
  std::string lines;
  for (int i = 0; i < 65; ++i) lines += "220-more\r\n";
  for (const std::string& banner : {std::string("SSH-2.0-x\r\n"), std::string("554 go away\r\n"), std::string("22\r\n"), std::string("220x\r\n"),
                                    "220-" + std::string(3000, 'x'), lines, std::string("220-a\r\n250 b\r\n"), std::string("\r\n")}) {
    CAPTURE(banner);
    TcpServer server([&banner](int socket) {
      send_text(socket, banner);
      ::shutdown(socket, SHUT_WR);
      read_until(socket, "no such text");
    });
    const SmtpReply reply = greet(server);
    CHECK(reply.outcome == NetworkOutcome::failed);
    CHECK(!reply.connected);
  }
  TcpServer endless([](int socket) {
    while (send_text(socket, "220-x")) {
    }
  });
  CHECK(greet(endless).message.find("a line of more than") != std::string::npos);
}

TEST_CASE("a mail server that drips is left at the deadline") {
  TcpServer server([](int socket) {
    pollfd gone{socket, POLLRDHUP, 0};
    while (::poll(&gone, 1, 5) == 0 && send_text(socket, "2")) {
    }
  });
  ReachTerms soon = terms();
  soon.deadline = Clock::now() + 100ms;
  CHECK(greet(server, false, false, soon).outcome == NetworkOutcome::timed_out);
}

TEST_CASE("a banner is printable and short") {
  TcpServer server(mail({"220 a\x1b[2Jb\xff" + std::string(600, 'c') + "\r\n"}));
  const SmtpReply reply = greet(server);
  CHECK(reply.banner.substr(0, 8) == "a?[2Jb?c");
  CHECK(reply.banner.size() == 512);
}

}  // namespace
}  // namespace wplug
