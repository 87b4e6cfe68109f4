// Sockets to accept on, TCP and Unix, and what the kernel says of who connects.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "federation/http_server.h"

namespace cpc::federation {

/// A listening descriptor, non-blocking and closed on exec. Move-only; removes the socket file that
/// it made, if that is still the same file.
class ListeningSocket {
 public:
  /// Errors as HttpServer::start() has them.
  [[nodiscard]] static Result<ListeningSocket> open(const TcpListener& listener);
  [[nodiscard]] static Result<ListeningSocket> open(const UnixListener& listener);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket();

  [[nodiscard]] int family() const { return family_; }
  [[nodiscard]] std::uint16_t port() const;  ///< 0 for a Unix socket.
  /// Hands the descriptor over to who closes it.
  [[nodiscard]] int release();
  void remove_file();

 private:
  ListeningSocket(int descriptor, int family) : descriptor_(descriptor), family_(family) {}
  int descriptor_;
  int family_;
  std::filesystem::path file_;  // Empty: none of ours.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Who is connected on `descriptor`.
[[nodiscard]] PeerInfo peer_of(int descriptor);

}  // namespace cpc::federation
