// Who asks for a signed directory that we serve gets its records, a page at a time:
// docs/protocol.md section "Signed directories". Nothing is signed here, for records prove
// themselves, and nobody has to say who he is; so each address is answered seldom enough that
// nobody gets more out of us than a few pages. Network thread only.
#pragma once

#include <string>

#include "federation/directory_book.h"
#include "federation/handshake_limit.h"

namespace cpc::federation {

class DirectoryServer {
 public:
  /// For each address (IPv6: each /64).
  static constexpr HandshakeRate requests_per_address{60, std::chrono::milliseconds{1000}};

  DirectoryServer(DirectoryBook& book, routing::Timers& timers) : book_(book), timers_(timers) {}

  /// Whether the path is one of a directory.
  [[nodiscard]] static bool serves(std::string_view path) {
    return path.starts_with(DirectoryBook::path);
  }
  /// Answers any request under such a path. A directory that is not served is UNRECOGNIZED, as if
  /// we had none. `address` is who asks, as PeerInfo::address.
  [[nodiscard]] boost::asio::awaitable<HttpReply> handle(HttpRequest request, std::string address);

 private:
  DirectoryBook& book_;
  routing::Timers& timers_;
  HandshakeLimit limit_{requests_per_address};
};

}  // namespace cpc::federation
