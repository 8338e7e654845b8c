#include "host/network/addresses_of.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/network/cares_channel.h"

namespace wplug {
namespace {

// --- Addresses -----------------------------------------------------------------------------------------------------------

struct AddressAnswer {
  bool done = false;
  int status = ARES_SUCCESS;
  ares_addrinfo* result = nullptr;
  ~AddressAnswer() {
    if (result != nullptr) ::ares_freeaddrinfo(result);
  }
};

void take_addresses(void* argument, int status, int, ares_addrinfo* result) {
  auto& answer = *static_cast<AddressAnswer*>(argument);
  answer.done = true;
  answer.status = status;
  answer.result = result;
}

std::optional<IpAddress> address_of(const ares_addrinfo_node& node) {
  IpAddress address;
  if (node.ai_family == AF_INET && node.ai_addrlen >= static_cast<ares_socklen_t>(sizeof(sockaddr_in))) {
    address.size = 4;
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(node.ai_addr)->sin_addr, 4);
    return address;
  }
  if (node.ai_family == AF_INET6 && node.ai_addrlen >= static_cast<ares_socklen_t>(sizeof(sockaddr_in6))) {
    address.size = 16;
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(node.ai_addr)->sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

// --- Other records -------------------------------------------------------------------------------------------------------

struct PacketAnswer {
  bool done = false;
  int status = ARES_SUCCESS;
  std::string packet;  // at most 64 KiB, the most that DNS can say
};

void take_packet(void* argument, int status, int, unsigned char* bytes, int size) {
  auto& answer = *static_cast<PacketAnswer*>(argument);
  answer.done = true;
  answer.status = status;
  if (status == ARES_SUCCESS && size > 0) {
    answer.packet.assign(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

// Reads a DNS message (RFC 1035, 4.1) from the front; every position is checked before it is read.
class PacketReader {
 public:
  explicit PacketReader(std::string_view packet) : packet_(packet) {}

  bool skip(size_t count) {
    if (count > packet_.size() - at_) return false;
    at_ += count;
    return true;
  }
  bool number(uint16_t& value) {
    if (packet_.size() - at_ < 2) return false;
    value = static_cast<uint16_t>(static_cast<uint8_t>(packet_[at_]) << 8 | static_cast<uint8_t>(packet_[at_ + 1]));
    at_ += 2;
    return true;
  }
  // A possibly compressed name.
  bool name(std::string& text) {
    if (at_ >= packet_.size()) return false;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(packet_.data());
    char* expanded = nullptr;
    long size = 0;
    if (::ares_expand_name(bytes + at_, bytes, static_cast<int>(packet_.size()), &expanded, &size) != ARES_SUCCESS) {
      return false;
    }
    text = expanded;
    ::ares_free_string(expanded);
    return size > 0 && skip(static_cast<size_t>(size));
  }
  size_t at() const { return at_; }

 private:
  std::string_view packet_;
  size_t at_ = 0;
};

// The names that the answers of `type` hold; false: malformed.
bool read_names(std::string_view packet, uint16_t type, std::vector<std::string>& names) {
  PacketReader reader(packet);
  uint16_t questions = 0, answers = 0, rr_type = 0, rr_class = 0, length = 0;
  std::string name;
  if (!reader.skip(4) || !reader.number(questions) || !reader.number(answers) || !reader.skip(4)) return false;
  for (unsigned i = 0; i < questions; ++i) {
    if (!reader.name(name) || !reader.skip(4)) return false;
  }
  for (unsigned i = 0; i < answers; ++i) {
    if (!reader.name(name) || !reader.number(rr_type) || !reader.number(rr_class) || !reader.skip(4) ||
        !reader.number(length)) {
      return false;
    }
    const size_t end = reader.at() + length;
    if (rr_type != type || rr_class != 1) {
      if (!reader.skip(length)) return false;
      continue;
    }
    if (!reader.name(name) || reader.at() != end) return false;
    names.push_back(name);
  }
  return true;
}

int read_mx(const unsigned char* bytes, int size, DnsReply& reply) {
  ares_mx_reply* list = nullptr;
  const int status = ::ares_parse_mx_reply(bytes, size, &list);
  for (const ares_mx_reply* record = list; record != nullptr; record = record->next) {
    reply.mx.emplace_back(record->host, record->priority);
  }
  if (list != nullptr) ::ares_free_data(list);
  return status == ARES_SUCCESS && reply.mx.empty() ? ARES_ENODATA : status;
}

// A record is one or more strings of at most 255 bytes: joined.
int read_txt(const unsigned char* bytes, int size, DnsReply& reply) {
  ares_txt_ext* list = nullptr;
  const int status = ::ares_parse_txt_reply_ext(bytes, size, &list);
  for (const ares_txt_ext* part = list; part != nullptr; part = part->next) {
    if (part->record_start || reply.records.empty()) reply.records.emplace_back();
    reply.records.back().append(reinterpret_cast<const char*>(part->txt), part->length);
  }
  if (list != nullptr) ::ares_free_data(list);
  return status == ARES_SUCCESS && reply.records.empty() ? ARES_ENODATA : status;
}

int read_records(std::string_view packet, DnsType type, uint16_t wire_type, DnsReply& reply) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(packet.data());
  const int size = static_cast<int>(packet.size());
  if (type == DnsType::mx) return read_mx(bytes, size, reply);
  if (type == DnsType::txt) return read_txt(bytes, size, reply);
  if (!read_names(packet, wire_type, reply.records)) return ARES_EBADRESP;
  return reply.records.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

uint16_t wire_type_of(DnsType type) {
  switch (type) {
    case DnsType::a:
      return ns_t_a;
    case DnsType::aaaa:
      return ns_t_aaaa;
    case DnsType::cname:
      return ns_t_cname;
    case DnsType::mx:
      return ns_t_mx;
    case DnsType::txt:
      return ns_t_txt;
    case DnsType::ns:
      return ns_t_ns;
  }
  return ns_t_a;
}

}  // namespace

Failure addresses_of(const std::string& name, const NetworkOptions& options, AddressFamily family, Deadline deadline,
                     std::vector<IpAddress>& addresses) {
  AddressAnswer answer;  // outlives the channel, which may still call back when it is destroyed
  CaresChannel channel;
  if (Failure failure = channel.open(options, family != AddressFamily::any, deadline)) return failure;
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = family == AddressFamily::v4 ? AF_INET : family == AddressFamily::v6 ? AF_INET6 : AF_UNSPEC;
  ::ares_getaddrinfo(channel.get(), name.c_str(), nullptr, &hints, take_addresses, &answer);
  channel.run(answer.done);
  if (Failure failure = failure_of(answer.status, name)) return failure;
  for (const ares_addrinfo_node* node = answer.result->nodes; node != nullptr; node = node->ai_next) {
    if (const auto address = address_of(*node)) addresses.push_back(*address);
  }
  return addresses.empty() ? failure_of(ARES_ENODATA, name) : Failure();
}

Failure records_of(const std::string& name, const NetworkOptions& options, DnsType type, Deadline deadline, DnsReply& reply) {
  PacketAnswer answer;
  CaresChannel channel;
  if (Failure failure = channel.open(options, true, deadline)) return failure;
  const uint16_t wire_type = wire_type_of(type);
  ::ares_query(channel.get(), name.c_str(), ns_c_in, wire_type, take_packet, &answer);
  channel.run(answer.done);
  int status = answer.status;
  if (status == ARES_SUCCESS) status = read_records(answer.packet, type, wire_type, reply);
  return failure_of(status, name);
}

}  // namespace wplug
