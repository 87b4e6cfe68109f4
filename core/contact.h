// First contact and its answers: consent frames, made here and applied here.
//
// A request carries the stranger's first words (the intro); a grant opens the way; a withdrawal
// closes it. A frame to somebody of ours is applied at once, one to a peer is signed by the caller
// beforehand and queued in that peer's consent lane.
#pragma once

#include <optional>
#include <string>

#include "core/conversation.h"

namespace cpc::core {

/// Longest intro, in Unicode code points; the first message of a first contact is no longer.
inline constexpr std::size_t intro_code_points_max = 280;
/// First contacts one person may begin in 24 hours.
inline constexpr std::int64_t requests_per_day_max = 20;
/// Requests of one other instance that one person is shown in request_age_max and has not answered.
/// What comes after them is not shown: an instance may invent as many people as it likes.
inline constexpr std::int64_t open_requests_max = 50;
/// People of one other instance, in the same time, who are remembered although nobody heard of
/// them: what either side says later finds the other one known. What comes after them leaves
/// nothing.
inline constexpr std::int64_t unheard_max = 200;
/// A request that waits is replaced by a newer one of the same person at most so often.
inline constexpr auto request_repeat_min = std::chrono::hours{24};
/// An address of another instance becomes another person's at most so often; each time begins a
/// conversation.
inline constexpr auto successor_age_min = std::chrono::hours{1};
/// Frames of one peer that failed too often and are kept for the operator; the next are dropped.
inline constexpr std::int64_t parked_frames_max = 100;
/// A request nobody answered expires.
inline constexpr auto request_age_max = std::chrono::hours{24 * 14};

enum class FrameKind { request, granted, withdrawn };

/// A consent message between instances (JWS `typ: cpc-frame`); federation/ has its bytes.
struct ConsentFrame {
  FrameId id;
  FrameKind kind = FrameKind::request;
  Introduction from;
  Address to;
  std::optional<Iid> to_iid;  ///< Once known; a frame meant for another instance id is refused.
  TimePoint time{};
  std::int64_t version = 0;  ///< Rises with each frame about this pair in the sender's store epoch.
  StoreEpoch epoch;
  std::string intro;  ///< Of a request: plain text.
};

/// A frame with the exact bytes that travel. `jws` is empty when its addressee is ours.
struct SignedFrame {
  ConsentFrame frame;
  Bytes jws;
};

enum class AnswerKind { grant, deny };

/// What a person decides about `subject`.
struct ConsentAnswer {
  std::string owner;  ///< Local part.
  Address subject;
  AnswerKind kind = AnswerKind::grant;
  std::int64_t version =
      0;  ///< That the person saw; a grant or denial of another one is CONSENT_STALE.
};

/// The frame that `answer` would send, to be signed before the closure; none when nothing is sent:
/// for a denial, and when the last that was told is a grant already.
/// Fails like answer_contact.
[[nodiscard]] Result<std::optional<ConsentFrame>> plan_answer(Lookup& store, const Home& home,
                                                              Moment& moment,
                                                              const ConsentAnswer& answer);

/// Grants or denies. Granting also opts in towards the subject's instance. A denial sends nothing:
/// it looks like being ignored. `frame` is what plan_answer gave, signed.
/// Fails with not_found (no request and no earlier consent), conflict (CONSENT_STALE, or the plan
/// does not fit any more).
[[nodiscard]] Result<> answer_contact(Transaction& tx, const Home& home, Moment moment,
                                      const ConsentAnswer& answer,
                                      const std::optional<SignedFrame>& frame);

/// Takes back consent. Unconditional and idempotent; in force when the closure commits.
/// Quietly: nothing is sent, the other side notices nothing. Openly: `withdrawn` is sent.
struct Revocation {
  std::string owner;
  Address subject;
  bool is_quiet = true;
};
[[nodiscard]] Result<std::optional<ConsentFrame>> plan_revocation(Lookup& store, const Home& home,
                                                                  Moment& moment,
                                                                  const Revocation& revocation);
[[nodiscard]] Result<> revoke_consent(Transaction& tx, const Home& home, Moment moment,
                                      const Revocation& revocation,
                                      const std::optional<SignedFrame>& frame);

/// Queues `frame` in the consent lane of its addressee's instance, or applies it when that is ours.
[[nodiscard]] Result<> dispatch_frame(Transaction& tx, const Home& home, Moment& moment,
                                      const SignedFrame& frame);

/// Stores a verified frame of `origin` in the bounded inbox, before anybody looks at its addressee.
/// Idempotent by frame id. The caller counts it in the lane.
[[nodiscard]] Result<> store_frame(Transaction& tx, const InstanceName& origin, const FrameId& id,
                                   const Bytes& jws, TimePoint now);

/// Applies a stored frame and removes it from the inbox. An addressee who does not exist, or who
/// refused this person, swallows it: that is success. Of one instance's strangers no more is kept
/// than open_requests_max and unheard_max allow. Fails only when the store does.
[[nodiscard]] Result<> apply_frame(Transaction& tx, const Home& home, Moment moment,
                                   const InstanceName& origin, const ConsentFrame& frame);

/// Counts a failed application; the fifth parks the frame for the operator, so that it does not
/// count among those that wait any more. Past parked_frames_max it is dropped.
[[nodiscard]] Result<> frame_failed(Transaction& tx, const InboxFrameKey& key);

/// The first message of `mine` to `other` waited for consent and may travel now: it becomes a draft
/// for the signing loop, behind member.join. Does nothing when none waits. Puts the conversation.
[[nodiscard]] Result<> release_draft(Transaction& tx, const Home& home, Moment& moment,
                                     Conversation& conversation, const Address& mine,
                                     const Address& other);

/// Marks the open request of `from` to `owner` as answered, if there is one.
[[nodiscard]] Result<> close_request(Transaction& tx, const std::string& owner,
                                     const Address& from);

/// The intro of a request, decrypted.
[[nodiscard]] Result<std::string> open_intro(const Home& home, const ContactRequest& request);

/// A draft that nobody answered for request_age_max becomes expired (REQUEST_EXPIRED).
[[nodiscard]] Result<> expire_draft(Transaction& tx, const Home& home, const EventKey& key,
                                    TimePoint now);

/// What a frame tells its addressee's side. A request grants the reverse direction.
[[nodiscard]] Projection projection_of(const ConsentFrame& frame);

/// A message of ours may travel: what the other side's instance said last about this pair.
[[nodiscard]] Result<bool> may_write(Lookup& store, const Address& from, const Address& to);

}  // namespace cpc::core
