#include "federation/http_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <string_view>
#include <utility>

#include "federation/http_grammar.h"

namespace cpc::federation {
namespace {

namespace http = boost::beast::http;
using Failure = boost::beast::error_code;
using Text = boost::beast::string_view;

/// A chunk's size line, with what surrounds it.
constexpr std::size_t chunk_head_bytes_max = 64;
/// The shortest rest of a chunked body: `0 CRLF CRLF`.
constexpr std::size_t chunked_rest_bytes_min = 5;
constexpr int interim_replies_max = 8;
constexpr std::size_t length_digits_max = 15;  // Far above what any limit allows.

/// Of a size of 64 bits. More zeros before it would be refused or not as the pieces come.
constexpr std::size_t chunk_digits_max = 16;

/// What stands between two chunks, as far as it has come: a size and nothing else. Beast waits for
/// the end of an extension, and finds it elsewhere if the octets come in other pieces.
bool is_plain_chunk_head(std::string_view rest) {
  for (const char octet : {'\r', '\n'}) {
    if (rest.starts_with(octet)) rest.remove_prefix(1);
  }
  const auto end = rest.find_first_not_of("0123456789abcdefABCDEF");
  if (std::min(end, rest.size()) > chunk_digits_max) return false;
  return end == std::string_view::npos || rest[end] == '\r';
}

std::string_view text_of(Text text) {
  return {text.data(), text.size()};
}

/// Where Beast puts what it finds, for requests and replies alike.
template <bool is_request>
class Parser : public http::basic_parser<is_request> {
 public:
  explicit Parser(HttpHeadLimits limits) : limits_(limits) {
    this->eager(false);
    this->body_limit(boost::none);  // Until somebody has seen the head.
    const auto most = std::numeric_limits<std::uint32_t>::max();
    this->header_limit(limits.header_bytes_max < most
                           ? static_cast<std::uint32_t>(limits.header_bytes_max)
                           : most);
  }

  [[nodiscard]] Reading advance(Bytes& input) {
    if (fault_ != HttpFault::none) return Reading::refused;
    if (this->is_done()) return Reading::message;
    if (!this->is_header_done()) return advance_head(input);
    return advance_body(input);
  }

  [[nodiscard]] Reading refuse(HttpFault fault) {
    fault_ = fault;
    return Reading::refused;
  }

  /// After `head`.
  void limit_body(std::size_t bytes_max) {
    const auto length = this->content_length();
    if (length && *length > bytes_max) fault_ = HttpFault::body_too_large;
    this->body_limit(bytes_max);
  }

  HttpHeaders headers;
  Bytes body;
  int version = 0;

  [[nodiscard]] HttpFault fault() const { return fault_; }

  /// What both directions check when the headers are there (RFC 9112 section 6.3).
  [[nodiscard]] bool is_framed_strictly() const {
    const auto lengths = headers.count("content-length");
    const auto codings = headers.count("transfer-encoding");
    if (lengths + codings > 1) return false;
    if (lengths == 1) {
      const auto value = *headers.find("content-length");
      return !value.empty() && value.size() <= length_digits_max &&
             value.find_first_not_of("0123456789") == std::string_view::npos;
    }
    return codings == 0 ||
           (version == 11 && equals_ignoring_case(*headers.find("transfer-encoding"), "chunked"));
  }

 protected:
  void on_field_impl(http::field, Text name, Text value, Failure& failure) override {
    if (has_head_ || headers.list.size() == limits_.header_count_max) {
      fault_ = has_head_ ? HttpFault::malformed : HttpFault::head_too_large;
      failure = http::error::bad_field;  // Trailers are refused.
      return;
    }
    headers.list.push_back({lower_case(text_of(name)), std::string{text_of(value)}});
  }
  void on_header_impl(Failure&) override { has_head_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
  std::size_t on_body_impl(Text octets, Failure&) override {
    body.append(octets.data(), octets.size());
    return octets.size();
  }
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Failure& failure) override {
    chunk_left_ = size;
    if (!extensions.empty()) failure = http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text octets, Failure&) override {
    chunk_left_ -= octets.size();
    body.append(octets.data(), octets.size());
    return octets.size();
  }
  void on_finish_impl(Failure&) override {}

 private:
  /// Waits for the whole head, so that it can be looked at before Beast unfolds anything.
  Reading advance_head(Bytes& input) {
    const auto end = input.find("\r\n\r\n", scanned_ < 3 ? 0 : scanned_ - 3);
    scanned_ = input.size();
    if (end == Bytes::npos) {
      return input.size() >= limits_.header_bytes_max ? refuse(HttpFault::head_too_large)
                                                      : Reading::more;
    }
    const std::size_t size = end + 4;
    if (size > limits_.header_bytes_max) return refuse(HttpFault::head_too_large);
    if (!is_strict_head(std::string_view{input}.substr(0, size))) {
      return refuse(HttpFault::malformed);
    }
    Failure failure;
    std::size_t taken = 0;
    while (taken < size && !failure && !this->is_header_done()) {
      const std::size_t now = this->put({input.data() + taken, size - taken}, failure);
      if (now == 0) break;
      taken += now;
    }
    if (fault_ != HttpFault::none) return Reading::refused;
    if (failure || taken != size || !is_framed_strictly()) return refuse(HttpFault::malformed);
    input.erase(0, size);
    return Reading::head;
  }

  /// Beast asserts that it sees the last chunk's head in one piece or with what follows it, which
  /// a client that sends single octets would break: so between chunks it gets nothing shorter.
  [[nodiscard]] bool may_put(std::size_t octets) const {
    if (this->is_done() || octets == 0) return false;
    return !this->chunked() || chunk_left_ > 0 || octets >= chunked_rest_bytes_min;
  }

  Reading advance_body(Bytes& input) {
    Failure failure;
    std::size_t taken = 0;
    const auto is_strange = [&] {
      return this->chunked() && !this->is_done() && chunk_left_ == 0 &&
             !is_plain_chunk_head(std::string_view{input}.substr(taken));
    };
    while (!failure && !is_strange() && may_put(input.size() - taken)) {
      taken += this->put({input.data() + taken, input.size() - taken}, failure);
    }
    if (is_strange()) return refuse(HttpFault::malformed);
    input.erase(0, taken);
    if (failure == http::error::body_limit) return refuse(HttpFault::body_too_large);
    if (failure && failure != http::error::need_more) return refuse(HttpFault::malformed);
    if (this->is_done()) return Reading::message;
    // Only a chunk's head is ever left over.
    return input.size() > chunk_head_bytes_max ? refuse(HttpFault::malformed) : Reading::more;
  }

  HttpHeadLimits limits_;
  bool has_head_ = false;
  std::size_t scanned_ = 0;
  std::uint64_t chunk_left_ = 0;
  HttpFault fault_ = HttpFault::none;
};

}  // namespace

class HttpRequestParser::Beast final : public Parser<true> {
 public:
  using Parser::Parser;
  HttpRequest request;

  [[nodiscard]] bool is_strict() const {
    const auto hosts = headers.count("host");
    return is_method(request.method) && is_path(request.path) && is_query(request.query) &&
           hosts <= 1 && (hosts == 1 || version == 10);
  }

 private:
  void on_request_impl(http::verb, Text method, Text target, int number, Failure&) override {
    version = number;
    const auto text = text_of(target);
    const auto mark = text.find('?');
    request.method = std::string{text_of(method)};
    request.path = std::string{text.substr(0, mark)};
    if (mark != std::string_view::npos) request.query = std::string{text.substr(mark + 1)};
  }
  void on_response_impl(int, Text, int, Failure&) override {}
};

HttpRequestParser::HttpRequestParser(HttpHeadLimits limits)
    : beast_(std::make_unique<Beast>(limits)) {}
HttpRequestParser::~HttpRequestParser() = default;

Reading HttpRequestParser::advance(Bytes& input) {
  const Reading reading = beast_->advance(input);
  if (reading == Reading::head) {
    if (!beast_->is_strict()) return beast_->refuse(HttpFault::malformed);
    beast_->request.headers = std::move(beast_->headers);
  }
  if (reading == Reading::message) beast_->request.body = std::move(beast_->body);
  return reading;
}

void HttpRequestParser::limit_body(std::size_t bytes_max) {
  beast_->limit_body(bytes_max);
}
HttpRequest& HttpRequestParser::request() {
  return beast_->request;
}
bool HttpRequestParser::keeps_alive() const {
  return beast_->version == 11 && beast_->keep_alive();
}
std::optional<std::uint64_t> HttpRequestParser::body_length() const {
  if (beast_->chunked()) return std::nullopt;
  return beast_->content_length().value_or(0);
}
bool HttpRequestParser::expects_continue() const {
  const auto value = beast_->request.headers.find("expect");
  return beast_->version == 11 && value && equals_ignoring_case(*value, "100-continue");
}
bool HttpRequestParser::expects_unknown() const {
  return beast_->version == 11 && beast_->request.headers.count("expect") > 0 &&
         !expects_continue();
}
bool HttpRequestParser::asks_for_web_socket() const {
  const auto upgrade = beast_->request.headers.find("upgrade");
  return beast_->version == 11 && beast_->request.method == "GET" && body_length() == 0 &&
         upgrade && list_contains(*upgrade, "websocket") && beast_->upgrade();
}
HttpFault HttpRequestParser::fault() const {
  return beast_->fault();
}

class HttpReplyParser::Beast final : public Parser<false> {
 public:
  using Parser::Parser;
  int status = 0;

  [[nodiscard]] bool is_acceptable() const {
    const auto coding = headers.find("content-encoding");
    const bool is_plain = headers.count("content-encoding") == 0 ||
                          (coding && equals_ignoring_case(*coding, "identity"));
    return status != 101 && status >= 100 && status <= 599 && is_plain;
  }

 private:
  void on_request_impl(http::verb, Text, Text, int, Failure&) override {}
  void on_response_impl(int code, Text, int number, Failure&) override {
    status = code;
    version = number;
  }
};

HttpReplyParser::HttpReplyParser(HttpHeadLimits limits, std::size_t body_bytes_max,
                                 bool has_no_body)
    : limits_(limits),
      body_bytes_max_(body_bytes_max),
      has_no_body_(has_no_body),
      beast_(std::make_unique<Beast>(limits)) {
  beast_->skip(has_no_body_);
}
HttpReplyParser::~HttpReplyParser() = default;

Reading HttpReplyParser::skip_interim() {
  if (++interim_replies_ > interim_replies_max) return beast_->refuse(HttpFault::malformed);
  beast_ = std::make_unique<Beast>(limits_);
  beast_->skip(has_no_body_);
  return Reading::more;
}

Reading HttpReplyParser::advance(Bytes& input) {
  for (;;) {
    Reading reading = beast_->advance(input);
    if (reading == Reading::head) {
      if (!beast_->is_acceptable()) return beast_->refuse(HttpFault::malformed);
      if (beast_->status < 200) {
        reading = skip_interim();
        if (reading == Reading::refused) return reading;
        continue;
      }
      if (!has_no_body_) beast_->limit_body(body_bytes_max_);
      continue;
    }
    return reading;
  }
}

Reading HttpReplyParser::end() {
  if (!beast_->is_header_done() || !beast_->need_eof()) {
    return beast_->refuse(HttpFault::malformed);
  }
  Failure failure;
  beast_->put_eof(failure);
  return failure ? beast_->refuse(HttpFault::malformed) : Reading::message;
}

HttpReply HttpReplyParser::take_reply() {
  return {beast_->status, std::move(beast_->headers), std::move(beast_->body)};
}
bool HttpReplyParser::keeps_alive() const {
  return beast_->version == 11 && beast_->keep_alive();
}
HttpFault HttpReplyParser::fault() const {
  return beast_->fault();
}

}  // namespace cpc::federation
