// What cpcctl and cpcd say to each other over the unix socket: typed requests and answers.
//
// HTTP/1.1, always POST, one JSON object each way, so that every command reads the same and
// `curl --unix-socket /var/lib/cpcd/admin.sock -d '{}' http://cpcd/v1/status` works. Each request
// names its path and the type of its answer; each answer names its schema, which is also what
// `cpcctl --json` prints. A schema's version rises when a field is removed or changes its meaning;
// new fields may appear at any time. codec.h turns these types into JSON and back.
//
// Times are milliseconds since the Unix epoch; an absent time means "never" or "not planned".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "daemon/admin_protocol/directory_messages.h"  // IWYU pragma: export
#include "daemon/admin_protocol/key_messages.h"        // IWYU pragma: export

namespace cpc::admin_protocol {

/// Every failure the daemon answers, and every failure cpcctl finds itself. The code is stable; its
/// part before the dot decides cpcctl's exit status: invalid, auth, not_found, precond, peer,
/// timeout, unavailable, daemon, usage, internal.
struct Problem {
  static constexpr std::string_view schema = "cpcctl.error.v1";
  std::string code;  ///< "not_found.peer"
  std::string what;  ///< What did not happen.
  std::string why;   ///< May be empty.
  std::string todo;  ///< "do" in JSON: what the operator can do now. May be empty.
  bool operator==(const Problem&) const = default;
};

// --- status -------------------------------------------------------------------------------------

enum class DaemonState { starting, running, degraded, stopping };

struct StoreStatus {
  std::string engine;       ///< "sqlite", "postgres"
  std::string place;        ///< The file, or the database and its server.
  std::int64_t schema = 0;  ///< Number of the last migration.
  std::string store_epoch;  ///< base64url
  std::int64_t boot_counter = 0;
  std::string durability;  ///< The settings read back, by which an acknowledged message is on disk.
  bool operator==(const StoreStatus&) const = default;
};

struct PeerCounts {
  std::int64_t total = 0;
  std::int64_t reachable = 0;
  std::int64_t conflicts = 0;  ///< Names that two instances claim.
  bool operator==(const PeerCounts&) const = default;
};

struct Listeners {
  std::string client;  ///< "127.0.0.1:8480": where we really listen.
  std::string federation;
  bool operator==(const Listeners&) const = default;
};

struct Status {
  static constexpr std::string_view schema = "cpcctl.status.v1";
  std::string instance;
  std::string iid;
  std::string version;
  DaemonState state = DaemonState::starting;
  std::vector<std::string> reasons;  ///< Why it is degraded, a sentence each.
  TimePoint started_at{};
  StoreStatus store;
  std::optional<std::int64_t> accounts;       ///< Absent while the store cannot be read.
  std::optional<std::int64_t> conversations;  ///< Absent where counting would take long.
  PeerCounts peers;
  /// Entries, submissions and frames that peers have not acknowledged. Absent likewise.
  std::optional<std::int64_t> owed;
  Listeners listeners;
  bool operator==(const Status&) const = default;
};

struct StatusRequest {
  using Answer = Status;
  static constexpr std::string_view path = "/v1/status";
  bool operator==(const StatusRequest&) const = default;
};

// --- user ---------------------------------------------------------------------------------------

struct UserCreated {
  static constexpr std::string_view schema = "cpcctl.user_create.v1";
  std::string address;  ///< anna@nord.cpc
  bool operator==(const UserCreated&) const = default;
};

/// Problems: precond.exists, invalid.username, invalid.password.
struct UserCreateRequest {
  using Answer = UserCreated;
  static constexpr std::string_view path = "/v1/user/create";
  std::string username;  ///< The part before @.
  std::string password;  ///< Never in a log, an answer or a problem.
  bool operator==(const UserCreateRequest&) const = default;
};

struct UserPasswordSet {
  static constexpr std::string_view schema = "cpcctl.user_passwd.v1";
  std::string address;
  bool operator==(const UserPasswordSet&) const = default;
};

/// Ends all sessions of the account. Problems: not_found.user, invalid.password.
struct UserPasswdRequest {
  using Answer = UserPasswordSet;
  static constexpr std::string_view path = "/v1/user/passwd";
  std::string username;
  std::string password;
  bool operator==(const UserPasswdRequest&) const = default;
};

struct UserDisabled {
  static constexpr std::string_view schema = "cpcctl.user_disable.v1";
  std::string address;
  bool operator==(const UserDisabled&) const = default;
};

/// Problems: not_found.user, precond.disabled.
struct UserDisableRequest {
  using Answer = UserDisabled;
  static constexpr std::string_view path = "/v1/user/disable";
  std::string username;
  bool operator==(const UserDisableRequest&) const = default;
};

// --- peer ---------------------------------------------------------------------------------------

/// blocked: by the operator, or a lane of it has stopped for good. conflict: two instances claim
/// the name.
enum class PeerState { reachable, unreachable, never, blocked, conflict };

struct PeerRow {
  std::string name;
  std::string iid;  ///< Empty while we have not accepted a document.
  PeerState state = PeerState::never;
  std::int64_t owed = 0;
  std::optional<TimePoint> last_success_at;  ///< Of a request of ours.
  std::string last_error;                    ///< Empty after a success.
  std::optional<TimePoint> next_try_at;
  std::vector<std::string> endpoints;
  std::string trust;   ///< pinned | directory | dnssec | introduced | tofu, or empty.
  std::string source;  ///< Who vouches: configuration | operator | dns ...
  std::optional<std::string> other_iid;  ///< Claims the same name: nothing is sent or taken.
  std::string other_source;              ///< Who says so.
  bool operator==(const PeerRow&) const = default;
};

struct PeerList {
  static constexpr std::string_view schema = "cpcctl.peer_list.v1";
  std::vector<PeerRow> peers;  ///< By name.
  bool operator==(const PeerList&) const = default;
};

struct PeerListRequest {
  using Answer = PeerList;
  static constexpr std::string_view path = "/v1/peer/list";
  bool unreachable = false;  ///< Only those that we cannot reach now.
  bool operator==(const PeerListRequest&) const = default;
};

struct PeerDocument {
  std::int64_t delegation_serial = 0;
  std::int64_t operational_serial = 0;
  std::optional<TimePoint> fetched_at;
  bool operator==(const PeerDocument&) const = default;
};

struct PeerKey {
  std::string id;   ///< RFC 7638 thumbprint, base64url.
  std::string use;  ///< root | signing | sealing | tls
  std::optional<TimePoint> valid_from;
  std::optional<TimePoint> valid_until;
  bool operator==(const PeerKey&) const = default;
};

struct LanePosition {
  std::int64_t hub_epoch = 0;
  std::int64_t seq = 0;
  bool operator==(const LanePosition&) const = default;
};

struct PeerLane {
  std::string kind;                         ///< log | submission | consent | receipts
  std::optional<std::string> conversation;  ///< Absent for the consent lane.
  LanePosition head;
  LanePosition acked;
  std::string blocked;  ///< Empty, or the code why nothing is sent.
  bool operator==(const PeerLane&) const = default;
};

struct PeerDetail {
  static constexpr std::string_view schema = "cpcctl.peer_show.v1";
  PeerRow peer;
  PeerDocument document;
  std::vector<PeerKey> keys;
  std::vector<PeerLane> lanes;  ///< Those that owe something or are blocked.
  bool operator==(const PeerDetail&) const = default;
};

/// With an iid, pins the name to it; without one, says who answers at the endpoints, and changes
/// nothing. Problems: precond.iid_unconfirmed, precond.configured, precond.other_iid, invalid.*,
/// peer.no_document.
struct PeerAddRequest {
  using Answer = PeerDetail;
  static constexpr std::string_view path = "/v1/peer/add";
  std::string name;
  std::optional<std::string> iid;
  std::vector<std::string> endpoints;
  bool operator==(const PeerAddRequest&) const = default;
};

/// Problems: not_found.peer, precond.other_iid, precond.configured, invalid.*
struct PeerPinRequest {
  using Answer = PeerDetail;
  static constexpr std::string_view path = "/v1/peer/pin";
  std::string name;
  std::string iid;
  bool operator==(const PeerPinRequest&) const = default;
};

/// Drops what is remembered of DNS and of the document, and asks anew. Problems: not_found.peer,
/// invalid.name, peer.no_document.
struct PeerRefreshRequest {
  using Answer = PeerDetail;
  static constexpr std::string_view path = "/v1/peer/refresh";
  std::string name;
  bool operator==(const PeerRefreshRequest&) const = default;
};

struct PeerRebound {
  static constexpr std::string_view schema = "cpcctl.peer_rebind.v1";
  std::string name;
  std::string iid;
  std::int64_t conversations = 0;  ///< Ended.
  std::int64_t frames = 0;         ///< Requests and answers that were waiting and are not sent.
  bool operator==(const PeerRebound&) const = default;
};

/// Problems: precond.configured, invalid.*
struct PeerRebindRequest {
  using Answer = PeerRebound;
  static constexpr std::string_view path = "/v1/peer/rebind";
  std::string name;
  std::string iid;
  bool operator==(const PeerRebindRequest&) const = default;
};

struct PeerForgotten {
  static constexpr std::string_view schema = "cpcctl.peer_forget.v1";
  std::string name;
  bool operator==(const PeerForgotten&) const = default;
};

/// Problems: not_found.peer, precond.conversations, precond.configured, invalid.name.
struct PeerForgetRequest {
  using Answer = PeerForgotten;
  static constexpr std::string_view path = "/v1/peer/forget";
  std::string name;
  bool even_so = false;  ///< Although there are conversations.
  bool operator==(const PeerForgetRequest&) const = default;
};

struct PeerBlocked {
  static constexpr std::string_view schema = "cpcctl.peer_block.v1";
  std::string name;
  bool blocked = false;
  bool operator==(const PeerBlocked&) const = default;
};

/// Nothing goes either way, or may go again. Problems: invalid.name.
struct PeerBlockRequest {
  using Answer = PeerBlocked;
  static constexpr std::string_view path = "/v1/peer/block";
  std::string name;
  bool blocked = false;
  bool operator==(const PeerBlockRequest&) const = default;
};

/// Problems: not_found.peer, invalid.name.
struct PeerShowRequest {
  using Answer = PeerDetail;
  static constexpr std::string_view path = "/v1/peer/show";
  std::string name;
  bool operator==(const PeerShowRequest&) const = default;
};

// --- peer evidence -------------------------------------------------------------------------------

/// A signed answer of the peer that we keep.
struct EvidenceRow {
  std::int64_t number = 0;         ///< 0 is its latest hello.
  TimePoint at{};                  ///< When we had it.
  std::string code;                ///< Empty, or why it is an exception: FORK, LOST and so on.
  std::vector<std::string> lanes;  ///< "log <conversation> ok 1/7", each as the peer answered.
  bool operator==(const EvidenceRow&) const = default;
};

struct PeerEvidence {
  static constexpr std::string_view schema = "cpcctl.peer_evidence.v1";
  std::string name;
  std::string iid;
  std::vector<EvidenceRow> rows;  ///< Latest first; one where a number was asked for.
  /// Where a number was asked for: the signed exchange and the peer's document with the keys to
  /// verify it by, the exact octets as docs/protocol.md section "Evidence" has them.
  std::optional<std::string> proof;
  std::optional<std::string> document;
  bool operator==(const PeerEvidence&) const = default;
};

/// Problems: not_found.peer, not_found.evidence, invalid.name.
struct PeerEvidenceRequest {
  using Answer = PeerEvidence;
  static constexpr std::string_view path = "/v1/peer/evidence";
  std::string name;
  std::optional<std::int64_t> number;  ///< Absent: all of them, without their octets.
  bool operator==(const PeerEvidenceRequest&) const = default;
};

// --- route --------------------------------------------------------------------------------------

/// A place to connect to, and whether we may.
struct RouteEndpoint {
  std::string endpoint;
  std::string source;  ///< configuration | operator | dns | document | directory
  bool allowed = false;
  std::string reason;  ///< Why not; for a name: that its addresses are checked when connecting.
  bool operator==(const RouteEndpoint&) const = default;
};

/// The signed document that we have of the peer.
struct RouteDocument {
  std::int64_t delegation_serial = 0;
  std::int64_t operational_serial = 0;
  TimePoint fetched_at{};
  TimePoint expires_at{};
  bool operator==(const RouteDocument&) const = default;
};

/// What DNS was asked for, and what it said.
struct RouteDns {
  std::string srv;  ///< The names in question.
  std::string txt;
  std::vector<std::string> resolvers;
  std::vector<std::string> endpoints;
  std::optional<std::string> iid;
  std::int64_t ttl_ms = 0;
  bool authenticated = false;
  bool stale = false;
  bool matches = true;  ///< False: it names another instance than the configured one.
  std::string error;    ///< Empty after an answer.
  bool operator==(const RouteDns&) const = default;
};

struct RouteProbe {
  bool ok = false;
  std::int64_t hello_ms = 0;  ///< Connecting, TLS and the signed hello and its signed reply.
  std::string error;
  bool operator==(const RouteProbe&) const = default;
};

/// Something that stands in the way of a message, or of some.
struct RouteFinding {
  std::string code;    ///< identity_conflict | document_expired | lane_blocked | no_endpoint |
                       ///< peer_blocked | not_met | directory_gone
  bool stops = false;  ///< Nothing is delivered as things stand.
  std::string what;
  std::string todo;
  bool operator==(const RouteFinding&) const = default;
};

struct Route {
  static constexpr std::string_view schema = "cpcctl.route.v1";
  std::string name;
  std::string iid;
  std::string trust;                      ///< self, or as in PeerRow; empty: nobody vouches.
  std::optional<RouteDocument> document;  ///< Absent unless it proves itself under this iid.
  std::optional<RouteDns> dns;            ///< Absent where DNS is off, or has nothing to say: self.
  std::vector<DirectoryName> directories;  ///< What signed directories say of the name.
  std::vector<RouteEndpoint> endpoints;
  std::optional<RouteProbe> probe;
  std::vector<RouteFinding> findings;
  bool deliverable = false;  ///< No finding stops it.
  bool operator==(const Route&) const = default;
};

/// Problems: invalid.name, not_found.peer.
struct RouteRequest {
  using Answer = Route;
  static constexpr std::string_view path = "/v1/route";
  std::string address;  ///< A person's, or an instance's name.
  bool probe = false;
  std::optional<std::int64_t> patience_ms;  ///< How long who asks will wait; 30 s unless told.
  bool operator==(const RouteRequest&) const = default;
};

}  // namespace cpc::admin_protocol
