// The answering side of the protocol: an HTTP request of a peer becomes a verified value, the value
// a closure, the closure's answer a signed reply. The asking side is peer_exchange.h.
//
// Checks go from cheap to dear, and nothing is stored before all of them passed: form of the
// signature, destination, time window, known peer, key, signature and digest, nonce, body.
// Network thread only.
#pragma once

#include "federation/admission.h"
#include "federation/introduction_server.h"
#include "federation/keyring.h"
#include "federation/line_limit.h"
#include "federation/log_server.h"
#include "federation/own_document.h"
#include "federation/peer_directory.h"
#include "federation/replay_cache.h"
#include "federation/request_signature.h"

namespace cpc::federation {

/// How many octets of body a request may have, as its method and path tell: whoever has not been
/// heard yet gets no room for a transaction at another door.
[[nodiscard]] std::size_t federation_body_bytes_max(const HttpRequest& head,
                                                    std::size_t transaction_bytes_max);

class FederationServer {
 public:
  struct Parts {
    const core::Home& home;
    const Keyring& keys;
    PeerDirectory& directory;
    const OwnDocument& document;
    routing::StoreGate& store;
    routing::Timers& timers;
    routing::Random& random;
    routing::CryptoPool& pool;
    Log& log;
    core::DeliveryLimits limits;
    /// Told of each authenticated request: its sender can probably be reached again.
    std::function<void(const core::InstanceName&)> saw_inbound;
    bool is_sealing = true;  ///< What a peer pulls is sealed, if it has a key for it.
    /// As hub: told what a copy's heads showed.
    std::function<void(const core::InstanceName&, std::vector<core::HeadFinding>)> found{};
    /// As copy: told of a log whose hub has an event of ours that is lost here.
    std::function<void(const core::InstanceName& hub, const core::WireId&)> lacks_envelopes{};
    bool is_introducing = false;  ///< Peers may ask whom we know.
  };
  /// Requests created before this moment are answered `retry`: a server before this one may have
  /// seen them, and its nonces are forgotten.
  explicit FederationServer(Parts parts)
      : self_(std::move(parts)),
        began_(self_.timers.steady_now()),
        logs_({self_.home, self_.document, self_.store, self_.random, self_.pool, self_.limits,
               self_.is_sealing, self_.found}),
        introductions_(self_.directory, self_.timers, self_.is_introducing) {}

  /// Answers any request; never fails, never throws. What a stranger gets is a code and our clock.
  [[nodiscard]] boost::asio::awaitable<HttpReply> handle(HttpRequest request);

 private:
  template <class T = void>
  using WireTask = boost::asio::awaitable<WireResult<T>>;

  void note_refusal(const HttpRequest& request, const WireError& error);
  [[nodiscard]] WireTask<PeerDirectory::Identity> authenticate(const HttpRequest& request);
  [[nodiscard]] WireTask<> prove(const HttpRequest& request, const ParsedSignature& parsed,
                                 PeerDirectory::Identity& identity);
  [[nodiscard]] WireTask<HttpReply> dispatch(const HttpRequest& request);
  [[nodiscard]] WireTask<HttpReply> answer_hello(const HttpRequest& request,
                                                 PeerDirectory::Identity peer);
  [[nodiscard]] WireTask<HttpReply> answer_introduction(const HttpRequest& request,
                                                        PeerDirectory::Identity peer);
  [[nodiscard]] WireTask<HttpReply> answer_transaction(const HttpRequest& request,
                                                       PeerDirectory::Identity peer);
  [[nodiscard]] WireResult<SealingKeys::Key> key_to_open(const HttpRequest& request) const;
  [[nodiscard]] WireTask<HttpReply> answer_of_logs(const HttpRequest& request,
                                                   PeerDirectory::Identity peer, bool is_heads);
  [[nodiscard]] WireTask<HttpReply> signed_or_refused(const HttpRequest& request,
                                                      WireResult<ReplyBody> answer);
  [[nodiscard]] WireTask<HttpReply> signed_reply(const HttpRequest& request, std::string_view type,
                                                 Bytes body);

  Parts self_;
  routing::SteadyPoint began_;
  LogServer logs_;
  Admission admission_;
  ReplayCache nonces_;
  LineLimit refusals_;
  IntroductionServer introductions_;
};

}  // namespace cpc::federation
