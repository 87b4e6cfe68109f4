// Whom we believe when a name is said to be an instance. Pure decisions;
// federation/peer_directory.h asks the sources and acts on them. docs/protocol.md section "Finding
// an instance".
//
// Every source only says "this name is this iid, there": the document that is fetched there proves
// itself under that iid, or is nobody's. How much the saying is worth is core::Trust. A name is
// pinned to the iid that was accepted first; who says otherwise and is weaker is passed over, and
// who says otherwise and is as strong makes a conflict, which only the operator resolves.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/records.h"
#include "federation/peer_identity.h"

namespace cpc::federation {

/// What the operator vouches for in the configuration.
struct StaticPeer {
  core::InstanceName name;
  core::Iid iid;
  std::vector<routing::Endpoint> endpoints;  ///< Empty: where DNS says.
};

/// What the operator lets in. Peers of the configuration are let in whatever it says.
struct TrustPolicy {
  core::Trust min = core::Trust::directory;  ///< The weakest that suffices.
  bool tofu = false;                         ///< Nobody need vouch for a name.
  bool is_dns_trusted = false;  ///< What the resolver says it validated counts as dnssec.
  std::vector<core::InstanceName> introducers{};  ///< Whose introductions count, in this order.
  std::set<core::InstanceName> allow{};           ///< Nobody else, unless it is empty.
  std::set<core::InstanceName> block{};

  [[nodiscard]] bool suffices(core::Trust trust) const;
  [[nodiscard]] bool admits(const core::InstanceName& name) const;
};

/// `pinned`, `directory`, `dnssec`, `introduced`, `tofu`, and empty for none.
[[nodiscard]] std::string_view to_text(core::Trust trust);

/// What somebody says of a name.
struct Claim {
  std::optional<core::Iid> iid;  ///< None: whoever is there.
  std::vector<routing::Endpoint> endpoints;
  core::Trust trust = core::Trust::none;
  std::string source;
  bool is_of_known = false;  ///< Of somebody who was met before, by his document.
};

/// What the signed directories that we follow say of a name, all of them together.
struct DirectoryWord {
  enum class State {
    silent,     ///< None knows it.
    active,     ///< `claim` says who it is.
    gone,       ///< It was closed, or none vouches for it any more.
    contested,  ///< They name two instances.
  };
  State state = State::silent;
  Claim claim{};
  bool is_closed = false;  ///< Of those that are gone: its instance was closed.
  std::string why{};       ///< Of those that are gone or contested.
};

/// Who a name is to us now.
struct Standing {
  std::optional<core::Iid> iid;  ///< None: we never met.
  core::Trust trust = core::Trust::none;
  std::string source;
  std::vector<routing::Endpoint> endpoints;  ///< The operator's.
  bool is_static = false;
  bool is_blocked = false;
  std::optional<core::Iid> rival;  ///< Another iid under the name, that counts.
  std::string rival_source;
};

/// From the configuration (null: the name is not there) and the store's row. What a configuration
/// of before vouched for stays pinned to its iid, and has nobody who vouches for it any more.
[[nodiscard]] Standing standing_of(const StaticPeer* configured,
                                   const std::optional<core::Peer>& row);

/// `claim` speaks of another instance, and is no weaker than what we know.
[[nodiscard]] bool is_conflict(const Standing& known, const Claim& claim);

/// Whether `next` may follow what `row` holds, which was accepted before and holds whether it has
/// expired or not, and whether its document still verifies or not. Fails as check_succession.
[[nodiscard]] Result<> check_against(const core::Peer& row, const PeerIdentity& next,
                                     TimePoint now);

/// Writes `identity`, which was proved by `document`, into the peer's row.
void keep_document(core::Peer& row, const PeerIdentity& identity, const Bytes& document,
                   TimePoint now);

/// `host:port`, a blank between two, and back. What does not parse is passed over.
[[nodiscard]] std::string joined(const std::vector<routing::Endpoint>& endpoints);
[[nodiscard]] std::vector<routing::Endpoint> endpoints_in(std::string_view text);

}  // namespace cpc::federation
