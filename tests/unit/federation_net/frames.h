// The client's side of a WebSocket, frame by frame, as wrong as a test wants it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/federation_net/net.h"

namespace cpc::federation::test {

/// A client's frame (RFC 6455 section 5.2), masked with zeros unless told otherwise.
inline std::string frame(int opcode, const std::string& payload, bool is_final = true,
                         bool is_masked = true) {
  std::string octets;
  octets += static_cast<char>((is_final ? 0x80 : 0) | opcode);
  const int mask = is_masked ? 0x80 : 0;
  if (payload.size() < 126) {
    octets += static_cast<char>(mask | static_cast<int>(payload.size()));
  } else {
    const bool is_long = payload.size() > 0xffff;
    octets += static_cast<char>(mask | (is_long ? 127 : 126));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
      octets += static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> shift) & 0xff);
    }
  }
  if (is_masked) octets += std::string(4, '\0');
  return octets + payload;
}
inline constexpr int continuation = 0;
inline constexpr int text = 1;
inline constexpr int binary = 2;
inline constexpr int close_frame = 8;
inline constexpr int ping = 9;
inline constexpr int pong = 10;

inline std::string close_payload(int code, const std::string& reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

struct Frame {
  int opcode = -1;  ///< -1: the server hung up.
  std::string payload;
};

inline Frame hear_frame(RawClient& client) {
  const std::string start = client.hear(2);
  if (start.size() < 2) return {};
  CHECK((start[0] & 0xf0) == 0x80);  // Final, and no extension in use.
  std::uint64_t size = static_cast<std::uint8_t>(start[1]);
  REQUIRE(size < 128);  // A server does not mask.
  if (size >= 126) {
    const std::string more = client.hear(size == 126 ? 2 : 8);
    size = 0;
    for (const char octet : more) size = size << 8 | static_cast<std::uint8_t>(octet);
  }
  return {start[0] & 0x0f, client.hear(size)};
}

inline int code_in(const Frame& heard) {
  REQUIRE(heard.opcode == close_frame);
  REQUIRE(heard.payload.size() >= 2);
  return static_cast<std::uint8_t>(heard.payload[0]) << 8 |
         static_cast<std::uint8_t>(heard.payload[1]);
}

}  // namespace cpc::federation::test
