#include "federation/head_exchange.h"

#include "federation/heads_codec.h"
#include "federation/sealed_body.h"

namespace cpc::federation {

Task<PeerDirectory::Identity> HttpHeadExchange::able(core::InstanceName hub) {
  CPC_CO_TRY(const auto identity, co_await self_.directory.find(hub, Asker::us));
  if (!identity->can(feature_heads)) co_return fail(ErrorCode::denied, "the hub compares no heads");
  co_return identity;
}

Task<HttpHeadExchange::Compared> HttpHeadExchange::compare(core::InstanceName hub,
                                                           std::vector<core::LogHead> heads) {
  CPC_CO_TRY(co_await able(hub));
  const HeadsAsked asked{{self_.home.epoch, self_.home.boot_counter}, std::move(heads)};
  HttpRequest request =
      request_of("POST", std::string{heads_path}, heads_type, encode_heads(asked));
  CPC_CO_TRY(HttpPeerExchange::Exchanged exchanged,
             co_await self_.exchange.ask(hub, std::move(request)));
  CPC_CO_TRY(HeadsTold told, decode_heads_answer(exchanged.reply.body));
  co_return Compared{std::move(told.answers), std::move(exchanged.proof)};
}

Task<HttpHeadExchange::Pulled> HttpHeadExchange::pull(core::InstanceName hub, core::WireId wire_id,
                                                      core::Position after) {
  CPC_CO_TRY(const auto identity, co_await able(hub));
  HttpRequest request;
  request.method = "GET";
  request.path = std::string{log_path} + to_text(wire_id);
  request.query = pull_query(after);
  const std::string asked_for = request.path + "?" + request.query;
  CPC_CO_TRY(const HttpPeerExchange::Exchanged exchanged,
             co_await self_.exchange.ask(hub, std::move(request)));

  const Bytes& sent = exchanged.reply.body;
  SealingKeys::Key key;
  if (exchanged.reply.headers.find("content-type") == sealed_type) {
    CPC_CO_TRY(const crypto::KeyId id, sealed_to(sent));
    key = self_.keys.sealing.find(id);
    if (!key) co_return fail(ErrorCode::unavailable, "the hub sealed to a key that is gone");
  }
  const PeerIdentity ours = self_.keys.delegation().identity;
  const TimePoint seen_at = self_.timers.now();
  std::optional<Result<PulledStretch>> decoded;
  const auto decode = [&] {
    Result<Bytes> opened = Bytes{};
    if (key) opened = open_body(*key, {identity->iid, self_.home.iid, asked_for}, sent);
    if (!opened) {
      decoded = opened.error();
      return;
    }
    decoded =
        decode_stretch(key ? opened.value() : sent, {*identity, &ours}, seen_at, self_.entries_max);
  };
  co_await self_.pool.run(decode);
  if (!*decoded) co_return decoded->error();
  PulledStretch stretch = std::move(*decoded).value();
  if (stretch.part.wire_id != wire_id) {
    co_return fail(ErrorCode::invalid, "the hub gave another log than it was asked for");
  }
  Pulled pulled{{hub, identity->iid, stretch.mark.epoch}, {}, stretch.has_more};
  pulled.batch.logs.push_back(std::move(stretch.part));
  co_return pulled;
}

}  // namespace cpc::federation
