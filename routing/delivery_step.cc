#include "routing/delivery_step.h"

#include <algorithm>

namespace cpc::routing {
namespace {

constexpr std::size_t greeted_at_once_max = 20;
constexpr Milliseconds greeting_spread = std::chrono::seconds{60};

bool can_shrink(const core::DeliveryLimits& limits) {
  return limits.entries_max > 1 || limits.lanes_max > 1 || limits.bytes_max > batch_bytes_min;
}

core::DeliveryLimits halved(core::DeliveryLimits limits) {
  limits.entries_max = std::max<std::size_t>(limits.entries_max / 2, 1);
  limits.lanes_max = std::max<std::size_t>(limits.lanes_max / 2, 1);
  limits.bytes_max = std::max(limits.bytes_max / 2, batch_bytes_min);
  return limits;
}

core::DeliveryLimits doubled(core::DeliveryLimits limits, const core::DeliveryLimits& full) {
  limits.entries_max = std::min(limits.entries_max * 2, full.entries_max);
  limits.lanes_max = std::min(limits.lanes_max * 2, full.lanes_max);
  limits.bytes_max = std::min(limits.bytes_max * 2, full.bytes_max);
  return limits;
}

Milliseconds longer(Milliseconds pause) {
  return std::clamp(pause * 2, pause_min, pause_max);
}

// What an answer of the peer ends, whatever it was.
Pace after_answer(Pace pace, const core::DeliveryLimits& full) {
  pace.limits = doubled(pace.limits, full);
  pace.retries = 0;
  pace.has_greeted = false;
  return pace;
}

}  // namespace

NextStep next_step(Pace pace, TurnEnd end, const core::DeliveryLimits& full, SteadyPoint now,
                   Milliseconds idle_max) {
  const Wait at_once{now, now, false};
  switch (end) {
    case TurnEnd::greeted:
      pace.has_greeted = true;
      pace.must_greet = false;
      return {pace, at_once};
    case TurnEnd::nothing_owed:
      pace.pause = {};
      pace.retries = 0;
      pace.has_greeted = false;
      return {pace, {now, now + idle_max, true}};
    case TurnEnd::progressed:
      pace = after_answer(pace, full);
      pace.pause = {};
      return {pace, at_once};
    case TurnEnd::deferred:
      pace = after_answer(pace, full);
      pace.pause = longer(pace.pause);
      return {pace, {now + pause_min, now + pace.pause, false}};
    case TurnEnd::too_large:
      pace.limits = halved(pace.limits);
      return {pace, at_once};
    case TurnEnd::retry:
      ++pace.retries;
      pace.must_greet = true;
      pace.has_greeted = false;
      return {pace, at_once};
    case TurnEnd::failed:
      // The retries stay used up until the peer answers, or each try would be four.
      pace.pause = {};
      pace.has_greeted = false;
      return {pace, at_once};
    case TurnEnd::store_failed:
      pace.pause = longer(pace.pause);
      return {pace, {now + pace.pause, now + pace.pause, false}};
  }
  return {pace, at_once};
}

SteadyPoint go_at(const Wait& wait, bool has_work, const Pace& pace, const PeerStatus& status) {
  if (status.state == Reachability::unreachable && !pace.has_greeted) return status.try_due;
  return has_work ? wait.earliest : wait.due;
}

bool greets_first(const Pace& pace, const PeerStatus& status) {
  if (pace.has_greeted) return false;
  return pace.must_greet || status.state != Reachability::reachable;
}

core::DeliveryLimits lower_of(core::DeliveryLimits one, const core::DeliveryLimits& other) {
  one.entries_max = std::min(one.entries_max, other.entries_max);
  one.bytes_max = std::min(one.bytes_max, other.bytes_max);
  one.lanes_max = std::min(one.lanes_max, other.lanes_max);
  return one;
}

core::DeliveryLimits within_credit(core::DeliveryLimits limits,
                                   const std::optional<core::Credit>& credit) {
  if (!credit) return limits;
  limits.entries_max = std::min(limits.entries_max, std::max<std::size_t>(credit->entries, 1));
  limits.bytes_max = std::min(limits.bytes_max, std::max(credit->bytes, batch_bytes_min));
  return limits;
}

bool has_no_room(const std::optional<core::Credit>& credit) {
  return credit && (credit->entries == 0 || credit->bytes == 0);
}

TurnEnd turn_end(const core::DeliveryOutcome& outcome) {
  return outcome.has_progressed || !outcome.blocked.empty() ? TurnEnd::progressed
                                                            : TurnEnd::deferred;
}

TurnEnd turn_end(const Failure& failure, const Error& error, const Pace& pace) {
  if (failure.kind == FailureClass::retry && pace.retries < retries_max) return TurnEnd::retry;
  if (error.code == ErrorCode::too_large && can_shrink(pace.limits)) return TurnEnd::too_large;
  return TurnEnd::failed;
}

SteadyPoint first_greeting_at(std::size_t index, std::size_t count, SteadyPoint now) {
  if (count <= greeted_at_once_max) return now;
  return now +
         greeting_spread * static_cast<std::int64_t>(index) / static_cast<std::int64_t>(count);
}

core::Keys keys_of_answer(const core::InstanceName& peer, const core::Batch& sent) {
  core::Keys keys;
  if (sent.frames) keys.emplace_back(core::LaneKey{peer, core::LaneKind::consent, {}});
  for (const auto& part : sent.logs) {
    keys.emplace_back(core::LaneKey{peer, core::LaneKind::log, part.conversation});
    keys.emplace_back(core::ConversationKey{part.conversation});
  }
  for (const auto& part : sent.submissions) {
    keys.emplace_back(core::LaneKey{peer, core::LaneKind::submission, part.conversation});
  }
  for (const auto& part : sent.receipts) {
    keys.emplace_back(core::LaneKey{peer, core::LaneKind::receipts, part.conversation});
  }
  return keys;
}

}  // namespace cpc::routing
