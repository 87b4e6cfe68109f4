// Who a peer is: from its name to a verified PeerIdentity. Static peers come from the configuration
// (trust level pinned: name, iid and endpoints are the operator's word); their documents are
// fetched, proved, kept in the store and refreshed at half life. Serials only rise. A static peer
// without endpoints is found by DNS, each time that what DNS said has run out; what DNS says of its
// identity changes nothing but whether we follow it there.
//
// Fetching is bounded: one look-up at a time for each name, whose outcome all who ask share; a
// document that still serves is asked for once a minute; and a name that a stranger merely claims
// costs one fetch a minute, in few connections, so that he can neither make us knock at our peers'
// doors nor take delivery's connections.
// Network thread only.
#pragma once

#include <map>
#include <memory>

#include "core/base/log.h"
#include "federation/http_link.h"
#include "federation/instance_document.h"
#include "federation/transaction_codec.h"
#include "routing/resolver.h"
#include "routing/single_flight.h"

namespace cpc::federation {

/// What the operator vouches for.
struct StaticPeer {
  core::InstanceName name;
  core::Iid iid;
  std::vector<routing::Endpoint> endpoints;  ///< Empty: where DNS says.
};

/// On whose account a document is fetched.
enum class Asker {
  us,        ///< For what we send; the delivery schedule bounds it.
  stranger,  ///< For a request whose signature is not proved yet.
};

/// How long a document serves after its operational part expired, while the peer cannot be asked.
inline constexpr auto stale_document_max = std::chrono::hours{24};

/// Whether what is sent may rest on this document.
[[nodiscard]] bool is_usable(const PeerIdentity& identity, TimePoint now);

class PeerDirectory {
 public:
  /// Look-ups under way for strangers, over all names.
  static constexpr std::size_t stranger_lookups_max = 32;

  /// Without a `resolver` DNS is not asked.
  PeerDirectory(std::vector<StaticPeer> peers, HttpLink& link, routing::StoreGate& store,
                routing::Timers& timers, Log& log, routing::Resolver* resolver);

  using Identity = std::shared_ptr<const PeerIdentity>;

  /// From memory, the store, or the peer itself. A document whose operational part expired less
  /// than a day ago still serves while the peer cannot be asked. Fails with
  ///   not_found    no peer of this name is configured (NOT_PEERED);
  ///   conflict     the name is another instance than the one pinned; kept for a minute;
  ///   unavailable  there is no valid document and none could be fetched;
  ///   denied, invalid, too_large  nor does the one that was fetched prove itself.
  [[nodiscard]] Task<Identity> find(core::InstanceName name, Asker asker);

  /// Asks the peer for its document, for there may be news; at most once a minute for each peer,
  /// beside the looks of find(). In between it returns what is known, if that serves, and find() asks when the minute is over.
  /// Fails like find; a document with a lower serial than before is refused with denied and
  /// changes nothing.
  [[nodiscard]] Task<Identity> refresh(core::InstanceName name, Asker asker);

  /// As refresh(), without the minute: for what only a newer document can mend, and never on a
  /// stranger's account.
  [[nodiscard]] Task<Identity> refresh_now(core::InstanceName name);

  /// Notes what a proved hello of the peer says: which life of its store it is in, and that it has
  /// a newer document, which is fetched as by refresh(). Fails as the store does; a document that
  /// cannot be had now is no failure.
  [[nodiscard]] Task<> note_hello(Identity peer, Hello theirs);

  /// What is in memory, also if it expired; null if nothing is.
  [[nodiscard]] Identity known(const core::InstanceName& name) const;

  /// Where to connect: the configured endpoints, else what DNS says. Pins are empty only before the
  /// first document. Fails with not_found if no such peer is configured, with unavailable if there
  /// is no endpoint now, or DNS says that another instance is there.
  [[nodiscard]] Task<LinkTarget> target_of(core::InstanceName name);
  /// Nobody answered at target_of(): if DNS named it, DNS is asked again before long.
  void doubt_target(const core::InstanceName& name);

  [[nodiscard]] const std::map<core::InstanceName, StaticPeer>& static_peers() const {
    return static_;
  }

 private:
  struct Known {
    Identity identity;
    TimePoint fetched_at{};
    std::optional<routing::SteadyPoint> asked_at{};
    std::optional<routing::SteadyPoint> asked_for_stranger_at{};
    std::optional<routing::SteadyPoint> asked_for_news_at{};
    std::optional<routing::SteadyPoint> conflict_seen_at{};
    routing::SingleFlight<Identity> look_up{};
    std::optional<routing::SteadyPoint> wrong_hint_until{};  ///< Told in the log already.
    bool is_loaded = false;
    bool is_refresh_wanted = false;  ///< There may be news, and it was too soon to ask.
  };
  [[nodiscard]] Task<> prepare(core::InstanceName name);
  [[nodiscard]] Task<> load(core::InstanceName name);
  [[nodiscard]] Task<Identity> look_up(core::InstanceName name, Asker asker);
  [[nodiscard]] Task<std::vector<routing::Endpoint>> endpoints_of(core::InstanceName name);
  [[nodiscard]] Task<Identity> lead(core::InstanceName name, Asker asker);
  [[nodiscard]] Task<Identity> fetch(core::InstanceName name);
  [[nodiscard]] Task<Identity> accept(core::InstanceName name, Bytes document);
  [[nodiscard]] Result<Identity> serving(const Known& known) const;
  [[nodiscard]] bool is_recent(const std::optional<routing::SteadyPoint>& at) const;

  std::map<core::InstanceName, StaticPeer> static_;
  std::map<core::InstanceName, Known> known_;  // Only of configured names; none is ever erased.
  std::size_t stranger_lookups_ = 0;
  HttpLink& link_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Log& log_;
  routing::Resolver* resolver_;  // May be null.
};

}  // namespace cpc::federation
