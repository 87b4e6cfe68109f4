#include "federation/head_exchange.h"

#include "federation/delegation.h"
#include "federation/sealed_body.h"
#include "federation/strict_json.h"
#include "federation/wire_codes.h"

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

Task<PulledStretch> HttpHeadExchange::decode(const Sent& sent, PeerIdentity ours) {
  const Bytes& body = sent.reply.body;
  SealingKeys::Key key;
  if (sent.reply.headers.find("content-type") == sealed_type) {
    CPC_CO_TRY(const crypto::KeyId id, sealed_to(body));
    key = self_.keys.sealing.find(id);
    if (!key) co_return fail(ErrorCode::unavailable, "the hub sealed to a key that is gone");
  }
  const TimePoint seen_at = self_.timers.now();
  std::optional<Result<PulledStretch>> decoded;
  const auto work = [&] {
    Result<Bytes> opened = Bytes{};
    if (key) opened = open_body(*key, {sent.hub->iid, self_.home.iid, sent.asked_for}, body);
    if (!opened) {
      decoded = opened.error();
      return;
    }
    decoded =
        decode_stretch(key ? opened.value() : body, {*sent.hub, &ours}, seen_at, self_.entries_max);
  };
  co_await self_.pool.run(work);
  co_return *std::move(decoded);
}

Task<PeerIdentity> HttpHeadExchange::newer_ourselves(core::InstanceName hub) {
  HttpRequest request;
  request.method = "GET";
  request.path = std::string{author_path} + to_text(self_.home.iid);
  CPC_CO_TRY(const HttpPeerExchange::Exchanged exchanged,
             co_await self_.exchange.ask(std::move(hub), std::move(request)));
  // The root key's word alone: what else a document says may be out of date by now.
  CPC_CO_TRY(const auto document, parse_strict_json(exchanged.reply.body));
  if (!document.is_object() || !document.contains("delegation")) {
    co_return fail(ErrorCode::invalid, "the hub gave no document");
  }
  CPC_CO_TRY(const Jws delegation, jws_from_json(document.at("delegation")));
  PeerIdentity seen;
  CPC_CO_TRY(
      verify_delegation(delegation, self_.home.name, self_.home.iid, self_.timers.now(), seen));
  // An older one would bring back keys that were revoked since.
  if (seen.delegation_serial <= self_.keys.delegation().identity.delegation_serial) {
    co_return fail(ErrorCode::not_found, "the hub knows nothing newer of us");
  }
  co_return seen;
}

Task<HttpHeadExchange::Pulled> HttpHeadExchange::pull(core::InstanceName hub, core::WireId wire_id,
                                                      core::Position after) {
  CPC_CO_TRY(const auto identity, co_await able(hub));
  HttpRequest request;
  request.method = "GET";
  request.path = std::string{log_path} + to_text(wire_id);
  request.query = pull_query(after);
  Sent sent{identity, request.path + "?" + request.query, {}};
  CPC_CO_TRY(HttpPeerExchange::Exchanged exchanged,
             co_await self_.exchange.ask(hub, std::move(request)));
  sent.reply = std::move(exchanged.reply);
  PeerIdentity ours = self_.keys.delegation().identity;
  CPC_CO_TRY(PulledStretch stretch, co_await decode(sent, std::move(ours)));
  if (stretch.part.refused == to_text(WireCode::bad_signature)) {
    // Perhaps we signed it ourselves, under a key that our older copy has never heard of.
    auto newer = co_await newer_ourselves(hub);
    if (newer) {
      CPC_CO_TRY(stretch, co_await decode(sent, std::move(newer).value()));
    }
  }
  if (stretch.part.wire_id != wire_id) {
    co_return fail(ErrorCode::invalid, "the hub gave another log than it was asked for");
  }
  Pulled pulled{{hub, identity->iid, stretch.mark.epoch}, {}, stretch.has_more};
  pulled.batch.logs.push_back(std::move(stretch.part));
  co_return pulled;
}

}  // namespace cpc::federation
