// The refusals of the federation protocol: one stable code for each thing a peer can do next, and
// the reply that carries it, application/problem+json (RFC 9457). A reply says what is wrong with
// the request and what our clock shows; never why in our own words, and nothing about us.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "federation/http_message.h"

namespace cpc::federation {

enum class WireCode {
  bad_signature,        ///< The signature, its key or the body's digest does not fit.
  unknown_key,          ///< The key id is in no document of the origin, also after a refresh.
  unknown_sealing_key,  ///< The body is sealed to a key that is not ours, or not any more.
  clock_skew,           ///< Created too far ahead of, or expired by, server_time.
  replay,               ///< This nonce was seen before.
  wrong_destination,    ///< cpc-destination is not our name.
  not_peered,           ///< Policy does not let the origin in.
  identity_conflict,    ///< The origin's name is pinned here to another instance.
  incompatible,         ///< No protocol version in common.
  too_large,            ///< Over a limit of our document.
  busy,                 ///< Come back later, slower.
  stale_epoch,          ///< The origin's store epoch or boot counter went back.
  malformed,            ///< The same request will never work.
  internal,             ///< Our fault.
  retry,         ///< Created before our boot, or our state moved meanwhile: try again at once.
  unrecognized,  ///< No such endpoint, or nothing that the origin may know about.
  method_not_allowed,  ///< The endpoint has no such method.
};

/// BAD_SIGNATURE and so on: the text on the wire.
[[nodiscard]] std::string_view to_text(WireCode code);
[[nodiscard]] std::optional<WireCode> wire_code_from_text(std::string_view text);
[[nodiscard]] int http_status(WireCode code);

/// What a WireResult fails with. `detail` is for our log and is never sent.
struct WireError {
  WireCode code;
  std::string detail;

  WireError(WireCode wire_code, std::string why) : code(wire_code), detail(std::move(why)) {}
  /// So that CPC_TRY carries an Error out of a function that returns WireResult: invalid becomes
  /// malformed, denied not_peered, not_found unrecognized, too_large itself, conflict retry,
  /// unavailable busy, internal itself.
  WireError(const Error& error);  // NOLINT(google-explicit-constructor): meant to convert.
};

/// Either a T or a refusal with its wire code.
template <class T = void>
using WireResult =
    boost::outcome_v2::basic_result<T, WireError, boost::outcome_v2::policy::terminate>;

/// What a problem reply says (RFC 9457 section 3, our extension members).
struct WireProblem {
  WireCode code;
  bool retryable;                        ///< The same request, signed anew, may succeed later.
  TimePoint server_time;                 ///< The refuser's clock.
  std::vector<std::int64_t> versions{};  ///< That it speaks; told with INCOMPATIBLE.
};

/// {"code":"...","retryable":...,"server_time":<ms>} with the code's status; INCOMPATIBLE says
/// which `versions` we speak besides.
[[nodiscard]] HttpReply problem_reply(WireCode code, TimePoint now, bool retryable);

/// The inverse, for clients. Fails with invalid if the reply is not such a problem or its code is
/// unknown. Nothing in it is signed: it may guide a retry, never change state.
[[nodiscard]] Result<WireProblem> read_problem(const HttpReply& reply);

/// How long a refusal asks us to stay away: Retry-After in seconds (RFC 9110 section 10.2.3), at
/// most seven digits. Nothing if there is none, and for the form with a date, because two clocks
/// need not agree.
[[nodiscard]] std::optional<Milliseconds> read_retry_after(const HttpReply& reply);

}  // namespace cpc::federation
