#include "federation/log_server.h"

#include <algorithm>

#include "crypto/secrets.h"
#include "federation/head_exchange.h"
#include "federation/heads_codec.h"
#include "federation/sealed_body.h"

namespace cpc::federation {
namespace {

// Of envelopes in one reply, so that whoever asks need not take more than two MiB.
constexpr std::size_t stretch_bytes_max = 1536 * 1024;

}  // namespace

LogServer::WireTask<ReplyBody> LogServer::answer_heads(const HttpRequest& request,
                                                       PeerDirectory::Identity peer) {
  const auto asked = decode_heads(request.body);
  if (!asked) co_return WireError{asked.error()};
  core::HubView view;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(view,
            core::answer_heads(store, self_.home, peer->name, peer->iid, asked.value().heads));
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return WireError{WireCode::busy, "the store failed"};
  HeadsTold told{{self_.home.epoch, self_.home.boot_counter}, std::move(view.answers)};
  if (!view.findings.empty() && self_.found) self_.found(peer->name, std::move(view.findings));
  co_return ReplyBody{std::string{heads_type}, encode_heads_answer(told)};
}

LogServer::WireTask<ReplyBody> LogServer::answer_pull(const HttpRequest& request,
                                                      PeerDirectory::Identity peer) {
  const auto wire_id =
      id_from_text<core::WireId>(std::string_view{request.path}.substr(log_path.size()));
  if (!wire_id) co_return WireError{WireCode::malformed, "no log has such an id"};
  const auto after = parse_pull_query(request.query);
  if (!after) co_return WireError{after.error()};
  core::DeliveryLimits limits = self_.limits;
  limits.bytes_max = std::min(limits.bytes_max, stretch_bytes_max);
  std::optional<core::LogStretch> stretch;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(stretch, core::stretch_of(store, self_.home, peer->name, peer->iid, wire_id.value(),
                                      after.value(), limits));
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return WireError{WireCode::busy, "the store failed"};
  if (!stretch) co_return WireError{WireCode::unrecognized, "no log that the peer takes part in"};

  const bool is_sealed = self_.is_sealing && !peer->sealing_keys.empty();
  Bytes drawn = self_.random.bytes(crypto::Seed::size);
  const crypto::WipeAtEnd wipe_drawn{drawn};
  const std::string asked_for = request.path + "?" + request.query;
  Bytes body;
  const auto encode = [&] {
    body = encode_stretch(*stretch, {self_.home.epoch, self_.home.boot_counter});
    if (!is_sealed) return;
    crypto::Seed randomness = crypto::Seed::from_bytes(drawn).value();
    body = seal_body(peer->sealing_keys.front(), {self_.home.iid, peer->iid, asked_for}, body,
                     randomness);
    sodium_memzero(randomness.octets.data(), crypto::Seed::size);
  };
  co_await self_.pool.run(encode);
  co_return ReplyBody{std::string{is_sealed ? sealed_type : log_type}, std::move(body)};
}

// A direct conversation has two authors: its hub, which we are, and whoever asks.
LogServer::WireTask<ReplyBody> LogServer::answer_author(const HttpRequest& request,
                                                        PeerDirectory::Identity peer) {
  const auto iid =
      id_from_text<core::Iid>(std::string_view{request.path}.substr(author_path.size()));
  if (!iid) co_return WireError{WireCode::malformed, "no instance has such an id"};
  if (iid.value() == self_.home.iid) {
    co_return ReplyBody{std::string{document_type}, self_.document.bytes()};
  }
  Bytes document;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto row, store.find(core::PeerKey{peer->name}));
    if (row && row->iid == iid.value()) document = row->document;
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return WireError{WireCode::busy, "the store failed"};
  if (document.empty()) co_return WireError{WireCode::unrecognized, "no author of the peer's logs"};
  co_return ReplyBody{std::string{document_type}, std::move(document)};
}

}  // namespace cpc::federation
