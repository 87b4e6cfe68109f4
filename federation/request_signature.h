// Who sent this request, and is it meant for us, now, once? HTTP message signatures (RFC 9421), the
// part that a federation of equals needs: Ed25519, one signature with the label `fed`, a fixed set
// of covered components, a short life and a nonce.
//
// A request covers "@method" "@path" "@query", with a body also "content-type" "content-digest",
// and "cpc-origin" "cpc-destination" "cpc-version". Not "@authority": proxies rewrite it. A reply
// to hello or a transaction covers "@status" "content-type" "content-digest" "cpc-origin"
// "cpc-destination" and, through "signature";req;key="fed", the request it answers: a signed
// acknowledgement is evidence.
//
// The server's steps: parse_request_signature, check_request_terms (no key needed), find the key of
// (origin, key_id), check_request_signature, ReplayCache::first_time. The client's: sign_request,
// send, verify_reply.
//
// All functions are pure and may be called from any thread. Times on the wire are whole seconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "crypto/signing_key.h"
#include "federation/http_message.h"
#include "federation/replay_cache.h"
#include "federation/structured_fields.h"
#include "federation/wire_codes.h"

namespace cpc::federation {

inline constexpr std::string_view signature_label = "fed";
inline constexpr std::string_view request_tag = "cpc-fed-1";
inline constexpr std::string_view reply_tag = "cpc-fed-ack-1";
inline constexpr std::string_view protocol_version = "1";  ///< The value of cpc-version.

/// Longest time between created and expires.
inline constexpr auto signature_life_max = std::chrono::seconds{300};
/// What we sign for: the receiver remembers each nonce for so long, and has room for so many.
/// Longer only for who waits longer for a transaction to arrive: `timeout` and 30 s, within 60 s
/// and signature_life_max.
[[nodiscard]] constexpr std::chrono::seconds signature_life_for(std::chrono::milliseconds timeout) {
  const auto wanted = std::chrono::ceil<std::chrono::seconds>(timeout) + std::chrono::seconds{30};
  return std::clamp(wanted, std::chrono::seconds{60}, signature_life_max);
}
/// How far ahead of our clock a request may have been created.
inline constexpr auto clock_skew_max = std::chrono::seconds{300};

/// What a signature covers and says, before anybody knows whether it is true.
struct ParsedSignature {
  std::string origin;       ///< cpc-origin, not yet checked to be a name.
  std::string destination;  ///< cpc-destination.
  std::string version;      ///< cpc-version; empty in a reply.
  std::chrono::sys_seconds created;
  std::chrono::sys_seconds expires;  ///< In a reply: the same as created.
  Nonce nonce;                       ///< In a reply: zero.
  crypto::KeyId key_id;
  std::vector<std::string>
      components;    ///< Their identifiers, as covered: "@method" without quotes.
  std::string base;  ///< The octets that were signed (RFC 9421 section 2.5).
  crypto::Signature signature;
};

struct RequestSigning {
  std::string_view origin;
  std::string_view destination;
  TimePoint created;  ///< Our clock plus the peer's known offset; rounded down to a second.
  Nonce nonce;        ///< 16 random octets, never used twice.
  std::chrono::seconds life = signature_life_max;  ///< Of the signature; at most that.
};

/// Sets cpc-origin, cpc-destination, cpc-version, with a body content-digest, then signature-input
/// and signature, replacing earlier ones: a retry signs the same request anew. Method, path, query,
/// body and content-type must be there; without a body the content headers are taken away.
/// Fails with invalid if a body has no content-type, the life is not within (0,
/// signature_life_max], or something to be covered could not travel in a header (control
/// characters, not ASCII).
[[nodiscard]] Result<> sign_request(HttpRequest& request, const RequestSigning& signing,
                                    const crypto::SigningKey& key);

/// Reads the signature labelled `fed`; other labels are ignored. Checks form and coverage, not
/// truth. Fails with malformed unless signature-input and signature stand there once and in
/// canonical form, have `fed` once, cover all that the story above names (more headers may be
/// covered; no component twice, none missing or repeated in the request), have exactly the
/// parameters created, expires (at most signature_life_max later), nonce, keyid, alg="ed25519",
/// tag="cpc-fed-1"; also if a body or its headers are there and not covered.
[[nodiscard]] WireResult<ParsedSignature> parse_request_signature(const HttpRequest& request);

/// What can be said without a key, so before any look-up: fails with
///   wrong_destination  unless cpc-destination is `our_name`;
///   incompatible       unless cpc-version is ours;
///   clock_skew         if created is over `skew_max` ahead of `now`, or expires is before `now`.
[[nodiscard]] WireResult<> check_request_terms(const ParsedSignature& parsed,
                                               std::string_view our_name, TimePoint now,
                                               std::chrono::seconds skew_max = clock_skew_max);

/// Everything but the nonce: check_request_terms, then the body's digest, the key's id and the
/// signature; these fail with bad_signature (malformed if the digest is no digest or none that we
/// know). `parsed` must come from this same `request`.
[[nodiscard]] WireResult<> check_request_signature(const ParsedSignature& parsed,
                                                   const HttpRequest& request,
                                                   const crypto::PublicKey& key,
                                                   std::string_view our_name, TimePoint now,
                                                   std::chrono::seconds skew_max = clock_skew_max);

/// Sets content-digest, cpc-origin and cpc-destination (the request's, swapped), signature-input
/// and signature. `request` is the signed one, whose signature this one binds. Fails with invalid
/// if the reply has no content-type or the request no `fed` signature.
[[nodiscard]] Result<> sign_reply(HttpReply& reply, const HttpRequest& request, TimePoint created,
                                  const crypto::SigningKey& key);

/// Reads the reply's `fed` signature, so that its key can be looked up. Fails with malformed under
/// the same rules, with the parameters created, keyid, alg="ed25519" and tag="cpc-fed-ack-1", and
/// wrong_destination unless the names are the request's, swapped.
[[nodiscard]] WireResult<ParsedSignature> parse_reply_signature(const HttpReply& reply,
                                                                const HttpRequest& request);

/// parse_reply_signature, then digest, key id and signature; these fail with bad_signature. The
/// reply is fresh because it covers our signature and so our nonce; `created` is the peer's clock.
[[nodiscard]] WireResult<ParsedSignature> verify_reply(const HttpReply& reply,
                                                       const HttpRequest& request,
                                                       const crypto::PublicKey& key);

/// The signature base of RFC 9421 section 2.5 for `covered` (the inner list of Signature-Input):
/// @method, @path, @query, @authority and plain headers, repeated ones joined. Fails with invalid
/// for other components, component parameters, a component twice, a header that is missing, or a
/// value that holds control characters.
[[nodiscard]] Result<std::string> signature_base(const HttpRequest& request,
                                                 const InnerList& covered);

}  // namespace cpc::federation
