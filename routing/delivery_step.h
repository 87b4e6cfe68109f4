// What a delivery loop does next: the decisions of delivery_loop.cc, without a wait. A loop runs
// one turn (greet, or read and deliver), tells next_step() how it ended, and waits as it is told.
#pragma once

#include <optional>

#include "core/delivery.h"
#include "routing/peer_health.h"

namespace cpc::routing {

/// How one turn of a peer's loop ended.
enum class TurnEnd {
  greeted,       ///< The peer is there.
  nothing_owed,  ///< Everything is acknowledged.
  progressed,    ///< The peer took something, or a lane was taken out of the way.
  deferred,      ///< It answered, and took nothing.
  too_large,     ///< It takes less in one transaction.
  retry,         ///< It cannot judge us yet: greet, then again, without back-off.
  failed,        ///< Not reached, refused or busy: PeerHealth knows when to try again.
  store_failed,  ///< Ours to mend, not the peer's.
};

/// How fast a loop goes. What a turn changes is kept from one to the next.
struct Pace {
  core::DeliveryLimits limits;  ///< Of the next transaction; halved by too_large.
  Milliseconds pause{};         ///< Last pause after deferred or store_failed; zero: none.
  int retries = 0;              ///< `retry` answers in a row.
  bool has_greeted = false;     ///< The peer was there; whether it takes anything is not known yet.
  bool must_greet = false;      ///< Before the next delivery, whatever the peer's health.
};

/// A transaction is not made smaller than this: one envelope at its largest, encoded.
inline constexpr std::size_t batch_bytes_min = 128 * 1024;
inline constexpr Milliseconds pause_min{250};
inline constexpr Milliseconds pause_max = std::chrono::seconds{30};
/// More `retry` answers in a row than this are a failure, or two clocks apart would never rest.
inline constexpr int retries_max = 3;

/// When the loop goes on.
struct Wait {
  SteadyPoint earliest{};  ///< Not before, even when woken.
  SteadyPoint due{};       ///< At the latest.
  bool is_idle = false;    ///< Nothing is owed: at `due` the loop may end.
};

struct NextStep {
  Pace pace;
  Wait wait;
};

/// `full` are the limits that `pace` returns to: ours, or the peer's where they are lower;
/// `idle_max` how long a loop without work lives on.
[[nodiscard]] NextStep next_step(Pace pace, TurnEnd end, const core::DeliveryLimits& full,
                                 SteadyPoint now, Milliseconds idle_max);

/// When to go on: a failing peer's schedule rules alone until it was greeted; otherwise work cuts
/// the wait short.
[[nodiscard]] SteadyPoint go_at(const Wait& wait, bool has_work, const Pace& pace,
                                const PeerStatus& status);

/// A peer that is failing, was not met since our start, or could not judge us, is greeted first.
[[nodiscard]] bool greets_first(const Pace& pace, const PeerStatus& status);

/// The lower of each two: what a loop's pace and its peer both allow.
[[nodiscard]] core::DeliveryLimits lower_of(core::DeliveryLimits one,
                                            const core::DeliveryLimits& other);

/// `limits`, lowered to what the peer said to have room for. One that has none is sent the least
/// there is, after a pause: its answer tells of its room again.
[[nodiscard]] core::DeliveryLimits within_credit(core::DeliveryLimits limits,
                                                 const std::optional<core::Credit>& credit);
[[nodiscard]] bool has_no_room(const std::optional<core::Credit>& credit);

/// How a delivery that was answered and recorded ended.
[[nodiscard]] TurnEnd turn_end(const core::DeliveryOutcome& outcome);

/// How a turn that the peer failed ended: retry, too_large or failed.
[[nodiscard]] TurnEnd turn_end(const Failure& failure, const Error& error, const Pace& pace);

/// When the `index`th of `count` peers is greeted after a start at `now`: at once up to 20 peers,
/// else spread over 60 s.
[[nodiscard]] SteadyPoint first_greeting_at(std::size_t index, std::size_t count, SteadyPoint now);

/// What apply_answer will look up, to be fetched together.
[[nodiscard]] core::Keys keys_of_answer(const core::InstanceName& peer, const core::Batch& sent);

}  // namespace cpc::routing
