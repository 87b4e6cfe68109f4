#include "federation/resigning_loop.h"

#include <algorithm>

#include "core/conversation_log.h"
#include "federation/jws.h"

namespace cpc::federation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t items_max = 100;
constexpr std::size_t lanes_max = 1000;
constexpr auto look_interval = 1h;
constexpr auto resign_retry_after = 5s;

/// Something that is owed, and what stands in its place.
struct Stale {
  std::optional<core::EventKey> event;
  std::optional<core::FrameKey> frame;
  Jws jws;
  std::optional<Jws> renewed{};
};

// Where a look through all that is owed to a peer goes on.
struct Place {
  std::size_t lane = 0;
  std::int64_t after = 0;
};

bool is_stale(const LoopParts& self, const Jws& jws, const crypto::KeyId& current, TimePoint now) {
  const auto header = read_header(jws);
  if (!header || header.value().kid == current) return false;
  return !self.keys.is_in_force(header.value().kid, now + sign_anew_before);
}

// What of one lane is to be signed anew, items_max looked at; true if there is more of it.
Result<bool> look_at_lane(LoopParts& self, core::Snapshot& store, const core::Lane& lane,
                          const crypto::KeyId& current, TimePoint now, std::int64_t& after,
                          std::vector<Stale>& found) {
  after = std::max(after, lane.acked.seq);
  std::size_t seen = 0;
  if (lane.kind == core::LaneKind::consent) {
    CPC_TRY(const auto frames, store.frames_after(lane.peer, after, items_max));
    seen = frames.size();
    for (const core::Frame& frame : frames) {
      after = frame.position;
      auto jws = jws_from_compact(frame.jws);
      if (!jws || !is_stale(self, jws.value(), current, now)) continue;
      found.push_back({{}, frame.key(), std::move(jws).value()});
    }
  } else if (lane.kind == core::LaneKind::submission) {
    CPC_TRY(const auto events, store.submissions_after(lane.conversation, after, items_max));
    seen = events.size();
    for (const core::Event& event : events) {
      after = event.submission;
      Jws jws{event.protected_header, event.payload, event.signature};
      if (event.position.seq > 0 || !is_stale(self, jws, current, now)) continue;
      found.push_back({event.key(), {}, std::move(jws)});
    }
  }
  return seen == items_max;
}

Result<> put_in_place(core::Transaction& tx, const Stale& one) {
  if (one.event) {
    return core::sign_anew(tx, *one.event, one.jws.signature, one.renewed->protected_,
                           one.renewed->signature);
  }
  CPC_TRY(auto frame, tx.find(*one.frame));
  if (!frame || frame->jws != to_compact(one.jws)) return success();
  frame->jws = to_compact(*one.renewed);
  tx.put(*std::move(frame));
  return success();
}

Task<> sign_these(LoopParts& self, std::vector<Stale> stale, Keyring::Key key) {
  const auto sign = [&] {
    for (Stale& one : stale) {
      auto renewed = sign_again(one.jws, *key);
      if (renewed) one.renewed = std::move(renewed).value();
    }
  };
  co_await self.pool.run(sign);
  core::Keys keys;
  for (const Stale& one : stale) {
    if (one.event) keys.emplace_back(*one.event);
    if (one.frame) keys.emplace_back(*one.frame);
  }
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    for (const Stale& one : stale) {
      if (!one.renewed) continue;
      CPC_TRY(put_in_place(tx, one));
    }
    return success();
  };
  co_return co_await self.store.transact(std::move(keys), rules);
}

// All that is owed to `peer`. How much was signed.
Task<std::size_t> sign_owed_to(LoopParts& self, core::InstanceName peer) {
  std::size_t count = 0;
  Place at;
  for (bool has_more = true; has_more;) {
    std::vector<Stale> found;
    const Keyring::Key key = self.keys.signing(self.timers.now());
    const auto look = [&](core::Snapshot& store) -> Result<> {
      found.clear();
      CPC_TRY(const auto lanes, store.owing_lanes(peer, lanes_max));
      has_more = at.lane < lanes.size();
      if (!has_more) return success();
      CPC_TRY(const bool goes_on, look_at_lane(self, store, lanes[at.lane], key->id(),
                                               self.timers.now(), at.after, found));
      if (!goes_on) {
        ++at.lane;
        at.after = 0;
      }
      return success();
    };
    CPC_CO_TRY(co_await self.store.read(look));
    if (found.empty()) continue;
    count += found.size();
    CPC_CO_TRY(co_await sign_these(self, std::move(found), key));
  }
  co_return count;
}

Task<> sign_all_owed(LoopParts& self) {
  std::vector<core::InstanceName> peers;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(peers, store.owing_peers());
    return success();
  };
  CPC_CO_TRY(co_await self.store.read(look));
  std::size_t count = 0;
  for (const core::InstanceName& peer : peers) {
    CPC_CO_TRY(const std::size_t some, co_await sign_owed_to(self, peer));
    count += some;
  }
  if (count > 0) {
    self.log.info("what waits for peers was signed by the key of now",
                  {{"count", static_cast<std::int64_t>(count)}});
  }
  co_return success();
}

bool nears_end(const LoopParts& self) {
  const TimePoint end = self.timers.now() + sign_anew_before + 2 * look_interval;
  return std::ranges::any_of(self.keys.delegation().identity.keys,
                             [&](const DelegatedKey& key) { return key.not_after <= end; });
}

}  // namespace

boost::asio::awaitable<void> run_resigning_loop(LoopParts& self, routing::Signal& wanted) {
  for (;;) {
    const Result<> done = co_await sign_all_owed(self);
    if (!done) {
      self.log.error("what waits for peers could not be signed anew",
                     {{"reason", done.error().detail}});
    }
    bool is_wanted = !done;
    while (!is_wanted) {
      const routing::SteadyPoint due = self.timers.steady_now() + look_interval;
      const bool was_set = co_await wanted.wait_until(self.timers, due);
      is_wanted = was_set || nears_end(self);
    }
    if (!done) {
      const routing::SteadyPoint due = self.timers.steady_now() + resign_retry_after;
      co_await self.timers.sleep_until(due);
    }
  }
}

}  // namespace cpc::federation
