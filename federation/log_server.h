// The answering side of sync/heads, of log pulls and of authors' documents, for whoever takes part
// in a log that we order. The asking side is head_exchange.h; docs/protocol.md sections "Comparing
// heads", "Pulling a log" and "Documents of authors". Network thread only.
#pragma once

#include <functional>

#include "core/heads.h"
#include "federation/own_document.h"
#include "federation/peer_directory.h"
#include "federation/wire_codes.h"

namespace cpc::federation {

/// A reply of ours before it is signed.
struct ReplyBody {
  std::string type;
  Bytes body;
};

class LogServer {
 public:
  struct Parts {
    const core::Home& home;
    const OwnDocument& document;
    routing::StoreGate& store;
    routing::Random& random;
    routing::CryptoPool& pool;
    core::DeliveryLimits limits;
    bool is_sealing = true;
    /// Told what a comparison showed, after it was answered.
    std::function<void(const core::InstanceName& copy, std::vector<core::HeadFinding>)> found{};
  };
  explicit LogServer(Parts parts) : self_(std::move(parts)) {}

  template <class T>
  using WireTask = boost::asio::awaitable<WireResult<T>>;
  /// Of a request that `peer` signed. Fails with MALFORMED, or BUSY if the store cannot be read.
  [[nodiscard]] WireTask<ReplyBody> answer_heads(const HttpRequest& request,
                                                 PeerDirectory::Identity peer);
  /// Likewise. Fails with UNRECOGNIZED as well: there is no such log for this peer.
  [[nodiscard]] WireTask<ReplyBody> answer_pull(const HttpRequest& request,
                                                PeerDirectory::Identity peer);

  /// The document of an author whose events we give to `peer`, as we hold it. Likewise
  /// UNRECOGNIZED for anybody else's, known here or not.
  [[nodiscard]] WireTask<ReplyBody> answer_author(const HttpRequest& request,
                                                  PeerDirectory::Identity peer);

 private:
  Parts self_;
};

}  // namespace cpc::federation
