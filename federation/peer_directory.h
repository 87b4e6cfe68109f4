// Who a peer is: from its name to a verified PeerIdentity. Static peers come from the configuration
// (trust level pinned: name, iid and endpoints are the operator's word); their documents are
// fetched, proved, kept in the store and refreshed at half life. Serials only rise. A static peer
// without endpoints is found by DNS, each time that what DNS said has run out; what DNS says of its
// identity changes nothing but whether we follow it there.
//
// Others are met when somebody writes to them or they write to us, as far as TrustPolicy lets them
// in (peer_trust.h): what the store knows, else signed directories, else DNS, else whom our peers
// introduce. The name is pinned to the iid whose document was accepted first. peer_meeting.cc and
// peer_introduction.cc ask the sources, peer_orders.cc does what the operator says.
//
// Fetching is bounded: one look-up at a time for each name, whose outcome all who ask share; a
// document that still serves is asked for once a minute; and a name that a stranger merely claims
// costs one fetch a minute, in few connections, so that he can neither make us knock at our peers'
// doors nor take delivery's connections.
// Network thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/base/log.h"
#include "core/rebind.h"
#include "federation/http_link.h"
#include "federation/instance_document.h"
#include "federation/peer_trust.h"
#include "federation/transaction_codec.h"
#include "routing/resolver.h"
#include "routing/single_flight.h"

namespace cpc::federation {

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
  /// Names that strangers claim and that we never met, in a minute.
  static constexpr std::size_t stranger_meetings_max = 60;
  /// Instances that were met and are not in the configuration.
  static constexpr std::size_t met_max = 10'000;

  struct Settings {
    const core::Home& home;  ///< Whose name is never a peer.
    std::vector<StaticPeer> peers;
    TrustPolicy trust{};
    /// What the signed directories say, as DirectoryBook::word_on. Without it there are none.
    std::function<DirectoryWord(const core::InstanceName&)> directories{};
    /// Asks a peer for the document of a name, as HttpPeerExchange::introduction. Without it nobody
    /// introduces anybody.
    std::function<Task<Bytes>(core::InstanceName peer, core::InstanceName name)> introduce{};
  };
  /// Without a `resolver` DNS is not asked.
  PeerDirectory(Settings settings, HttpLink& link, routing::StoreGate& store,
                routing::Timers& timers, Log& log, routing::Resolver* resolver);

  using Identity = std::shared_ptr<const PeerIdentity>;

  /// From memory, the store, or the peer itself. A document whose operational part expired less
  /// than a day ago still serves while the peer cannot be asked. Fails with
  ///   not_found    nobody of this name is let in: blocked, not known to who is trusted enough, or
  ///                not there at all (NOT_PEERED);
  ///   conflict     the name is another instance than the one pinned: kept for a minute, or until
  ///                the operator resolved it if he did not pin it himself;
  ///   unavailable  there is no valid document and none could be fetched;
  ///   denied, invalid, too_large  nor does the one that was fetched prove itself.
  [[nodiscard]] Task<Identity> find(core::InstanceName name, Asker asker);

  /// Asks the peer for its document, for there may be news; at most once a minute for each peer,
  /// beside the looks of find(). In between it returns what is known, if that serves, and find()
  /// asks when the minute is over. Fails like find; a document with a lower serial than before is
  /// refused with denied and changes nothing.
  [[nodiscard]] Task<Identity> refresh(core::InstanceName name, Asker asker);

  /// As refresh(), without the minute: for what only a newer document can mend, and never on a
  /// stranger's account.
  [[nodiscard]] Task<Identity> refresh_now(core::InstanceName name);

  /// Notes what a proved hello of the peer says: which life of its store it is in, and that it has
  /// a newer document, which is fetched as by refresh(). Fails as the store does; a document that
  /// cannot be had now is no failure.
  [[nodiscard]] Task<> note_hello(Identity peer, Hello theirs);
  /// Told when a hello says that the peer is another store than before, or was started again.
  void on_new_life(std::function<void(const core::InstanceName&)> told) {
    new_life_ = std::move(told);
  }

  /// The document by which we introduce an instance to others: one that was met by more than an
  /// introduction, with which nothing is the matter, and whose document is in force. Nobody is
  /// asked for it. Fails with not_found otherwise, with unavailable as the store does.
  [[nodiscard]] Task<Bytes> introducible(core::InstanceName name);

  /// Whether anybody could vouch for a name that we do not know, and would suffice.
  [[nodiscard]] bool may_be_looked_for(const core::InstanceName& name) const;

  /// What is in memory, also if it expired; null if nothing is.
  [[nodiscard]] Identity known(const core::InstanceName& name) const;

  /// Where to connect: the operator's endpoints, else what DNS says, then what the document says of
  /// a peer that is not configured, then what a signed directory says. Pins are empty only before
  /// the first document. Fails with not_found if no such peer was met, with unavailable if there is
  /// no endpoint now, or DNS says that another instance is there.
  [[nodiscard]] Task<LinkTarget> target_of(core::InstanceName name);
  /// Nobody answered at target_of(): if DNS named it, DNS is asked again before long.
  void doubt_target(const core::InstanceName& name);

  [[nodiscard]] const std::map<core::InstanceName, StaticPeer>& static_peers() const {
    return static_;
  }
  /// Null if the name is not in the configuration.
  [[nodiscard]] const StaticPeer* configured(const core::InstanceName& name) const;
  [[nodiscard]] const TrustPolicy& policy() const { return settings_.trust; }

  // What the operator says. Each changes the store's row, forgets what is in memory, and fails as
  // the store does.

  /// Pins `name` to `iid` if that is given, and says where it is if `endpoints` are. Fails with
  /// conflict if it is pinned to another iid.
  [[nodiscard]] Task<> add(core::InstanceName name, std::optional<core::Iid> iid,
                           std::vector<routing::Endpoint> endpoints);
  /// Who answers there under this name, by a document that proves itself. Changes nothing.
  [[nodiscard]] Task<core::Iid> who_is_at(core::InstanceName name,
                                          std::vector<routing::Endpoint> endpoints);
  /// Traffic stops both ways, or may go again.
  [[nodiscard]] Task<> block(core::InstanceName name, bool is_blocked);
  /// The name is `iid` from now on, as the operator's word: nothing of its documents, keys and
  /// conflicts before remains. The conversations with people of another iid end here.
  [[nodiscard]] Task<core::Rebound> rebind(core::InstanceName name, core::Iid iid);
  /// All but the conversations. Fails with conflict where there are any, unless `even_so`.
  [[nodiscard]] Task<> forget(core::InstanceName name, bool even_so);
  /// Drops what is remembered of where it is and of its document, and asks anew.
  [[nodiscard]] Task<Identity> forget_caches(core::InstanceName name);

 private:
  struct Known {
    Standing standing;
    Identity identity;
    TimePoint fetched_at{};
    std::optional<routing::SteadyPoint> asked_at{};
    std::optional<routing::SteadyPoint> asked_for_stranger_at{};
    std::optional<routing::SteadyPoint> asked_for_news_at{};
    std::optional<routing::SteadyPoint> conflict_seen_at{};
    routing::SingleFlight<Identity> look_up{};
    std::optional<routing::SteadyPoint> wrong_hint_until{};  ///< Told in the log already.
    std::optional<Error> not_met{};  ///< Why the last look for somebody new failed.
    std::uint64_t orders_at_look_up = 0;     ///< As orders_ had it when look_up began.
    bool is_loaded = false;
    bool is_refresh_wanted = false;  ///< There may be news, and it was too soon to ask.
  };
  [[nodiscard]] Task<> prepare(core::InstanceName name);
  [[nodiscard]] Task<> load(core::InstanceName name);
  [[nodiscard]] Task<Identity> look_up(core::InstanceName name, Asker asker);
  // peer_endpoints.cc
  [[nodiscard]] Task<std::vector<routing::Endpoint>> endpoints_of(core::InstanceName name);
  [[nodiscard]] Task<Identity> lead(core::InstanceName name, Asker asker);
  [[nodiscard]] Task<Identity> fetch(core::InstanceName name);
  [[nodiscard]] Task<Bytes> document_at(LinkTarget target);
  [[nodiscard]] Task<Identity> accept(core::InstanceName name, Bytes document, Claim claim);
  [[nodiscard]] Task<> pin(core::InstanceName name, Identity identity, Bytes document, Claim claim);
  [[nodiscard]] Task<> note_rival(core::InstanceName name, core::Iid iid, std::string source);
  /// `document` proves itself, and contradicts the one that was accepted.
  [[nodiscard]] Task<> keep_contradiction(core::InstanceName name, Bytes document);
  [[nodiscard]] Result<> check_standing(const core::InstanceName& name, const Known& known) const;
  [[nodiscard]] bool is_met(const Known& known) const;

  // peer_meeting.cc: names that we do not know, or nobody vouches for who suffices.
  [[nodiscard]] Result<> may_meet(const core::InstanceName& name, Asker asker);
  [[nodiscard]] bool asks_dns() const;
  [[nodiscard]] DirectoryWord word_on(const core::InstanceName& name) const;
  [[nodiscard]] bool is_listed(const core::InstanceName& name) const;
  [[nodiscard]] Task<Identity> meet(core::InstanceName name);
  [[nodiscard]] Task<Claim> claim_of_directory(core::InstanceName name);
  [[nodiscard]] Task<Claim> claim_of_dns(core::InstanceName name);
  [[nodiscard]] Task<Identity> take_claim(core::InstanceName name, Claim claim);
  [[nodiscard]] Task<> raise(core::InstanceName name, Claim claim);
  [[nodiscard]] Task<> listen_to_directories(core::InstanceName name);
  [[nodiscard]] Task<> listen_to_dns(core::InstanceName name, routing::Hints hints);
  void drop_unmet();

  // peer_introduction.cc
  [[nodiscard]] bool may_be_introduced() const;
  [[nodiscard]] Task<Identity> meet_by_introduction(core::InstanceName name);

  // peer_orders.cc
  [[nodiscard]] Task<> change_row(core::InstanceName name,
                                  std::function<Result<>(core::Peer& row)> change);
  void reload(const core::InstanceName& name);
  [[nodiscard]] std::uint64_t orders_of(const core::InstanceName& name) const;
  /// The operator gave an order after the look-up under way began: what it brings counts for
  /// nothing.
  [[nodiscard]] bool is_overruled(const core::InstanceName& name) const;
  [[nodiscard]] Result<Identity> serving(const Known& known) const;
  [[nodiscard]] bool is_recent(const std::optional<routing::SteadyPoint>& at) const;

  Settings settings_;
  std::map<core::InstanceName, StaticPeer> static_;
  std::map<core::InstanceName, Known> known_;  // drop_unmet() erases those that we did not meet.
  std::map<core::InstanceName, std::uint64_t> orders_{};  // That the operator gave since the start.
  std::size_t stranger_lookups_ = 0;
  std::size_t stranger_meetings_ = 0;  // In the minute from here on:
  routing::SteadyPoint meetings_since_{};
  std::size_t met_ = 0;  // Since we started.
  HttpLink& link_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Log& log_;
  std::function<void(const core::InstanceName&)> new_life_;
  routing::Resolver* resolver_;  // May be null.
};

}  // namespace cpc::federation
