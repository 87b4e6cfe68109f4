// run_inbox_loop and run_expiry_loop of signing_loop.h.

#include "core/contact.h"
#include "federation/frame_codec.h"
#include "federation/signing_loop.h"
#include "routing/signal.h"

namespace cpc::federation {
namespace {

constexpr std::size_t frames_max = 200;
constexpr std::size_t drafts_max = 200;
constexpr std::size_t evidence_looked_at_max = 1000;
constexpr auto expiry_interval = std::chrono::hours{1};

Task<std::vector<core::InboxFrame>> find_frames(LoopParts& self) {
  std::vector<core::InboxFrame> found;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(found, store.inbox_frames(frames_max));
    return success();
  };
  CPC_CO_TRY(co_await self.store.read(look));
  co_return found;
}

Task<> apply(LoopParts& self, core::InboxFrame stored) {
  const TimePoint now = self.timers.now();
  const core::ChanceSeed seed = self.random.seed();
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(const core::ConsentFrame frame, read_stored_frame(stored.jws));
    const core::Moment moment{now, core::Chance{seed}};
    return core::apply_frame(tx, self.home, moment, stored.origin, frame);
  };
  const core::Keys no_keys;
  const Result<> applied = co_await self.store.transact(no_keys, rules);
  if (applied || applied.error().code == ErrorCode::unavailable) co_return applied;

  self.log.error("consent frame could not be applied",
                 {{"peer", stored.origin.text()}, {"reason", applied.error().detail}});
  const auto count = [&](core::Transaction& tx) {
    return core::frame_failed(tx, core::InboxFrameKey{stored.origin, stored.id});
  };
  co_return co_await self.store.transact(no_keys, count);
}

// Applies what waits, oldest first. True when there may be more.
Task<bool> apply_waiting(LoopParts& self) {
  CPC_CO_TRY(const auto frames, co_await find_frames(self));
  for (const core::InboxFrame& frame : frames) {
    CPC_CO_TRY(co_await apply(self, frame));
  }
  co_return !frames.empty();
}

Task<> expire_due(LoopParts& self) {
  const TimePoint now = self.timers.now();
  std::vector<core::Event> due;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(due, store.drafts_before(now - core::request_age_max, drafts_max));
    return success();
  };
  CPC_CO_TRY(co_await self.store.read(look));
  if (due.empty()) co_return success();
  const auto expire = [&](core::Transaction& tx) -> Result<> {
    for (const core::Event& draft : due) {
      CPC_TRY(core::expire_draft(tx, self.home, draft.key(), now));
    }
    return success();
  };
  const core::Keys no_keys;
  co_return co_await self.store.transact(no_keys, expire);
}

// Of all peers, also of those that nothing is sent to any more. A number may have been used again
// since it was looked at.
Task<> expire_evidence(LoopParts& self) {
  const TimePoint oldest = self.timers.now() - core::evidence_age_max;
  core::EvidenceKey after;
  for (;;) {
    std::vector<core::EvidenceAge> page;
    const auto look = [&](core::Snapshot& store) -> Result<> {
      CPC_TRY(page, store.evidence_ages(after, evidence_looked_at_max));
      return success();
    };
    CPC_CO_TRY(co_await self.store.read(look));
    if (page.empty()) co_return success();
    after = page.back().key;
    std::erase_if(page, [&](const core::EvidenceAge& row) { return row.at >= oldest; });
    if (page.empty()) continue;
    const auto expire = [&](core::Transaction& tx) -> Result<> {
      for (const core::EvidenceAge& row : page) {
        CPC_TRY(const auto stored, tx.find(row.key));
        if (stored && stored->at < oldest) tx.erase(row.key);
      }
      return success();
    };
    const core::Keys no_keys;
    CPC_CO_TRY(co_await self.store.transact(no_keys, expire));
  }
}

}  // namespace

boost::asio::awaitable<void> run_inbox_loop(LoopParts& self) {
  routing::Signal news{co_await boost::asio::this_coro::executor};
  const auto registration = self.wake_ups.listen([&](const core::Committed& committed) {
    if (committed.touched.inbox) news.notify();
  });
  for (;;) {
    const Result<bool> more = co_await apply_waiting(self);
    if (more && more.value()) continue;
    if (!more) self.log.error("inbox could not be read", {{"reason", more.error().detail}});
    const routing::SteadyPoint due =
        self.timers.steady_now() +
        (more ? Milliseconds{loop_look_anyway} : Milliseconds{loop_retry_after});
    co_await news.wait_until(self.timers, due);
  }
}

boost::asio::awaitable<void> run_expiry_loop(LoopParts& self) {
  for (;;) {
    const Result<> expired = co_await expire_due(self);
    if (!expired) {
      self.log.error("drafts could not be expired", {{"reason", expired.error().detail}});
    }
    const Result<> forgotten = co_await expire_evidence(self);
    if (!forgotten) {
      self.log.error("old evidence could not be erased", {{"reason", forgotten.error().detail}});
    }
    co_await self.timers.sleep_until(self.timers.steady_now() + expiry_interval);
  }
}

}  // namespace cpc::federation
