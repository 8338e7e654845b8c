#include <exception>

#include "host/host_name.h"
#include "host/network/addresses_of.h"
#include "host/network/resolver.h"
#include "host/network/services.h"

namespace wplug {
namespace {

Failure look_up_addresses(const DnsQuery& query, const ReachTerms& terms, DnsReply& reply) {
  const bool four = query.type == DnsType::a;
  std::vector<IpAddress> addresses;
  const HostName parsed = parse_host(query.name);
  Failure failure = parsed.form == HostForm::name
                        ? addresses_of(std::string(query.name), terms.options, four ? AddressFamily::v4 : AddressFamily::v6,
                                       bounded(terms.deadline), addresses)
                        : resolve(query.name, terms.options, bounded(terms.deadline), addresses);
  if (failure) return failure;
  for (const IpAddress& address : addresses) {
    if (address.size == (four ? 4 : 16)) reply.records.push_back(address.to_string());
  }
  if (!reply.records.empty()) return {};
  return {NetworkOutcome::not_found, std::string(query.name) + " has no records of this type"};
}

}  // namespace

void look_up(const DnsQuery& query, const ReachTerms& terms, DnsReply& reply) {
  Failure failure;
  try {
    const bool for_address = query.type == DnsType::a || query.type == DnsType::aaaa;
    failure = for_address ? look_up_addresses(query, terms, reply)
                          : records_of(std::string(query.name), terms.options, query.type, bounded(terms.deadline), reply);
  } catch (const std::exception& error) {
    failure = failed(error.what());
  }
  reply.outcome = failure.outcome;
  reply.message = std::move(failure.message);
  if (reply.outcome != NetworkOutcome::ok) {
    reply.records.clear();
    reply.mx.clear();
  }
}

}  // namespace wplug
