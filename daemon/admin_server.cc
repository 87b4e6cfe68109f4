#include "daemon/admin_server.h"

#include <algorithm>
#include <map>
#include <variant>

#include "core/account.h"
#include "crypto/password.h"
#include "daemon/admin_protocol/codec.h"
#include "daemon/version.h"

namespace cpc::daemon {
namespace {

using boost::asio::awaitable;
using federation::HttpReply;
using federation::HttpRequest;
using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

constexpr std::size_t accounts_counted_max = 1000;
constexpr std::size_t lanes_shown_max = 200;

HttpReply reply_with(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.headers.list.push_back({"content-type", "application/json"});
  reply.body = std::move(body);
  return reply;
}

HttpReply reply_with(const Problem& problem) {
  return reply_with(static_cast<int>(http_status(problem)), encode(problem));
}

// Decodes, answers and encodes one kind of request.
template <class Request>
awaitable<HttpReply> handled(AdminServer& server, const HttpRequest& http) {
  auto request = decode<Request>(http.body);
  if (!request) co_return reply_with(problem_of(request.error(), "the request was not understood"));
  auto answer = co_await server.answer(std::move(request).value());
  if (const auto* problem = std::get_if<Problem>(&answer)) co_return reply_with(*problem);
  co_return reply_with(200, encode(std::get<typename Request::Answer>(answer)));
}

PeerState state_of(const routing::PeerStatus& status) {
  switch (status.state) {
    case routing::Reachability::never:
      return PeerState::never;
    case routing::Reachability::reachable:
      return PeerState::reachable;
    case routing::Reachability::unreachable:
      break;
  }
  return PeerState::unreachable;
}

PeerLane lane_view(const core::Lane& lane) {
  PeerLane view;
  view.kind = name_of(lane.kind);
  if (!lane.conversation.is_zero()) view.conversation = to_text(lane.conversation);
  view.head = {lane.head.hub_epoch, lane.head.seq};
  view.acked = {lane.acked.hub_epoch, lane.acked.seq};
  view.blocked = lane.blocked;
  return view;
}

}  // namespace

std::string_view name_of(core::LaneKind kind) {
  switch (kind) {
    case core::LaneKind::log:
      return "log";
    case core::LaneKind::submission:
      return "submission";
    case core::LaneKind::consent:
      return "consent";
    case core::LaneKind::receipts:
      break;
  }
  return "receipts";
}

awaitable<HttpReply> AdminServer::handle(HttpRequest request, federation::PeerInfo peer) {
  if (request.method != "POST") {
    co_return reply_with(Problem{"usage.method", "the request was not understood", "use POST", ""});
  }
  const bool is_look =
      request.path == StatusRequest::path || request.path == PeerListRequest::path ||
      request.path == PeerShowRequest::path || request.path == RouteRequest::path ||
      request.path == KeyListRequest::path || request.path == DirectoryListRequest::path ||
      request.path == DirectoryShowRequest::path || request.path == DirectoryExportRequest::path;
  const bool is_change = !is_look;
  if (is_change && peer.process) {
    self_.log.info("operator command",
                   {{"path", request.path}, {"uid", static_cast<std::int64_t>(peer.process->uid)}});
  }
  const std::string& path = request.path;
  if (path == StatusRequest::path) co_return co_await handled<StatusRequest>(*this, request);
  if (path == UserCreateRequest::path) {
    co_return co_await handled<UserCreateRequest>(*this, request);
  }
  if (path == UserPasswdRequest::path) {
    co_return co_await handled<UserPasswdRequest>(*this, request);
  }
  if (path == UserDisableRequest::path) {
    co_return co_await handled<UserDisableRequest>(*this, request);
  }
  if (path == PeerListRequest::path) co_return co_await handled<PeerListRequest>(*this, request);
  if (path == PeerShowRequest::path) co_return co_await handled<PeerShowRequest>(*this, request);
  if (path == PeerEvidenceRequest::path) {
    co_return co_await handled<PeerEvidenceRequest>(*this, request);
  }
  if (path == RouteRequest::path) co_return co_await handled<RouteRequest>(*this, request);
  if (path == KeyListRequest::path) co_return co_await handled<KeyListRequest>(*this, request);
  if (path == KeyRotateRequest::path) co_return co_await handled<KeyRotateRequest>(*this, request);
  if (path == KeyRevokeRequest::path) co_return co_await handled<KeyRevokeRequest>(*this, request);
  if (path == KeyExportRequest::path) co_return co_await handled<KeyExportRequest>(*this, request);
  if (path == KeyImportRequest::path) co_return co_await handled<KeyImportRequest>(*this, request);
  if (path == PeerAddRequest::path) co_return co_await handled<PeerAddRequest>(*this, request);
  if (path == PeerPinRequest::path) co_return co_await handled<PeerPinRequest>(*this, request);
  if (path == PeerRefreshRequest::path) {
    co_return co_await handled<PeerRefreshRequest>(*this, request);
  }
  if (path == PeerRebindRequest::path) {
    co_return co_await handled<PeerRebindRequest>(*this, request);
  }
  if (path == PeerForgetRequest::path) {
    co_return co_await handled<PeerForgetRequest>(*this, request);
  }
  if (path == PeerBlockRequest::path) co_return co_await handled<PeerBlockRequest>(*this, request);
  if (path == DirectoryListRequest::path) {
    co_return co_await handled<DirectoryListRequest>(*this, request);
  }
  if (path == DirectoryShowRequest::path) {
    co_return co_await handled<DirectoryShowRequest>(*this, request);
  }
  if (path == DirectoryFollowRequest::path) {
    co_return co_await handled<DirectoryFollowRequest>(*this, request);
  }
  if (path == DirectoryImportRequest::path) {
    co_return co_await handled<DirectoryImportRequest>(*this, request);
  }
  if (path == DirectoryExportRequest::path) {
    co_return co_await handled<DirectoryExportRequest>(*this, request);
  }
  if (path == DirectoryRefreshRequest::path) {
    co_return co_await handled<DirectoryRefreshRequest>(*this, request);
  }
  if (path == DirectoryDropRequest::path) {
    co_return co_await handled<DirectoryDropRequest>(*this, request);
  }
  co_return reply_with(Problem{"not_found.command", "the daemon does not know this command",
                               "it may be older than cpcctl",
                               "compare cpcctl --version and cpcctl status"});
}

AdminServer::Answer<Status> AdminServer::answer(StatusRequest) {
  Status status;
  status.instance = self_.home.name.text();
  status.iid = to_text(self_.home.iid);
  status.version = version;
  status.state = DaemonState::running;
  if (const auto failure = self_.store_failure()) {
    status.state = DaemonState::degraded;
    status.reasons.push_back("the store takes nothing: " + *failure);
  }
  for (std::string& worry : self_.keys.worries()) status.reasons.push_back(std::move(worry));
  status.started_at = self_.started_at;
  status.store = self_.store_status;
  status.listeners = self_.listeners();
  std::vector<std::pair<core::InstanceName, federation::Standing>> peers;
  std::int64_t people = 0, items = 0;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(peers, peers_in(store));
    std::string after;
    for (;;) {
      CPC_TRY(const auto accounts, store.accounts(after, accounts_counted_max));
      people += static_cast<std::int64_t>(accounts.size());
      if (accounts.size() < accounts_counted_max) break;
      after = accounts.back().local;
    }
    CPC_TRY(const auto owing, store.owing_peers());
    for (const auto& name : owing) {
      CPC_TRY(const std::int64_t owed, store.owed_count(name));
      items += owed;
    }
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (read) {
    status.accounts = people;
    status.owed = items;
  } else {
    status.state = DaemonState::degraded;
    status.reasons.push_back("the store cannot be read: " + read.error().detail);
  }
  status.peers.total = static_cast<std::int64_t>(peers.size());
  for (const auto& [name, peer] : peers) {
    const bool is_reachable = self_.health.of(name).state == routing::Reachability::reachable;
    status.peers.reachable += is_reachable ? 1 : 0;
    status.peers.conflicts += peer.rival ? 1 : 0;
  }
  co_return status;
}

AdminServer::Answer<UserCreated> AdminServer::answer(UserCreateRequest request) {
  const std::string what = "the account was not created";
  const auto hash = co_await hashed(std::move(request.password));
  if (!hash) co_return problem_of(hash.error(), what);
  const core::Moment moment{self_.timers.now(), core::Chance{self_.random.seed()}};
  const auto create = [&](core::Transaction& tx) {
    return core::create_account(tx, moment, request.username, hash.value());
  };
  const Result<> created = co_await change(create);
  if (!created && created.error().code == ErrorCode::conflict) {
    co_return Problem{"precond.exists", what, "this account exists already",
                      "set another password with: cpcctl user passwd " + request.username};
  }
  if (!created) co_return problem_of(created.error(), what);
  co_return UserCreated{self_.home.address_of(request.username).text()};
}

AdminServer::Answer<UserPasswordSet> AdminServer::answer(UserPasswdRequest request) {
  const std::string what = "the password was not changed";
  const auto hash = co_await hashed(std::move(request.password));
  if (!hash) co_return problem_of(hash.error(), what);
  const auto set = [&](core::Transaction& tx) {
    return core::change_password(tx, request.username, hash.value());
  };
  const Result<> done = co_await change(set);
  if (!done && done.error().code == ErrorCode::not_found) {
    co_return Problem{"not_found.user", what, "there is no account " + request.username, ""};
  }
  if (!done && done.error().code == ErrorCode::denied) {
    co_return Problem{"precond.disabled", what, "the account is disabled, and stays so", ""};
  }
  if (!done) co_return problem_of(done.error(), what);
  co_return UserPasswordSet{self_.home.address_of(request.username).text()};
}

AdminServer::Answer<UserDisabled> AdminServer::answer(UserDisableRequest request) {
  const std::string what = "the account was not disabled";
  const auto disable = [&](core::Transaction& tx) {
    return core::disable_account(tx, request.username);
  };
  const Result<> done = co_await change(disable);
  if (!done && done.error().code == ErrorCode::not_found) {
    co_return Problem{"not_found.user", what, "there is no account " + request.username, ""};
  }
  if (!done) co_return problem_of(done.error(), what);
  co_return UserDisabled{self_.home.address_of(request.username).text()};
}

AdminServer::Answer<PeerList> AdminServer::answer(PeerListRequest request) {
  PeerList list;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto peers, peers_in(store));
    for (const auto& [name, peer] : peers) {
      CPC_TRY(PeerRow row, row_of(store, name, peer));
      list.peers.push_back(std::move(row));
    }
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return problem_of(read.error(), "the peers could not be read");
  for (PeerRow& row : list.peers) {
    const auto status = self_.health.of(core::InstanceName::parse(row.name).value());
    const bool is_stopped = row.state == PeerState::blocked || row.state == PeerState::conflict;
    if (!is_stopped) row.state = state_of(status);
    row.last_success_at = status.last_success_at;
    row.last_error = status.last_error;
    if (status.state == routing::Reachability::unreachable) row.next_try_at = status.next_try_at;
  }
  if (request.unreachable) {
    std::erase_if(list.peers, [](const PeerRow& row) {
      return row.state != PeerState::unreachable && row.state != PeerState::blocked &&
             row.state != PeerState::conflict;
    });
  }
  co_return list;
}

AdminServer::Answer<PeerDetail> AdminServer::answer(PeerShowRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) {
    co_return Problem{"invalid.name", "the peer was not shown", name.error().detail, ""};
  }
  auto list = co_await answer(PeerListRequest{});
  if (const auto* problem = std::get_if<Problem>(&list)) co_return *problem;
  PeerDetail detail;
  for (PeerRow& row : std::get<PeerList>(list).peers) {
    if (row.name == request.name) detail.peer = std::move(row);
  }
  if (detail.peer.name.empty()) {
    co_return Problem{"not_found.peer", "the peer was not shown",
                      request.name + " is not in the configuration, and was not met",
                      "see: cpcctl peer list"};
  }
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto lanes, store.lanes_of(name.value(), lanes_shown_max));
    for (const core::Lane& lane : lanes) {
      if (lane.head > lane.acked || !lane.blocked.empty()) detail.lanes.push_back(lane_view(lane));
    }
    CPC_TRY(const auto row, store.find(core::PeerKey{name.value()}));
    if (!row) return success();
    detail.document = {row->delegation_serial, row->operational_serial, row->fetched_at};
    const auto identity =
        federation::verify_document(row->document, name.value(), row->iid, row->fetched_at);
    if (!identity) return success();
    for (const auto& key : identity.value().keys) {
      detail.keys.push_back(
          PeerKey{to_text(key.key.id()), "signing", key.not_before, key.not_after});
    }
    for (const Digest& pin : identity.value().tls_pins) {
      detail.keys.push_back(PeerKey{to_text(pin), "tls", {}, {}});
    }
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return problem_of(read.error(), "the peer could not be read");
  co_return detail;
}

Task<std::string> AdminServer::hashed(std::string password) {
  std::optional<Result<std::string>> hash;
  const auto work = [&] { hash = crypto::hash_password(password); };
  CPC_CO_TRY(co_await self_.hash_passwords(work));
  co_return *std::move(hash);
}

Task<> AdminServer::change(core::Closure closure) {
  const core::Keys no_keys;
  co_return co_await self_.store.transact(no_keys, std::move(closure));
}

// What the store and the configuration know; the network thread adds what the loops know.
Result<std::vector<std::pair<core::InstanceName, federation::Standing>>> AdminServer::peers_in(
    core::Snapshot& store) const {
  std::map<core::InstanceName, std::optional<core::Peer>> rows;
  for (const auto& [name, peer] : self_.directory.static_peers()) rows[name];
  CPC_TRY(auto stored, store.peers(federation::PeerDirectory::met_max * 2));
  for (core::Peer& row : stored) {
    const core::InstanceName name = row.name;
    // Of what the configuration named once nothing is left but whom the name belongs to.
    const bool is_past = row.source == "configuration" && !row.is_blocked && !row.rival;
    if (name == self_.home.name || (is_past && !rows.contains(name))) continue;
    rows[name] = std::move(row);
  }
  std::vector<std::pair<core::InstanceName, federation::Standing>> peers;
  for (const auto& [name, row] : rows) {
    peers.emplace_back(name, federation::standing_of(self_.directory.configured(name), row));
  }
  return peers;
}

Result<PeerRow> AdminServer::row_of(core::Snapshot& store, const core::InstanceName& name,
                                    const federation::Standing& peer) const {
  PeerRow row;
  row.name = name.text();
  row.trust = federation::to_text(peer.trust);
  row.source = peer.source;
  for (const auto& endpoint : peer.endpoints) row.endpoints.push_back(endpoint.text());
  CPC_TRY(row.owed, store.owed_count(name));
  if (peer.iid) row.iid = to_text(*peer.iid);
  if (peer.rival) {
    row.other_iid = to_text(*peer.rival);
    row.other_source = peer.rival_source;
    row.state = PeerState::conflict;
    return row;
  }
  CPC_TRY(const auto lanes, store.lanes_of(name, lanes_shown_max));
  // What ended with an instance that had this name before stops nothing.
  const bool is_stopped = std::ranges::any_of(lanes, [](const core::Lane& lane) {
    return !lane.blocked.empty() && lane.blocked != core::rebound_code;
  });
  if (peer.is_blocked || is_stopped) row.state = PeerState::blocked;
  return row;
}

}  // namespace cpc::daemon
