// Greeting a mail server (RFC 5321), as far as telling that it is there and what it says of itself.
#include <algorithm>

#include "host/network/services.h"
#include "host/network/stream.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLongestLine = 2048;  // four times what RFC 5321 allows
constexpr size_t kMostLines = 64;
constexpr size_t kLongestBanner = 512;

struct SmtpAnswer {
  int code = 0;
  std::vector<std::string> lines;  // without the code
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One answer: lines that begin with the same code, "250-more" until "250 last".
Failure read_answer(Stream& stream, SmtpAnswer& answer) {
  answer = {};
  std::string line;
  while (answer.lines.size() < kMostLines) {
    if (Failure failure = stream.read_line(kLongestLine, line)) return failure;
    const bool has_code = line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3, is_digit);
    if (!has_code || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) return failed("is no mail server");
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (!answer.lines.empty() && code != answer.code) return failed("sent an answer with two codes");
    answer.code = code;
    answer.lines.push_back(line.substr(std::min<size_t>(4, line.size())));
    if (line.size() == 3 || line[3] == ' ') return {};
  }
  return failed("sent an answer of more than " + std::to_string(kMostLines) + " lines");
}

// Sends a line and takes an answer with this code.
Failure command(Stream& stream, std::string_view line, int code, SmtpAnswer& answer) {
  if (Failure failure = stream.write(line)) return failure;
  if (Failure failure = read_answer(stream, answer)) return failure;
  if (answer.code == code) return {};
  return failed(std::string(line.substr(0, line.find_first_of(" \r"))) + " was answered with " + std::to_string(answer.code));
}

std::string printable(std::string text) {
  text.resize(std::min(text.size(), kLongestBanner));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

bool offers_starttls(const SmtpAnswer& answer) {
  return std::any_of(answer.lines.begin(), answer.lines.end(), [](const std::string& line) {
    constexpr std::string_view kWord = "STARTTLS";
    return line.size() >= kWord.size() &&
           std::equal(kWord.begin(), kWord.end(), line.begin(), [](char a, char b) { return (b >= 'a' && b <= 'z' ? b - 32 : b) == a; }) &&
           (line.size() == kWord.size() || line[kWord.size()] == ' ');
  });
}

Failure secure(Stream& stream, const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply) {
  if (Failure failure = stream.secure({query.host, query.verify_tls, terms.options.authorities})) return failure;
  reply.secure = true;
  reply.tls = stream.tls_info();
  return {};
}

// What was said before TLS counts for nothing after it (RFC 3207, 4.2): EHLO is said again.
Failure upgrade(Stream& stream, const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply) {
  SmtpAnswer answer;
  if (Failure failure = command(stream, "EHLO localhost\r\n", 250, answer)) return failure;
  if (!offers_starttls(answer)) return failed("does not offer STARTTLS");
  if (Failure failure = command(stream, "STARTTLS\r\n", 220, answer)) return failure;
  if (Failure failure = secure(stream, query, terms, reply)) return failure;
  return command(stream, "EHLO localhost\r\n", 250, answer);
}

Failure greet(const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply) {
  const auto begin = Clock::now();
  Stream stream;
  SmtpAnswer answer;
  if (Failure failure = stream.connect(query.host, query.port, terms)) return failure;
  reply.address = stream.remote_address();
  if (query.tls) {
    if (Failure failure = secure(stream, query, terms, reply)) return failure;
  }
  if (Failure failure = read_answer(stream, answer)) return failure;
  reply.banner = printable(answer.lines.front());
  if (answer.code != 220) return failed("greets with " + std::to_string(answer.code));
  if (query.starttls && !query.tls) {
    if (Failure failure = upgrade(stream, query, terms, reply)) return failure;
  }
  reply.response_time = Clock::now() - begin;
  reply.connected = true;
  // Politeness: nobody waits for the answer.
  static_cast<void>(stream.write("QUIT\r\n"));
  stream.end_writing();
  return {};
}

}  // namespace

void greet_smtp(const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply) {
  exchange(&greet, query, terms, reply);
}

}  // namespace wplug
