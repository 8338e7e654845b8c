// From bytes to one request: Beast's parser, which decides what HTTP is, and the limits and refusals of this server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "host/serve/web_server.h"

namespace wplug {

// Fills a request in; the door to its parts.
class WebRequestBuilder {
 public:
  explicit WebRequestBuilder(WebRequest& request) : request_(request) {}
  // Keeps the memory.
  void clear();
  void start_line(std::string_view method, std::string_view target);
  void field(std::string_view name, std::string_view value);
  std::string& body() { return request_.body_; }

 private:
  WebRequest::Part add(std::string_view text);
  WebRequest& request_;
};

// Why a request is refused: the status and what to tell.
struct WebRefusal {
  int status = 400;
  std::string_view message;
};

class WebParser : public boost::beast::http::basic_parser<true> {
 public:
  using ErrorCode = boost::beast::error_code;
  // `buffered`: the bytes of all bodies; what this one takes is added and never given back here.
  WebParser(WebRequest& request, const WebServerOptions& options, std::atomic<uint64_t>& buffered);

  // After an error of `put`.
  WebRefusal refusal(const ErrorCode& error) const;
  bool wants_continue() const { return wants_continue_; }
  int version() const { return version_; }
  bool is_head() const { return is_head_; }
  // What of `buffered` is this request's.
  uint64_t taken() const { return taken_; }

 private:
  using Text = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, ErrorCode& error) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode& error) override;
  std::size_t on_body_impl(Text text, ErrorCode& error) override;
  void on_chunk_header_impl(uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(uint64_t remain, Text text, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  void refuse(int status, std::string_view message, ErrorCode& error);
  bool take(uint64_t bytes, ErrorCode& error);

  WebRequestBuilder builder_;
  const WebServerOptions& options_;
  std::atomic<uint64_t>& buffered_;
  std::optional<WebRefusal> refusal_;
  uint64_t taken_ = 0;
  int version_ = 11;
  unsigned hosts_ = 0;
  bool in_header_ = true;
  bool is_head_ = false;
  bool wants_continue_ = false;
  bool is_chunked_ = false;
};

}  // namespace wplug
