// The asking side of sync/heads and of log pulls: what routing/head_loop.h wants of a hub, as
// signed requests. The answering side is log_server.h. Network thread only.
#pragma once

#include "federation/peer_exchange.h"
#include "routing/head_loop.h"

namespace cpc::federation {

inline constexpr std::string_view heads_path = "/cpc/fed/v1/sync/heads";
inline constexpr std::string_view log_path = "/cpc/fed/v1/log/";

class HttpHeadExchange final : public routing::HeadExchange {
 public:
  struct Parts {
    const core::Home& home;
    const Keyring& keys;
    PeerDirectory& directory;
    HttpPeerExchange& exchange;
    routing::Timers& timers;
    routing::CryptoPool& pool;
    std::size_t entries_max;  ///< Of one pull.
  };
  explicit HttpHeadExchange(const Parts& parts) : self_(parts) {}

  [[nodiscard]] Task<Compared> compare(core::InstanceName hub,
                                       std::vector<core::LogHead> heads) override;
  [[nodiscard]] Task<Pulled> pull(core::InstanceName hub, core::WireId wire_id,
                                  core::Position after) override;

 private:
  /// Who the hub is, if it can do this.
  [[nodiscard]] Task<PeerDirectory::Identity> able(core::InstanceName hub);

  Parts self_;
};

}  // namespace cpc::federation
