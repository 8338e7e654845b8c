#include "host/serve/web_parser.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace wplug {
namespace {

namespace http = boost::beast::http;

std::string_view text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void WebRequestBuilder::clear() {
  request_.text_.clear();
  request_.fields_.clear();
  request_.body_.clear();
}

WebRequest::Part WebRequestBuilder::add(std::string_view text) {
  const WebRequest::Part part{static_cast<uint32_t>(request_.text_.size()), static_cast<uint32_t>(text.size())};
  request_.text_ += text;
  return part;
}

void WebRequestBuilder::start_line(std::string_view method, std::string_view target) {
  request_.method_ = add(method);
  request_.target_ = add(target);
}

void WebRequestBuilder::field(std::string_view name, std::string_view value) {
  const WebRequest::Part key = add(name);
  request_.fields_.emplace_back(key, add(value));
}

WebParser::WebParser(WebRequest& request, const WebServerOptions& options, std::atomic<uint64_t>& buffered)
    : builder_(request), options_(options), buffered_(buffered) {
  builder_.clear();
  eager(true);
  header_limit(static_cast<uint32_t>(options.header_bytes));
  body_limit(options.body_bytes);
}

void WebParser::refuse(int status, std::string_view message, ErrorCode& error) {
  refusal_ = WebRefusal{status, message};
  error = http::error::bad_value;
}

void WebParser::on_request_impl(http::verb verb, Text method, Text target, int version, ErrorCode& error) {
  version_ = version;
  is_head_ = verb == http::verb::head;
  if (version != 11 && version != 10) return refuse(505, "HTTP/1.1 and HTTP/1.0 are spoken here", error);
  builder_.start_line(text_of(method), text_of(target));
}

void WebParser::on_field_impl(http::field field, Text name, Text value, ErrorCode& error) {
  if (!in_header_) return;  // trailers are checked and dropped
  switch (field) {
    case http::field::host:
      ++hosts_;
      break;
    case http::field::transfer_encoding:
      // Two readers must not disagree on where this request ends.
      if (!boost::beast::iequals(value, "chunked")) {
        return refuse(501, "the only Transfer-Encoding that is known is chunked", error);
      }
      is_chunked_ = true;
      break;
    case http::field::expect:
      if (!boost::beast::iequals(value, "100-continue")) return refuse(417, "no such expectation is known", error);
      wants_continue_ = true;
      break;
    case http::field::content_encoding:
      if (!boost::beast::iequals(value, "identity")) return refuse(415, "bodies must not be compressed", error);
      break;
    default:
      break;
  }
  builder_.field(text_of(name), text_of(value));
}

void WebParser::on_header_impl(ErrorCode& error) {
  in_header_ = false;
  if (hosts_ > 1 || (version_ == 11 && hosts_ == 0)) return refuse(400, "there must be one Host field", error);
  if (version_ == 10 && is_chunked_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding", error);
}

bool WebParser::take(uint64_t bytes, ErrorCode& error) {
  if (buffered_.load(std::memory_order_relaxed) + bytes > options_.buffered_bytes) {
    refuse(503, "too many bytes of requests are waiting; try again later", error);
    return false;
  }
  taken_ += bytes;
  buffered_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void WebParser::on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode& error) {
  constexpr uint64_t kTrusted = uint64_t{64} << 10;  // memory that is made for a length that is only claimed
  if (!length || *length == 0) return;
  if (take(*length, error)) builder_.body().reserve(std::min(*length, kTrusted));
}

std::size_t WebParser::on_body_impl(Text text, ErrorCode&) {
  builder_.body().append(text.data(), text.size());
  return text.size();
}

std::size_t WebParser::on_chunk_body_impl(uint64_t, Text text, ErrorCode& error) {
  if (!take(text.size(), error)) return 0;
  builder_.body().append(text.data(), text.size());
  return text.size();
}

WebRefusal WebParser::refusal(const ErrorCode& error) const {
  if (refusal_) return *refusal_;
  if (error == http::error::header_limit) return {431, "the header is larger than this server takes"};
  if (error == http::error::body_limit) return {413, "the body is larger than this server takes"};
  if (error == http::error::bad_version) return {505, "HTTP/1.1 and HTTP/1.0 are spoken here"};
  return {400, "this is not an HTTP request"};
}

}  // namespace wplug
