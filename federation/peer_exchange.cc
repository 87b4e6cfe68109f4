#include "federation/peer_exchange.h"

#include <algorithm>

#include "crypto/secrets.h"
#include "federation/introduction_server.h"
#include "federation/proof.h"
#include "federation/request_signature.h"
#include "federation/sealed_body.h"
#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

constexpr std::string_view hello_path = "/cpc/fed/v1/hello";
constexpr std::string_view transaction_path = "/cpc/fed/v1/txn/";
constexpr std::size_t reply_bytes_max = 2 * 1024 * 1024;

// What a refusal means for whoever retries: only the peer's own word is `denied`.
Error error_of(const HttpReply& reply) {
  const auto problem = read_problem(reply);
  const std::string code =
      problem ? std::string{to_text(problem.value().code)} : std::to_string(reply.status);
  const std::string detail = code + ": the peer said so";
  if (problem && problem.value().code == WireCode::incompatible) {
    const Result<> checked = check_versions(problem.value().versions);
    if (!checked) return checked.error();
  }
  if (reply.status == 413) return fail(ErrorCode::too_large, detail);
  const bool is_temporary = reply.status >= 500 || reply.status == 429 || reply.status == 408 ||
                            (problem && problem.value().retryable);
  return fail(is_temporary ? ErrorCode::unavailable : ErrorCode::denied, detail);
}

bool has_code(const HttpReply& reply, WireCode code) {
  const auto problem = read_problem(reply);
  return problem && problem.value().code == code;
}

}  // namespace

HttpRequest request_of(std::string_view method, std::string path, std::string_view type,
                       Bytes body) {
  HttpRequest request;
  request.method = method;
  request.path = std::move(path);
  request.headers.list.push_back({"content-type", std::string{type}});
  request.body = std::move(body);
  return request;
}

std::size_t delivery_bytes_max(std::size_t transaction_bytes_max) {
  constexpr std::size_t margin = 64 * 1024;
  return (std::max(transaction_bytes_max, margin) - margin) * 3 / 4;
}

Task<> HttpPeerExchange::greet(core::InstanceName peer) {
  const TimePoint asked_at = self_.timers.now();
  const Hello ours{{self_.home.epoch, self_.home.boot_counter},
                   asked_at,
                   self_.document.delegation_serial(),
                   self_.document.serial()};
  HttpRequest request = request_of("POST", std::string{hello_path}, hello_type, encode_hello(ours));
  CPC_CO_TRY(Exchanged exchanged, co_await ask(peer, std::move(request)));
  CPC_CO_TRY(const Hello theirs, decode_hello(exchanged.reply.body));
  clock_offsets_[peer] = theirs.now - self_.timers.now();
  co_await keep_hello(peer, std::move(exchanged.proof));

  CPC_CO_TRY(const auto identity, co_await self_.directory.find(peer, Asker::us));
  co_return co_await self_.directory.note_hello(identity, theirs);
}

Task<HttpPeerExchange::Exchanged> HttpPeerExchange::ask(core::InstanceName peer,
                                                        HttpRequest request) {
  CPC_CO_TRY(Exchanged exchanged, co_await exchange(peer, std::move(request)));
  CPC_CO_TRY(check_status(peer, exchanged.reply));
  co_return exchanged;
}

Task<core::Answer> HttpPeerExchange::deliver(core::InstanceName peer, core::Batch batch) {
  if (!is_signed_in_force(batch)) {
    if (self_.wants_signing) self_.wants_signing();
    co_return fail(ErrorCode::unavailable, "what is owed is being signed by another key");
  }
  CPC_CO_TRY(HttpRequest request, co_await transaction_for(peer, batch));
  CPC_CO_TRY(Exchanged exchanged, co_await exchange(peer, std::move(request)));
  if (has_code(exchanged.reply, WireCode::unknown_sealing_key)) {
    CPC_CO_TRY(co_await self_.directory.refresh_now(peer));
    CPC_CO_TRY(request, co_await transaction_for(peer, batch));
    CPC_CO_TRY(exchanged, co_await exchange(peer, std::move(request)));
  }
  CPC_CO_TRY(check_status(peer, exchanged.reply));
  CPC_CO_TRY(core::Answer answer, decode_answer(exchanged.reply.body));
  answer.proof = std::move(exchanged.proof);
  co_return answer;
}

// That the peer was there, with which store. A greeting is no worse for not being kept.
boost::asio::awaitable<void> HttpPeerExchange::keep_hello(core::InstanceName peer, Bytes proof) {
  if (proof.size() > core::evidence_proof_bytes_max) co_return;
  const core::Evidence row{peer, core::evidence_of_hello, self_.timers.now(), {},
                           {},   std::move(proof)};
  const auto keep = [&](core::Transaction& tx) -> Result<> {
    tx.put(row);
    return success();
  };
  const core::Keys no_keys;
  // The gate tells the operator of a store that takes nothing.
  (void)co_await self_.store.transact(no_keys, keep);
}

// What a key that was followed or revoked has signed is not sent any more: the peer would refuse it
// for ever. A log's entries were seen by their hub in time.
bool HttpPeerExchange::is_signed_in_force(const core::Batch& batch) const {
  const TimePoint now = self_.timers.now();
  std::string_view checked;  // Most have the same protected header, octet for octet.
  const auto is_in_force = [&](std::string_view protected_header) {
    if (protected_header == checked) return true;
    const auto header = read_header(Jws{std::string{protected_header}, {}, {}});
    if (!header || !self_.keys.is_in_force(header.value().kid, now)) return false;
    checked = protected_header;
    return true;
  };
  for (const auto& part : batch.submissions) {
    for (const core::Envelope& envelope : part.items) {
      if (!is_in_force(envelope.protected_header)) return false;
    }
  }
  if (!batch.frames) return true;
  return std::ranges::all_of(batch.frames->items, [&](const core::FrameItem& item) {
    return is_in_force(std::string_view{item.jws}.substr(0, item.jws.find('.')));
  });
}

// Encoded, and sealed where the peer has a key for it.
Task<HttpRequest> HttpPeerExchange::transaction_for(core::InstanceName peer,
                                                    const core::Batch& batch) {
  CPC_CO_TRY(const auto identity, co_await self_.directory.find(peer, Asker::us));
  const auto id = to_text(core::uuid_v7<core::FrameId>(
      to_milliseconds(self_.timers.now()),
      Id<16, struct AnyTag>::from_bytes(self_.random.bytes(16)).value().octets));
  const bool is_sealed = self_.is_sealing && !identity->sealing_keys.empty();
  Bytes drawn = self_.random.bytes(crypto::Seed::size);
  const crypto::WipeAtEnd wipe_drawn{drawn};
  Bytes body;
  const auto encode = [&] {
    body = encode_batch(batch, {self_.home.epoch, self_.home.boot_counter});
    if (!is_sealed) return;
    crypto::Seed randomness = crypto::Seed::from_bytes(drawn).value();
    body = seal_body(identity->sealing_keys.front(), {self_.home.iid, identity->iid, id}, body,
                     randomness);
    sodium_memzero(randomness.octets.data(), crypto::Seed::size);
  };
  co_await self_.pool.run(encode);
  co_return request_of("PUT", std::string{transaction_path} + id,
                       is_sealed ? sealed_type : transaction_type, std::move(body));
}

core::DeliveryLimits HttpPeerExchange::limits_of(const core::InstanceName& peer,
                                                 core::DeliveryLimits ours) const {
  const PeerDirectory::Identity identity = self_.directory.known(peer);
  if (!identity) return ours;
  ours.entries_max = std::min(ours.entries_max, identity->transaction_entries_max);
  ours.bytes_max = std::min(ours.bytes_max, delivery_bytes_max(identity->transaction_bytes_max));
  return ours;
}

Task<Bytes> HttpPeerExchange::introduction(core::InstanceName peer, core::InstanceName name) {
  HttpRequest request;
  request.method = "GET";
  request.path = std::string{IntroductionServer::path} + name.text();
  CPC_CO_TRY(Exchanged exchanged, co_await exchange(peer, std::move(request)));
  if (exchanged.reply.status == 404) {
    co_return fail(ErrorCode::not_found, "the peer introduces nobody by this name");
  }
  CPC_CO_TRY(check_status(peer, exchanged.reply));
  if (exchanged.reply.body.size() > document_bytes_max) {
    co_return fail(ErrorCode::too_large, "no document is that large");
  }
  co_return std::move(exchanged.reply.body);
}

// One request and its reply, verified if its status is 200. A peer that just booted, whose clock is
// another, or that has the request already (it came twice over a broken connection), is asked once
// more: signed anew.
Task<HttpPeerExchange::Exchanged> HttpPeerExchange::exchange(core::InstanceName peer,
                                                             HttpRequest request) {
  CPC_CO_TRY(Exchanged exchanged, co_await attempt(peer, request));
  const HttpReply& reply = exchanged.reply;
  const bool is_again = has_code(reply, WireCode::retry) || has_code(reply, WireCode::clock_skew) ||
                        has_code(reply, WireCode::replay);
  if (is_again) {
    const auto problem = read_problem(reply);
    clock_offsets_[peer] = problem.value().server_time - self_.timers.now();
    CPC_CO_TRY(exchanged, co_await attempt(peer, request));
  }
  co_return exchanged;
}

// Whoever refuses may say for how long.
Result<> HttpPeerExchange::check_status(const core::InstanceName& peer, const HttpReply& reply) {
  if (reply.status == 200) return success();
  if (const auto wait = read_retry_after(reply)) self_.health.asked_to_wait(peer, *wait);
  return error_of(reply);
}

Task<HttpPeerExchange::Exchanged> HttpPeerExchange::attempt(core::InstanceName peer,
                                                            HttpRequest request) {
  CPC_CO_TRY(const auto identity, co_await self_.directory.find(peer, Asker::us));
  CPC_CO_TRY(check_versions(identity->versions));
  CPC_CO_TRY(request, co_await sign(peer, std::move(request)));
  HttpRequest head{request.method, request.path, request.query, request.headers, {}};
  Exchanged exchanged;
  CPC_CO_TRY(exchanged.reply, co_await send(peer, std::move(request)));
  if (exchanged.reply.status == 200) {
    CPC_CO_TRY(exchanged.proof, co_await check_reply(peer, std::move(head), exchanged.reply));
  }
  co_return exchanged;
}

Task<HttpRequest> HttpPeerExchange::sign(core::InstanceName peer, HttpRequest request) {
  RequestSigning signing{
      self_.home.name.text(), peer.text(), self_.timers.now() + clock_offsets_[peer], {}};
  signing.nonce = Nonce::from_bytes(self_.random.bytes(Nonce::size)).value();
  signing.life = signature_life_for(self_.timeout);
  Result<> is_signed = success();
  const Keyring::Key key = self_.keys.signing(self_.timers.now());
  const auto work = [&] { is_signed = sign_request(request, signing, *key); };
  co_await self_.pool.run(work);
  CPC_CO_TRY(std::move(is_signed));
  co_return request;
}

// A server that shows a key we have no pin for may be the peer with a new one: its document says
// so. Nothing was sent to it yet, so the request is still fresh.
Task<HttpReply> HttpPeerExchange::send(core::InstanceName peer, HttpRequest request) {
  const LinkLimits limits{self_.timeout, reply_bytes_max};
  CPC_CO_TRY(const LinkTarget target, co_await self_.directory.target_of(peer));
  // Documents alone may come from anybody.
  if (target.tls_pins.empty()) co_return fail(ErrorCode::unavailable, "the peer was forgotten");
  Result<HttpReply> reply = co_await self_.link.exchange(target, request, limits);
  if (!reply && reply.error().code == ErrorCode::unavailable) self_.directory.doubt_target(peer);
  if (reply || reply.error().code != ErrorCode::denied) co_return reply;

  CPC_CO_TRY(co_await self_.directory.refresh_now(peer));
  CPC_CO_TRY(const LinkTarget renewed, co_await self_.directory.target_of(peer));
  if (renewed.tls_pins == target.tls_pins || renewed.tls_pins.empty()) co_return reply;
  co_return co_await self_.link.exchange(renewed, std::move(request), limits);
}

// A reply counts only under the peer's own signature: it is the acknowledgement. Gives the proof.
Task<Bytes> HttpPeerExchange::check_reply(core::InstanceName peer, HttpRequest head,
                                          HttpReply reply) {
  const auto parsed = parse_reply_signature(reply, head);
  if (!parsed) co_return fail(ErrorCode::unavailable, "the reply was not signed");
  CPC_CO_TRY(auto identity, co_await self_.directory.find(peer, Asker::us));
  const TimePoint now = self_.timers.now();
  const crypto::KeyId key_id = parsed.value().key_id;
  if (identity->key(key_id, now) == nullptr) {
    CPC_CO_TRY(identity, co_await self_.directory.refresh_now(peer));
  }
  const crypto::PublicKey* key = identity->key(key_id, now);
  if (key == nullptr) co_return fail(ErrorCode::unavailable, "the reply is of an unknown key");
  Bytes proof;
  const auto verify = [&] {
    if (verify_reply(reply, head, *key)) proof = encode_proof(head, reply);
  };
  co_await self_.pool.run(verify);
  if (proof.empty()) {
    co_return fail(ErrorCode::unavailable, "the reply's signature does not fit");
  }
  co_return proof;
}

}  // namespace cpc::federation
