#include "host/serve/web_connection.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/http/error.hpp>

namespace wplug {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr size_t kSmallBuffer = 4096;
constexpr size_t kBodyBuffer = size_t{64} << 10;
constexpr size_t kKeptBody = size_t{16} << 10;   // memory that waits for the next request
constexpr size_t kMostUnsent = size_t{1} << 20;  // answers that are written out ahead of the socket
constexpr std::chrono::seconds kLinger{2};

std::chrono::nanoseconds time_of(WebPhase phase, const WebServerOptions& options) {
  switch (phase) {
    case WebPhase::idle:
      return options.idle_timeout;
    case WebPhase::header:
      return options.header_timeout;
    case WebPhase::body:
      return options.body_timeout;
    case WebPhase::write:
      return options.write_timeout;
    default:
      return kLinger;
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 0x20 && c != 0x7f) || c == '\t' || c < 0; });
}

// Fields that say where a message ends or how it travels are the server's own.
bool is_own(std::string_view name) {
  static constexpr std::string_view kOwn[] = {"connection", "content-length",    "date",
                                              "keep-alive", "proxy-connection",  "te",
                                              "trailer",    "transfer-encoding", "upgrade"};
  return std::any_of(std::begin(kOwn), std::end(kOwn), [name](std::string_view own) {
    return boost::beast::iequals({own.data(), own.size()}, {name.data(), name.size()});
  });
}

void append_number(std::string& out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void let_go(std::string& text, size_t most) {
  text.clear();
  if (text.capacity() > most) text.shrink_to_fit();
}

}  // namespace

void WebExchangeImpl::clear() {
  reply.status = 200;
  reply.content_type = "application/json";
  reply.headers.clear();
  let_go(reply.body, kKeptBody);
  done = closes = is_head = false;
  taken = 0;
}

WebConnection::WebConnection(WebLoop& loop, WebSocket socket, WebPlaces& places)
    : loop_(loop), socket_(std::move(socket)), place_(places.insert(places.end(), this)), in_(kSmallBuffer) {}

void WebConnection::start() {
  deadline_ = Clock::now() + loop_.options().idle_timeout;
  go_on();
}

// After anything that may let it do more.
void WebConnection::go_on() {
  bool more = true;
  while (more && !closed_) {
    more = parse();
    flush();
  }
  if (closed_) return;
  if (eof_ && pending_.empty() && out_.empty()) return close();
  read();
  set_clock();
}

void WebConnection::read() {
  if (reading_ || closed_ || eof_) return;
  if (!lingering_ && (last_request_ || pending_.size() >= loop_.options().pipelined)) return;
  make_room();
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
      [self = shared_from_this()](const ErrorCode& error, size_t size) { self->read_done(error, size); });
}

void WebConnection::read_done(const ErrorCode& error, size_t size) {
  reading_ = false;
  if (closed_) return;
  loop_.counts().bytes_in.fetch_add(size, std::memory_order_relaxed);
  if (error && error != asio::error::eof) return close();
  if (error) {
    eof_ = true;
    if (lingering_) return close();
    drop_current();  // it will never be whole
  }
  in_end_ += size;
  if (lingering_) in_begin_ = in_end_ = 0;
  go_on();
}

void WebConnection::make_room() {
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  const bool in_body = parser_ && parser_->is_header_done();
  if (in_begin_ == 0 && in_end_ == 0 && in_body != (in_.size() > kSmallBuffer)) {
    in_ = Bytes(in_body ? kBodyBuffer : kSmallBuffer);
  }
  if (in_end_ < in_.size()) return;
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, buffered());
    in_end_ -= in_begin_;
    in_begin_ = 0;
    return;
  }
  // A header has to be in one piece; its limit ends it before this does.
  in_.resize(in_.size() * 2);
}

// Whether a request was taken.
bool WebConnection::parse() {
  const uint64_t taken = requests_taken_;
  while (!closed_ && reads_on() && !lingering_ && buffered() > 0 && pending_.size() < loop_.options().pipelined) {
    const size_t before = buffered();
    parse_some();
    if (current_ && before == buffered()) break;
  }
  ask_for_body();
  return requests_taken_ != taken;
}

void WebConnection::parse_some() {
  if (!current_) begin_request();
  ErrorCode error;
  in_begin_ += parser_->put(asio::const_buffer(in_.data() + in_begin_, buffered()), error);
  if (error && error != boost::beast::http::error::need_more) return refuse(parser_->refusal(error));
  if (parser_->is_done()) hand_over();
}

void WebConnection::begin_request() {
  if (spare_.empty()) {
    current_ = std::make_unique<WebExchangeImpl>();
  } else {
    current_ = std::move(spare_.back());
    spare_.pop_back();
  }
  current_->received = Clock::now();
  parser_.emplace(current_->request, loop_.options(), loop_.counts().buffered);
  asked_for_body_ = false;
  ++requests_;
}

void WebConnection::hand_over() {
  WebExchangeImpl& exchange = *current_;
  exchange.taken = parser_->taken();
  exchange.is_head = parser_->is_head();
  exchange.version = parser_->version();
  exchange.closes = !parser_->keep_alive();
  exchange.connection = shared_from_this();
  last_request_ = exchange.closes;
  ++requests_taken_;
  pending_.push_back(std::move(current_));
  parser_.reset();
  loop_.handler().handle(exchange);
}

// Answered here; nothing behind it can be trusted to be a request.
void WebConnection::refuse(const WebRefusal& refusal) {
  if (!current_) return close();
  WebExchangeImpl& exchange = *current_;
  exchange.taken = parser_ ? parser_->taken() : 0;
  exchange.version = parser_ ? parser_->version() : 11;
  exchange.closes = exchange.done = true;
  last_request_ = true;
  exchange.reply.status = refusal.status;
  exchange.reply.body = R"({"error":{"stage":null,"kind":"http","message":")" + std::string(refusal.message) +
                        R"(","backtrace":[]}})"
                        "\n";
  if (refusal.status == 503) exchange.reply.headers.emplace_back("Retry-After", "1");
  pending_.push_back(std::move(current_));
  parser_.reset();
}

// For a client that waits to be asked, once the answers before it are on their way.
void WebConnection::ask_for_body() {
  const bool waits = parser_ && parser_->is_header_done() && parser_->wants_continue() && !asked_for_body_ &&
                     buffered() == 0 && parser_->content_length_remaining() == parser_->content_length();
  if (!waits || !pending_.empty() || parser_->version() != 11) return;
  asked_for_body_ = true;
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void WebConnection::answered() {
  if (!closed_) return go_on();
  std::erase_if(pending_, [](const auto& exchange) { return exchange->done; });
}

void WebConnection::flush() {
  while (!closed_ && !writing_) {
    while (!last_reply_ && !pending_.empty() && pending_.front()->done && out_.size() - out_at_ < kMostUnsent) {
      serialize_next();
    }
    if (out_at_ == out_.size()) return;
    write();
  }
}

void WebConnection::serialize_next() {
  std::unique_ptr<WebExchangeImpl> exchange = std::move(pending_.front());
  pending_.pop_front();
  const bool is_last = pending_.empty() && !current_ && buffered() == 0;
  last_reply_ = exchange->closes || (is_last && (eof_ || loop_.draining()));
  if (last_reply_) last_request_ = true;
  serialize(*exchange, last_reply_);
  recycle(std::move(exchange));
}

void WebConnection::serialize(WebExchangeImpl& exchange, bool closes) {
  const WebReply& reply = exchange.reply;
  loop_.handler().replied(&exchange, reply.status);
  out_ += "HTTP/1.1 ";
  append_number(out_, static_cast<uint64_t>(reply.status));
  (out_ += ' ') += status_words(reply.status);
  (out_ += "\r\nDate: ") += loop_.date();
  if (!reply.content_type.empty()) (out_ += "\r\nContent-Type: ") += reply.content_type;
  out_ += "\r\nContent-Length: ";
  append_number(out_, reply.body.size());
  for (const auto& [name, value] : reply.headers) {
    if (!is_token(name) || !is_value(value) || is_own(name)) continue;
    (((out_ += "\r\n") += name) += ": ") += value;
  }
  if (closes) {
    out_ += "\r\nConnection: close";
  } else if (exchange.version == 10) {
    out_ += "\r\nConnection: keep-alive";
  }
  out_ += "\r\n\r\n";
  if (!exchange.is_head) out_ += reply.body;
}

void WebConnection::write() {
  // Most answers fit into the socket's buffer: no need to ask whether it takes them.
  ErrorCode error;
  const size_t size = socket_.write_some(asio::buffer(out_.data() + out_at_, out_.size() - out_at_), error);
  if (error == asio::error::would_block || error == asio::error::try_again) {
    writing_ = true;
    socket_.async_write_some(asio::buffer(out_.data() + out_at_, out_.size() - out_at_),
                             [self = shared_from_this()](const ErrorCode& e, size_t n) {
                               self->writing_ = false;
                               if (self->closed_) return;
                               self->wrote(e, n);
                               if (!self->closed_) self->go_on();
                             });
    return;
  }
  wrote(error, size);
}

void WebConnection::wrote(const ErrorCode& error, size_t size) {
  if (error) return close();
  loop_.counts().bytes_out.fetch_add(size, std::memory_order_relaxed);
  out_at_ += size;
  written_ += size;
  if (out_at_ < out_.size()) return write();
  out_at_ = 0;
  let_go(out_, kBodyBuffer);
  if (last_reply_) linger();
}

// Closing at once, with bytes of the client unread, would reset the connection and lose the answer on its way.
void WebConnection::linger() {
  if (eof_) return close();
  ErrorCode ignored;
  socket_.shutdown(WebSocket::shutdown_send, ignored);
  lingering_ = true;
  in_begin_ = in_end_ = 0;
}

void WebConnection::recycle(std::unique_ptr<WebExchangeImpl> exchange) {
  loop_.counts().buffered.fetch_sub(exchange->taken, std::memory_order_relaxed);
  exchange->clear();
  if (exchange->request.body().capacity() <= kKeptBody && spare_.size() < 2) spare_.push_back(std::move(exchange));
}

void WebConnection::drop_current() {
  if (!current_) return;
  current_->taken = parser_->taken();
  parser_.reset();
  recycle(std::move(current_));
}

void WebConnection::begin_drain() {
  if (closed_ || lingering_ || !pending_.empty() || current_ || !out_.empty()) return;
  // A request that has arrived but was not read yet is still answered.
  ErrorCode ignored;
  if (socket_.available(ignored) == 0) close();
}

WebPhase WebConnection::phase_now() const {
  if (lingering_) return WebPhase::linger;
  if (out_at_ < out_.size()) return WebPhase::write;
  if (current_) return parser_->is_header_done() ? WebPhase::body : WebPhase::header;
  return pending_.empty() ? WebPhase::idle : WebPhase::none;
}

void WebConnection::set_clock() {
  if (closed_) return;
  const WebPhase now = phase_now();
  const bool same =
      now == phase_ && clocked_request_ == requests_ && (now != WebPhase::write || clocked_bytes_ == written_);
  if (same) return;
  loop_.places(now).splice(loop_.places(now).end(), loop_.places(phase_), place_);
  phase_ = now;
  clocked_request_ = requests_;
  clocked_bytes_ = written_;
  deadline_ = Clock::now() + time_of(now, loop_.options());
}

void WebConnection::time_out() {
  if (phase_ != WebPhase::linger) loop_.counts().timed_out.fetch_add(1, std::memory_order_relaxed);
  const bool tells = (phase_ == WebPhase::header || phase_ == WebPhase::body) && pending_.empty();
  if (!tells) {
    // Nor is what it has not taken kept for it.
    ErrorCode ignored;
    if (phase_ == WebPhase::write) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    return close();
  }
  refuse({408, phase_ == WebPhase::header ? "the header took too long" : "the body took too long"});
  go_on();
}

void WebConnection::close() {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  ErrorCode ignored;
  socket_.close(ignored);
  drop_current();
  for (auto& exchange : pending_) {
    exchange->abandon();
    loop_.counts().buffered.fetch_sub(std::exchange(exchange->taken, 0), std::memory_order_relaxed);
  }
  std::erase_if(pending_, [](const auto& exchange) { return exchange->done; });
  loop_.places(phase_).erase(place_);
  loop_.ended(*this);
}

}  // namespace wplug
