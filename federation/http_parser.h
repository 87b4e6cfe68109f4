// HTTP/1.1 messages out of a stream of octets, without a socket. Beast takes them apart; what Beast
// lets pass and two readers may read differently is refused here (http_server.h lists it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "federation/http_message.h"

namespace cpc::federation {

/// How far a message has come.
enum class Reading {
  more,     ///< It goes on in octets that are not there yet.
  head,     ///< The headers are complete; told once, before anything of the body is taken.
  message,  ///< All of it is there.
  refused,  ///< It is not one; nothing after it can be told apart any more.
};

/// Why.
enum class HttpFault {
  none,
  malformed,
  head_too_large,
  body_too_large,
};

struct HttpHeadLimits {
  std::size_t header_bytes_max;
  std::size_t header_count_max;
};

/// One request. Make a new one for the next.
class HttpRequestParser {
 public:
  explicit HttpRequestParser(HttpHeadLimits limits);
  ~HttpRequestParser();
  HttpRequestParser(const HttpRequestParser&) = delete;
  HttpRequestParser& operator=(const HttpRequestParser&) = delete;

  /// Takes what it understands off the front of `input`. Call again with more appended; what is
  /// left over after `message` belongs to the next request.
  [[nodiscard]] Reading advance(Bytes& input);
  /// After `head`: a longer body is refused (0: any body).
  void limit_body(std::size_t bytes_max);

  /// After `head`, without the body before `message`.
  [[nodiscard]] HttpRequest& request();
  /// After `head`. HTTP/1.0 never keeps alive.
  [[nodiscard]] bool keeps_alive() const;
  /// After `head`: the length of the body if it was told, 0 if there is none.
  [[nodiscard]] std::optional<std::uint64_t> body_length() const;
  /// After `head`: an HTTP/1.1 client waits for 100 before it sends the body.
  [[nodiscard]] bool expects_continue() const;
  /// After `head`: `Expect` has something else than that.
  [[nodiscard]] bool expects_unknown() const;
  /// After `head`: GET, no body, and an upgrade to `websocket` is asked for (RFC 6455 section 4.1).
  [[nodiscard]] bool asks_for_web_socket() const;
  [[nodiscard]] HttpFault fault() const;

 private:
  class Beast;
  std::unique_ptr<Beast> beast_;
};

/// One reply. Interim replies (1xx) are skipped.
class HttpReplyParser {
 public:
  /// `has_no_body`: the reply to HEAD.
  HttpReplyParser(HttpHeadLimits limits, std::size_t body_bytes_max, bool has_no_body);
  ~HttpReplyParser();
  HttpReplyParser(const HttpReplyParser&) = delete;
  HttpReplyParser& operator=(const HttpReplyParser&) = delete;

  /// As HttpRequestParser, but never `head`.
  [[nodiscard]] Reading advance(Bytes& input);
  /// The server ended the connection in order: `message` if that is how the reply ends, `refused`
  /// otherwise.
  [[nodiscard]] Reading end();

  /// After `message`, once.
  [[nodiscard]] HttpReply take_reply();
  /// After `message`: another may follow on the connection.
  [[nodiscard]] bool keeps_alive() const;
  [[nodiscard]] HttpFault fault() const;

 private:
  class Beast;
  [[nodiscard]] Reading skip_interim();
  HttpHeadLimits limits_;
  std::size_t body_bytes_max_;
  bool has_no_body_;
  int interim_replies_ = 0;
  std::unique_ptr<Beast> beast_;
};

}  // namespace cpc::federation
