// The asking side of sync/heads, of log pulls and of authors' documents: what routing/head_loop.h
// wants of a hub, as signed requests. The answering side is log_server.h. Network thread only.
#pragma once

#include "federation/heads_codec.h"
#include "federation/peer_exchange.h"
#include "routing/head_loop.h"

namespace cpc::federation {

inline constexpr std::string_view heads_path = "/cpc/fed/v1/sync/heads";
inline constexpr std::string_view log_path = "/cpc/fed/v1/log/";
inline constexpr std::string_view author_path = "/cpc/fed/v1/instances/";

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
  /// A stretch as the hub sent it, read with `ours` as what our own entries are verified by.
  struct Sent {
    PeerDirectory::Identity hub;
    std::string asked_for;
    HttpReply reply;
  };
  [[nodiscard]] Task<PulledStretch> decode(const Sent& sent, PeerIdentity ours);
  /// What the hub last saw us publish, if that is newer than what we know ourselves: we are an
  /// older copy, keys and all. Fails like HttpPeerExchange::greet, and with not_found.
  [[nodiscard]] Task<PeerIdentity> newer_ourselves(core::InstanceName hub);

  Parts self_;
};

}  // namespace cpc::federation
