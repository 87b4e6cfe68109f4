// The asking side of the protocol: HttpPeerExchange turns a typed batch into a signed request and a
// signed reply into a typed answer. The answering side is federation_server.h; the two mirror each
// other. Network thread only.
#pragma once

#include <map>

#include "federation/keyring.h"
#include "federation/own_document.h"
#include "federation/peer_directory.h"
#include "routing/peer_health.h"

namespace cpc::federation {

/// How many octets of envelopes and frames fit into a transaction of so many octets: they are
/// counted before encoding, and what JSON adds must fit as well.
[[nodiscard]] std::size_t delivery_bytes_max(std::size_t transaction_bytes_max);

/// A request yet to be signed, with a body.
[[nodiscard]] HttpRequest request_of(std::string_view method, std::string path,
                                     std::string_view type, Bytes body);

class HttpPeerExchange final : public routing::PeerExchange {
 public:
  struct Parts {
    const core::Home& home;
    const Keyring& keys;
    PeerDirectory& directory;
    HttpLink& link;
    routing::StoreGate& store;
    routing::Timers& timers;
    routing::Random& random;
    routing::CryptoPool& pool;
    std::chrono::milliseconds timeout;
    const OwnDocument& document;  ///< Its serial is told in each hello.
    routing::PeerHealth& health;  ///< Is told for how long a peer asks to be left alone.
    bool is_sealing = true;       ///< Transactions to peers that have a key for it are sealed.
    /// Told when something of what is owed has to be signed anew before it can be sent.
    std::function<void()> wants_signing{};
  };
  explicit HttpPeerExchange(const Parts& parts) : self_(parts) {}

  [[nodiscard]] Task<> greet(core::InstanceName peer) override;
  [[nodiscard]] Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) override;
  /// Asks a peer for the document of another instance, which it signs its name to: docs/protocol.md
  /// section "Introductions". Fails with not_found if it introduces nobody by this name, and as
  /// greet().
  [[nodiscard]] Task<Bytes> introduction(core::InstanceName peer, core::InstanceName name);
  [[nodiscard]] core::DeliveryLimits limits_of(const core::InstanceName& peer,
                                               core::DeliveryLimits ours) const override;

  /// A reply that its sender signed, and what shows it to others (federation/proof.h).
  struct Exchanged {
    HttpReply reply;
    Bytes proof;
  };
  /// Any other request of ours: signed, sent, its reply with status 200 verified. Fails as greet().
  [[nodiscard]] Task<Exchanged> ask(core::InstanceName peer, HttpRequest request);

 private:
  [[nodiscard]] Task<HttpRequest> transaction_for(core::InstanceName peer,
                                                  const core::Batch& batch);
  [[nodiscard]] bool is_signed_in_force(const core::Batch& batch) const;
  [[nodiscard]] Task<Exchanged> exchange(core::InstanceName peer, HttpRequest request);
  [[nodiscard]] Result<> check_status(const core::InstanceName& peer, const HttpReply& reply);
  [[nodiscard]] Task<Exchanged> attempt(core::InstanceName peer, HttpRequest request);
  [[nodiscard]] Task<HttpRequest> sign(core::InstanceName peer, HttpRequest request);
  [[nodiscard]] Task<HttpReply> send(core::InstanceName peer, HttpRequest request);
  [[nodiscard]] Task<Bytes> check_reply(core::InstanceName peer, HttpRequest head, HttpReply reply);
  [[nodiscard]] boost::asio::awaitable<void> keep_hello(core::InstanceName peer, Bytes proof);

  Parts self_;
  std::map<core::InstanceName, Milliseconds> clock_offsets_;  // Peer's clock minus ours.
};

}  // namespace cpc::federation
