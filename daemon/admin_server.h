// The operator's face: cpcctl's requests over the unix socket, answered from the same parts that
// everything else works with. Who may connect is the socket file's mode; who did is logged.
// Network thread only.
#pragma once

#include <variant>

#include "core/home.h"
#include "daemon/admin_protocol/messages.h"
#include "daemon/config.h"
#include "daemon/key_keeper.h"
#include "federation/directory_book.h"
#include "federation/http_server.h"
#include "federation/peer_directory.h"
#include "routing/peer_health.h"

namespace cpc::daemon {

/// `log`, `submission`, `consent`, `receipts`.
[[nodiscard]] std::string_view name_of(core::LaneKind kind);

class AdminServer {
 public:
  struct Parts {
    const Config& config;
    const core::Home& home;
    admin_protocol::StoreStatus store_status;
    routing::StoreGate& store;
    routing::Timers& timers;
    routing::Random& random;
    const routing::PeerHealth& health;
    federation::PeerDirectory& directory;
    std::function<Task<>(std::function<void()>)> hash_passwords;
    std::function<admin_protocol::Listeners()> listeners;
    TimePoint started_at;
    Log& log;
    std::function<std::optional<std::string>()> store_failure;  ///< As ThreadedStoreGate::failure.
    routing::Resolver* resolver;                                ///< Null if DNS is not asked.
    KeyKeeper& keys;
    std::function<Task<>(core::InstanceName)> greet;  ///< As routing::PeerExchange::greet.
    routing::CryptoPool& pool;
    federation::DirectoryBook& directories;
  };
  explicit AdminServer(Parts parts) : self_(std::move(parts)) {}

  [[nodiscard]] boost::asio::awaitable<federation::HttpReply> handle(
      federation::HttpRequest request, federation::PeerInfo peer);

  // Each fails with a Problem for the operator.
  template <class T>
  using Answer = boost::asio::awaitable<std::variant<T, admin_protocol::Problem>>;
  [[nodiscard]] Answer<admin_protocol::Status> answer(admin_protocol::StatusRequest request);
  [[nodiscard]] Answer<admin_protocol::UserCreated> answer(
      admin_protocol::UserCreateRequest request);
  [[nodiscard]] Answer<admin_protocol::UserPasswordSet> answer(
      admin_protocol::UserPasswdRequest request);
  [[nodiscard]] Answer<admin_protocol::UserDisabled> answer(
      admin_protocol::UserDisableRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerList> answer(admin_protocol::PeerListRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerDetail> answer(admin_protocol::PeerShowRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerEvidence> answer(
      admin_protocol::PeerEvidenceRequest request);
  [[nodiscard]] Answer<admin_protocol::Route> answer(admin_protocol::RouteRequest request);
  [[nodiscard]] Answer<admin_protocol::KeyList> answer(admin_protocol::KeyListRequest request);
  [[nodiscard]] Answer<admin_protocol::KeyChanged> answer(admin_protocol::KeyRotateRequest request);
  [[nodiscard]] Answer<admin_protocol::KeyChanged> answer(admin_protocol::KeyRevokeRequest request);
  [[nodiscard]] Answer<admin_protocol::KeyExport> answer(admin_protocol::KeyExportRequest request);
  [[nodiscard]] Answer<admin_protocol::KeyChanged> answer(admin_protocol::KeyImportRequest request);
  // admin_directories.cc
  [[nodiscard]] Answer<admin_protocol::DirectoryList> answer(
      admin_protocol::DirectoryListRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryDetail> answer(
      admin_protocol::DirectoryShowRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryChanged> answer(
      admin_protocol::DirectoryFollowRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryChanged> answer(
      admin_protocol::DirectoryImportRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryExport> answer(
      admin_protocol::DirectoryExportRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryChanged> answer(
      admin_protocol::DirectoryRefreshRequest request);
  [[nodiscard]] Answer<admin_protocol::DirectoryDropped> answer(
      admin_protocol::DirectoryDropRequest request);
  // admin_peers.cc
  [[nodiscard]] Answer<admin_protocol::PeerDetail> answer(admin_protocol::PeerAddRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerDetail> answer(admin_protocol::PeerPinRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerDetail> answer(
      admin_protocol::PeerRefreshRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerRebound> answer(
      admin_protocol::PeerRebindRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerForgotten> answer(
      admin_protocol::PeerForgetRequest request);
  [[nodiscard]] Answer<admin_protocol::PeerBlocked> answer(
      admin_protocol::PeerBlockRequest request);

 private:
  [[nodiscard]] Task<std::string> hashed(std::string password);
  [[nodiscard]] Task<> change(core::Closure closure);
  [[nodiscard]] boost::asio::awaitable<void> add_dns(core::InstanceName name,
                                                     std::optional<core::Iid> iid,
                                                     routing::SteadyPoint deadline,
                                                     admin_protocol::Route& route);
  [[nodiscard]] boost::asio::awaitable<void> add_probe(core::InstanceName name,
                                                       routing::SteadyPoint deadline,
                                                       admin_protocol::Route& route);
  /// Configured, met, or spoken of by the operator; by name.
  [[nodiscard]] Result<std::vector<std::pair<core::InstanceName, federation::Standing>>> peers_in(
      core::Snapshot& store) const;
  [[nodiscard]] Result<admin_protocol::PeerRow> row_of(core::Snapshot& store,
                                                       const core::InstanceName& name,
                                                       const federation::Standing& peer) const;

  Parts self_;
};

/// What a directory says of a name, for people.
[[nodiscard]] admin_protocol::DirectoryName directory_name(const std::string& directory,
                                                           const core::InstanceName& name,
                                                           const federation::DirectoryEntry& entry,
                                                           bool is_current);

}  // namespace cpc::daemon
