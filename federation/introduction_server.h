// Who asks us for an instance that we know gets its document: docs/protocol.md section
// "Introductions". The document proves itself; that it comes from us, and is signed by us, is our
// word that the name is this instance. Network thread only.
#pragma once

#include "federation/handshake_limit.h"
#include "federation/peer_directory.h"
#include "federation/wire_codes.h"

namespace cpc::federation {

class IntroductionServer {
 public:
  static constexpr std::string_view path = "/cpc/fed/v1/introduction/";
  /// For each peer that asks.
  static constexpr HandshakeRate requests_per_peer{30, std::chrono::milliseconds{2000}};

  /// Unless `is_allowed`, nobody is introduced to anybody.
  IntroductionServer(PeerDirectory& directory, routing::Timers& timers, bool is_allowed)
      : directory_(directory), timers_(timers), is_allowed_(is_allowed) {}

  [[nodiscard]] static bool serves(std::string_view request_path) {
    return request_path.starts_with(path);
  }
  /// The document of the instance that the path names. `unrecognized` for whom we do not know,
  /// do not vouch for, or do not tell of, without a difference; `busy` over the limit.
  [[nodiscard]] boost::asio::awaitable<WireResult<Bytes>> document_for(core::InstanceName asker,
                                                                       std::string request_path);

 private:
  PeerDirectory& directory_;
  routing::Timers& timers_;
  bool is_allowed_;
  HandshakeLimit limit_{requests_per_peer};
};

}  // namespace cpc::federation
