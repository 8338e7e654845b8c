// The functions of the network that the shared object offers, see OpensslServices.
#pragma once

#include "host/openssl_services.h"

namespace wplug {

void fetch_page(const FetchRequest& request, FetchReply& reply);
void look_up(const DnsQuery& query, const ReachTerms& terms, DnsReply& reply);
void connect_tcp(const TcpQuery& query, const ReachTerms& terms, TcpReply& reply);
void greet_smtp(const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply);

}  // namespace wplug
