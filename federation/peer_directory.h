// Who a peer is: from its name to a verified PeerIdentity. Static peers come from the configuration
// (trust level pinned: name, iid and endpoints are the operator's word); their documents are
// fetched, proved, kept in the store and refreshed at half life. Serials only rise.
// Network thread only.
#pragma once

#include <map>
#include <memory>

#include "core/base/log.h"
#include "federation/http_link.h"
#include "federation/instance_document.h"
#include "routing/ports.h"

namespace cpc::federation {

/// What the operator vouches for.
struct StaticPeer {
  core::InstanceName name;
  core::Iid iid;
  std::vector<routing::Endpoint> endpoints;
};

class PeerDirectory {
 public:
  PeerDirectory(std::vector<StaticPeer> peers, HttpLink& link, routing::StoreGate& store,
                routing::Timers& timers, Log& log);

  using Identity = std::shared_ptr<const PeerIdentity>;

  /// From memory, the store, or the peer itself. A document whose operational part expired less
  /// than a day ago still serves while the peer cannot be asked. Fails with
  ///   not_found    no peer of this name is configured (NOT_PEERED);
  ///   conflict     the name is another instance than the one pinned;
  ///   unavailable  there is no valid document and none could be fetched.
  [[nodiscard]] Task<Identity> find(core::InstanceName name);

  /// Asks the peer for its document now; at most once a minute for each peer, in between it returns
  /// what is known. Fails like find; a document with a lower serial than before is refused with
  /// denied and changes nothing.
  [[nodiscard]] Task<Identity> refresh(core::InstanceName name);

  /// Where to connect. Pins are empty only before the first document.
  [[nodiscard]] Result<LinkTarget> target_of(const core::InstanceName& name) const;

  [[nodiscard]] const std::map<core::InstanceName, StaticPeer>& static_peers() const {
    return static_;
  }

 private:
  [[nodiscard]] Task<Identity> fetch(core::InstanceName name);
  [[nodiscard]] Task<> load(core::InstanceName name);
  [[nodiscard]] Task<Identity> accept(core::InstanceName name, Bytes document);

  struct Known {
    Identity identity;
    Bytes document;
    TimePoint fetched_at{};
    TimePoint tried_at{};
    bool is_loaded = false;
  };
  std::map<core::InstanceName, StaticPeer> static_;
  std::map<core::InstanceName, Known> known_;
  HttpLink& link_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Log& log_;
};

}  // namespace cpc::federation
