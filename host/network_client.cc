// The network as plugins reach it: what is asked for is checked and must be granted before anything is sent.
#include "wplug/network.h"

#include <optional>

#include "host/host_name.h"
#include "host/openssl_services.h"

namespace wplug {
namespace {

std::string_view without_brackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']' && host.find(':') != std::string_view::npos;
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

template <class Reply>
Reply refused(NetworkOutcome outcome, std::string message) {
  Reply reply;
  reply.outcome = outcome;
  reply.message = std::move(message);
  return reply;
}

// An untrusted text for a message: short and without control characters.
std::string shown(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, 100)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + "\"";
}

class GuardedNetwork : public Network {
 public:
  explicit GuardedNetwork(NetworkOptions options) : options_(std::move(options)) {}

  DnsReply lookup(const DnsQuery& query, const NetworkTerms& terms) override {
    if (parse_host(query.name).form == HostForm::invalid) {
      return refused<DnsReply>(NetworkOutcome::invalid, shown(query.name) + " is no host name");
    }
    ReachTerms reach = reach_of(terms, false);
    // By the system's resolver the name is what leaves this host, by a given server it is the server that is reached.
    Access access{CapabilityKind::network, query.name, 53};
    std::string server_text;
    std::optional<AddressAndPort> server;
    if (!query.nameserver.empty()) {
      server = parse_address_and_port(query.nameserver, 53);
      if (!server) return refused<DnsReply>(NetworkOutcome::invalid, shown(query.nameserver) + " is no address of a name server");
      server_text = server->address.to_string();
      reach.options.nameserver = server->address.with_port(server->port);
      access.target = server_text;
      access.port = server->port;
    }
    const Decision decision = authorize(*terms.policy, access);
    if (!decision.allowed) return refused<DnsReply>(NetworkOutcome::denied, decision.reason);
    if (server && !decision.literal && !server->address.is_public()) {
      return refused<DnsReply>(NetworkOutcome::denied,
                               "the name server " + server_text + " has a private address; it must be granted by its address");
    }
    return with_services<DnsReply>([&](const OpensslServices& services, DnsReply& reply) {
      services.lookup(query, reach, reply);
    });
  }

  TcpReply connect(const TcpQuery& query, const NetworkTerms& terms) override {
    return reach<TcpReply>(query, terms, &OpensslServices::connect);
  }

  SmtpReply greet(const SmtpQuery& query, const NetworkTerms& terms) override {
    return reach<SmtpReply>(query, terms, &OpensslServices::greet);
  }

 private:
  ReachTerms reach_of(const NetworkTerms& terms, bool allow_private) const {
    return {allow_private, terms.deadline, options_};
  }

  template <class Reply, class Body>
  static Reply with_services(const Body& body) {
    const auto services = openssl_services();
    if (!services.ok()) return refused<Reply>(NetworkOutcome::failed, services.error().message());
    Reply reply;
    body(**services, reply);
    return reply;
  }

  template <class Reply, class Query>
  Reply reach(Query query, const NetworkTerms& terms,
              void (*OpensslServices::*service)(const Query& query, const ReachTerms& terms, Reply& reply)) {
    query.host = without_brackets(query.host);
    if (parse_host(query.host).form == HostForm::invalid) {
      return refused<Reply>(NetworkOutcome::invalid, shown(query.host) + " is no host name");
    }
    if (query.port == 0) return refused<Reply>(NetworkOutcome::invalid, "a port is from 1 to 65535");
    const Decision decision = authorize(*terms.policy, {CapabilityKind::network, query.host, query.port});
    if (!decision.allowed) return refused<Reply>(NetworkOutcome::denied, decision.reason);
    return with_services<Reply>([&](const OpensslServices& services, Reply& reply) {
      (services.*service)(query, reach_of(terms, decision.literal), reply);
    });
  }

  const NetworkOptions options_;
};

}  // namespace

std::unique_ptr<Network> make_network(NetworkOptions options) { return std::make_unique<GuardedNetwork>(std::move(options)); }

}  // namespace wplug
