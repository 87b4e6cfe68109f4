// One client's WebSocket (RFC 6455), as the client API uses it: whole text messages in and out.
//
// HttpServer makes one when a client asks for an upgrade that the daemon takes; a test may stand in
// for it. Compression is never negotiated, pings are answered and sent by themselves, and a client
// that is silent for web_socket_idle_timeout is cut off. Network thread only.
//
// receive() and send() may be awaited at the same time, from two coroutines. Only one receive() at
// a time; sends may be as many as fit, and leave in the order in which they were called.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::federation {

struct PeerInfo;

/// RFC 6455 section 7.4.1, and the IANA registry. 4000 to 4999 are for the protocol on top.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t not_text = 1003;
inline constexpr std::uint16_t bad_payload = 1007;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal = 1011;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
}  // namespace close_code

struct WebSocketLimits {
  std::size_t message_bytes_max = 256 * 1024;  ///< Of one message from the client.
  std::size_t send_bytes_max = 1024 * 1024;    ///< Of the messages behind the one being written.
  /// Nothing heard, not even a pong: cut off. A ping is sent after half of it.
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{30'000};  ///< For one message, waiting not included.
  std::chrono::milliseconds close_timeout{5'000};   ///< For the client's own close frame.
};

/// How long the reason of a close frame may be (RFC 6455 section 5.5).
inline constexpr std::size_t close_reason_bytes_max = 123;

class WebSocket {
 public:
  WebSocket() = default;
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  /// Cuts the connection if it is still open; what waits in receive() or send() fails.
  virtual ~WebSocket() = default;

  /// The next text message, valid UTF-8. Fails with
  ///   unavailable  the client closed, was silent too long, or the connection broke;
  ///   too_large    a message over message_bytes_max; the client was told 1009;
  ///   invalid      not UTF-8 (1007), not text (1003), or not RFC 6455 (1002).
  /// After any failure the connection is over, and each further call fails with unavailable.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::string>> receive() = 0;

  /// Returns when the message, which must be UTF-8, is with the kernel; waits for those before it,
  /// and while the client reads slowly. Fails with
  ///   unavailable  the connection is over, or did not take the message in write_timeout;
  ///   too_large    more than send_bytes_max wait already: the client does not keep up, and the
  ///                connection is being closed with 1013. One message may be of any size.
  [[nodiscard]] virtual boost::asio::awaitable<Result<>> send(std::string text) = 0;

  /// Tells the client why, waits close_timeout at most for its answer, and cuts the connection. A
  /// receive() that waits fails with unavailable. `reason` is cut off after
  /// close_reason_bytes_max octets. Calling it again does nothing.
  [[nodiscard]] virtual boost::asio::awaitable<void> close(std::uint16_t code,
                                                           std::string_view reason) = 0;

  /// What the client's close frame said: 1005 if it gave no code, 0 if there was no such frame.
  [[nodiscard]] virtual std::uint16_t closed_with() const = 0;
  [[nodiscard]] virtual const PeerInfo& peer() const = 0;
  /// The agreed Sec-WebSocket-Protocol; empty if none.
  [[nodiscard]] virtual const std::string& subprotocol() const = 0;
};

}  // namespace cpc::federation
