#include "federation/federation_server.h"

#include <algorithm>
#include <array>

#include "federation/head_exchange.h"
#include "federation/sealed_body.h"
#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

constexpr std::string_view transaction_path = "/cpc/fed/v1/txn/";
constexpr std::size_t small_body_bytes_max = 8 * 1024;
// Of core::heads_max heads, which take 150 octets each.
constexpr std::size_t heads_body_bytes_max = 96 * 1024;

enum class Door { hello, transaction, heads, log, author, introduction };
struct Endpoint {
  Door door;
  std::string_view method;
  std::string_view path;
  std::size_t id_letters;  // Of an id in base64url behind the path.
};
constexpr std::array<Endpoint, 5> endpoints{{
    {Door::hello, "POST", "/cpc/fed/v1/hello", 0},
    {Door::transaction, "PUT", transaction_path, 22},
    {Door::heads, "POST", heads_path, 0},
    {Door::log, "GET", log_path, 43},
    {Door::author, "GET", author_path, 43},
}};

// Behind whose path an instance name stands.
constexpr Endpoint introduction{Door::introduction, "GET", "", 0};

const Endpoint* endpoint_of(std::string_view path) {
  if (IntroductionServer::serves(path)) return &introduction;
  const auto* found = std::ranges::find_if(endpoints, [&](const Endpoint& one) {
    return path.starts_with(one.path) && path.size() == one.path.size() + one.id_letters;
  });
  return found == endpoints.end() ? nullptr : found;
}

HttpReply document_reply(const Bytes& document) {
  HttpReply reply;
  reply.status = 200;
  reply.headers.list.push_back({"content-type", std::string{document_type}});
  reply.headers.list.push_back({"cache-control", "max-age=300"});
  reply.body = document;
  return reply;
}

bool is_retryable(WireCode code) {
  return code == WireCode::busy || code == WireCode::retry || code == WireCode::clock_skew ||
         code == WireCode::replay || code == WireCode::internal ||
         code == WireCode::unknown_sealing_key || code == WireCode::unknown_key;
}

// What a peer may know about why we do not know it.
WireError unknown_origin(const Error& error) {
  switch (error.code) {
    case ErrorCode::not_found:
      return {WireCode::not_peered, error.detail};
    case ErrorCode::conflict:
      return {WireCode::identity_conflict, error.detail};
    case ErrorCode::unavailable:
      return {WireCode::busy, error.detail};
    default:
      return {WireCode::unknown_key, error.detail};
  }
}

}  // namespace

std::size_t federation_body_bytes_max(const HttpRequest& head, std::size_t transaction_bytes_max) {
  const Endpoint* endpoint = endpoint_of(head.path);
  if (endpoint == nullptr || head.method != endpoint->method) return small_body_bytes_max;
  if (endpoint->door == Door::transaction) return transaction_bytes_max;
  if (endpoint->door == Door::heads) return heads_body_bytes_max;
  return small_body_bytes_max;
}

boost::asio::awaitable<HttpReply> FederationServer::handle(HttpRequest request) {
  if (request.path == document_path) {
    if (request.method == "GET") co_return document_reply(self_.document.bytes());
    co_return problem_reply(WireCode::method_not_allowed, self_.timers.now(), false);
  }
  WireResult<HttpReply> reply = co_await dispatch(request);
  if (reply) co_return std::move(reply).value();
  const WireError& error = reply.error();
  note_refusal(request, error);
  co_return problem_reply(error.code, self_.timers.now(), is_retryable(error.code));
}

// Anybody may cause refusals: one line a minute for each code, with the claims of the first.
void FederationServer::note_refusal(const HttpRequest& request, const WireError& error) {
  const auto left_out = refusals_.admit(to_text(error.code), self_.timers.steady_now());
  if (!left_out) return;
  self_.log.warn("federation request refused",
                 {{"code", to_text(error.code)},
                  {"claimed_origin", request.headers.find("cpc-origin").value_or("")},
                  {"path", request.path},
                  {"reason", error.detail},
                  {"left_out", *left_out}});
}

FederationServer::WireTask<HttpReply> FederationServer::dispatch(const HttpRequest& request) {
  const Endpoint* endpoint = endpoint_of(request.path);
  if (endpoint == nullptr) co_return WireError{WireCode::unrecognized, "no such endpoint"};
  if (request.method != endpoint->method) {
    co_return WireError{WireCode::method_not_allowed, "another method"};
  }
  auto peer = co_await authenticate(request);
  if (!peer) co_return peer.error();
  self_.saw_inbound(peer.value()->name);
  switch (endpoint->door) {
    case Door::hello:
      co_return co_await answer_hello(request, peer.value());
    case Door::transaction:
      co_return co_await answer_transaction(request, peer.value());
    case Door::heads:
    case Door::log:
      co_return co_await answer_of_logs(request, peer.value(), endpoint->door == Door::heads);
    case Door::author:
      co_return co_await signed_or_refused(request,
                                           co_await logs_.answer_author(request, peer.value()));
    case Door::introduction:
      co_return co_await answer_introduction(request, peer.value());
  }
  co_return WireError{WireCode::unrecognized, "no such endpoint"};
}

// Either reads many rows, so it counts as a transaction does.
FederationServer::WireTask<HttpReply> FederationServer::answer_of_logs(const HttpRequest& request,
                                                                       PeerDirectory::Identity peer,
                                                                       bool is_heads) {
  const Admission::Ticket ticket = admission_.admit(peer->name, request.body.size());
  if (!ticket) co_return WireError{WireCode::busy, "too much is under way"};
  if (is_heads) {
    co_return co_await signed_or_refused(request, co_await logs_.answer_heads(request, peer));
  }
  co_return co_await signed_or_refused(request, co_await logs_.answer_pull(request, peer));
}

FederationServer::WireTask<HttpReply> FederationServer::signed_or_refused(
    const HttpRequest& request, WireResult<ReplyBody> answer) {
  if (!answer) co_return answer.error();
  co_return co_await signed_reply(request, answer.value().type, std::move(answer.value().body));
}

FederationServer::WireTask<PeerDirectory::Identity> FederationServer::authenticate(
    const HttpRequest& request) {
  CPC_CO_TRY(const ParsedSignature parsed, parse_request_signature(request));
  CPC_CO_TRY(check_request_terms(parsed, self_.home.name.text(), self_.timers.now()));
  // By the age of the request and not by dates: a clock that was wrong when we started, and was set
  // right since, would refuse everything for as long as it was wrong.
  const Milliseconds age = self_.timers.now() - TimePoint{parsed.created};
  const Milliseconds uptime = self_.timers.steady_now() - began_;
  if (age - std::chrono::seconds{1} >= uptime) {
    co_return WireError{WireCode::retry, "created before we started"};
  }
  const auto name = core::InstanceName::parse(parsed.origin);
  if (!name) co_return WireError{WireCode::malformed, "the origin is no instance name"};
  auto found = co_await self_.directory.find(name.value(), Asker::stranger);
  if (!found) co_return unknown_origin(found.error());
  PeerDirectory::Identity identity = std::move(found).value();
  CPC_CO_TRY(co_await prove(request, parsed, identity));
  CPC_CO_TRY(nonces_.first_time(parsed.origin, parsed.nonce, TimePoint{parsed.expires},
                                self_.timers.now()));
  co_return identity;
}

// Signature, digest and window, under a key that is the origin's now. A key id we never saw forces
// one look at the origin's document, whose new version is then in `identity`.
FederationServer::WireTask<> FederationServer::prove(const HttpRequest& request,
                                                     const ParsedSignature& parsed,
                                                     PeerDirectory::Identity& identity) {
  const TimePoint now = self_.timers.now();
  if (identity->key(parsed.key_id, now) == nullptr) {
    auto refreshed = co_await self_.directory.refresh(identity->name, Asker::stranger);
    if (refreshed) identity = std::move(refreshed).value();
  }
  const crypto::PublicKey* key = identity->key(parsed.key_id, now);
  if (key == nullptr) co_return WireError{WireCode::unknown_key, "no key of the origin"};
  WireResult<> checked = success();
  const auto check = [&] {
    checked = check_request_signature(parsed, request, *key, self_.home.name.text(), now);
  };
  co_await self_.pool.run(check);
  co_return checked;
}

FederationServer::WireTask<HttpReply> FederationServer::answer_hello(const HttpRequest& request,
                                                                     PeerDirectory::Identity peer) {
  const auto hello = decode_hello(request.body);
  if (!hello) {
    const bool is_version = hello.error().code == ErrorCode::denied;
    co_return WireError{is_version ? WireCode::incompatible : WireCode::malformed,
                        hello.error().detail};
  }
  CPC_CO_TRY(co_await self_.directory.note_hello(peer, hello.value()));
  const Hello ours{{self_.home.epoch, self_.home.boot_counter},
                   self_.timers.now(),
                   self_.document.delegation_serial(),
                   self_.document.serial()};
  co_return co_await signed_reply(request, hello_type, encode_hello(ours));
}

FederationServer::WireTask<HttpReply> FederationServer::answer_introduction(
    const HttpRequest& request, PeerDirectory::Identity peer) {
  CPC_CO_TRY(Bytes document, co_await introductions_.document_for(peer->name, request.path));
  co_return co_await signed_reply(request, document_type, std::move(document));
}

FederationServer::WireTask<HttpReply> FederationServer::answer_transaction(
    const HttpRequest& request, PeerDirectory::Identity peer) {
  const Admission::Ticket ticket = admission_.admit(peer->name, request.body.size());
  if (!ticket) co_return WireError{WireCode::busy, "too much is under way"};
  const TimePoint seen_at = self_.timers.now();
  CPC_CO_TRY(const SealingKeys::Key sealing_key, key_to_open(request));
  const std::string_view id = std::string_view{request.path}.substr(transaction_path.size());
  std::optional<Result<ReceivedBatch>> decoded;
  const auto decode = [&] {
    Result<Bytes> opened = Bytes{};
    if (sealing_key)
      opened = open_body(*sealing_key, {peer->iid, self_.home.iid, id}, request.body);
    if (!opened) {
      decoded = opened.error();
      return;
    }
    const Bytes& body = sealing_key ? opened.value() : request.body;
    decoded = decode_batch(body, *peer, seen_at, self_.limits.entries_max);
  };
  co_await self_.pool.run(decode);
  if (!*decoded) co_return WireError{decoded->error()};
  const ReceivedBatch received = std::move(*decoded).value();

  const core::Origin origin{peer->name, peer->iid, received.mark.epoch};
  const core::ChanceSeed seed = self_.random.seed();
  core::Answer answer;
  const auto apply = [&](core::Transaction& tx) -> Result<> {
    const core::Moment moment{seen_at, core::Chance{seed}};
    CPC_TRY(answer,
            core::apply_batch(tx, self_.home, moment, origin, received.batch, self_.limits));
    return success();
  };
  const Result<> stored =
      co_await self_.store.transact(core::keys_of(origin, received.batch), apply);
  if (!stored) {
    self_.log.error("transaction could not be stored",
                    {{"peer", peer->name.text()}, {"reason", stored.error().detail}});
    co_return WireError{WireCode::busy, "the store failed"};
  }
  for (const core::LaneAnswer& lane : answer.lanes) {
    if (lane.code == core::envelope_needed && self_.lacks_envelopes) {
      self_.lacks_envelopes(peer->name, lane.wire_id);
    }
  }
  answer.now = self_.timers.now();
  answer.credit = admission_.credit(self_.limits);
  co_return co_await signed_reply(request, transaction_type, encode_answer(answer));
}

// Null if the transaction is not sealed.
WireResult<SealingKeys::Key> FederationServer::key_to_open(const HttpRequest& request) const {
  const auto type = request.headers.find("content-type");
  if (type == transaction_type) return SealingKeys::Key{};
  if (type != sealed_type) return WireError{WireCode::malformed, "no transaction, by its type"};
  CPC_TRY(const crypto::KeyId id, sealed_to(request.body));
  if (SealingKeys::Key key = self_.keys.sealing.find(id)) return key;
  return WireError{WireCode::unknown_sealing_key, "sealed to a key that is not ours now"};
}

FederationServer::WireTask<HttpReply> FederationServer::signed_reply(const HttpRequest& request,
                                                                     std::string_view type,
                                                                     Bytes body) {
  HttpReply reply;
  reply.status = 200;
  reply.headers.list.push_back({"content-type", std::string{type}});
  reply.body = std::move(body);
  Result<> is_signed = success();
  const TimePoint now = self_.timers.now();
  const Keyring::Key key = self_.keys.signing(now);
  const auto sign = [&] { is_signed = sign_reply(reply, request, now, *key); };
  co_await self_.pool.run(sign);
  if (!is_signed) co_return WireError{WireCode::internal, is_signed.error().detail};
  co_return reply;
}

}  // namespace cpc::federation
