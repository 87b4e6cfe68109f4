#include "federation/signing_loop.h"

#include "core/conversation_log.h"
#include "federation/envelope_codec.h"
#include "routing/signal.h"

namespace cpc::federation {
namespace {

constexpr std::size_t drafts_max = 200;

// A draft with what its conversation adds to it.
struct Signable {
  core::Event draft;
  core::WireId wire_id;
  core::Incarnation incarnation;
};

Result<std::optional<Signable>> signable(core::Lookup& store, core::Event draft) {
  CPC_TRY(const auto conversation, store.find(core::ConversationKey{draft.conversation}));
  if (!conversation || !conversation->wire_id) return std::optional<Signable>{};
  Signable found{std::move(draft), *conversation->wire_id, {}};
  if (found.draft.sender) {
    CPC_TRY(const auto member, core::member_of(store, *conversation, *found.draft.sender));
    if (member.incarnation) found.incarnation = *member.incarnation;
  }
  return std::optional<Signable>{std::move(found)};
}

Task<std::vector<Signable>> find_drafts(LoopParts& self) {
  std::vector<Signable> found;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(auto drafts, store.signable_drafts(drafts_max));
    for (core::Event& draft : drafts) {
      CPC_TRY(auto one, signable(store, std::move(draft)));
      if (one) found.push_back(*std::move(one));
    }
    return success();
  };
  CPC_CO_TRY(co_await self.store.read(look));
  co_return found;
}

using Envelopes = std::vector<Result<core::VerifiedEnvelope>>;

boost::asio::awaitable<Envelopes> sign_all(LoopParts& self, const std::vector<Signable>& waiting,
                                           TimePoint now) {
  std::vector<Bytes> salts;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    salts.push_back(self.random.bytes(core::salt_bytes));
  }
  Envelopes envelopes;
  const Keyring::Key key = self.keys.signing(now);
  const auto sign = [&] {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const Signable& one = waiting[i];
      envelopes.push_back(
          sign_draft(self.home, *key, one.wire_id, one.draft, one.incarnation, salts[i]));
    }
  };
  co_await self.pool.run(sign);
  co_return envelopes;
}

// Places waiting[first] up to waiting[last - 1] in one closure: all or none.
Task<> place(LoopParts& self, const std::vector<Signable>& waiting, const Envelopes& envelopes,
             std::size_t first, std::size_t last, TimePoint now) {
  const core::ChanceSeed seed = self.random.seed();
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    core::Moment moment{now, core::Chance{seed}};
    for (std::size_t i = first; i < last; ++i) {
      if (!envelopes[i]) return envelopes[i].error();
      CPC_TRY(core::place_own_event(tx, self.home, moment, waiting[i].draft.conversation,
                                    envelopes[i].value()));
    }
    return success();
  };
  core::Keys keys;
  for (std::size_t i = first; i < last; ++i) {
    keys.emplace_back(core::ConversationKey{waiting[i].draft.conversation});
    keys.emplace_back(waiting[i].draft.key());
  }
  co_return co_await self.store.transact(std::move(keys), rules);
}

Task<> give_up(LoopParts& self, const core::EventKey& key, const Error& why) {
  self.log.error("draft could not be signed or placed",
                 {{"event", to_text(key.id)}, {"reason", why.detail}});
  const auto rules = [&](core::Transaction& tx) {
    return core::fail_draft(tx, self.home, key, "NOT_SIGNED");
  };
  const core::Keys no_keys;
  co_return co_await self.store.transact(no_keys, rules);
}

// One by one, after a batch failed: a draft that can never be placed is given up, so that it does
// not hold up the others. Fails with conflict when one has to be signed anew, because its
// conversation moved while it was signed.
Task<> place_each(LoopParts& self, const std::vector<Signable>& waiting, const Envelopes& envelopes,
                  TimePoint now) {
  Result<> all = success();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const Result<> placed = co_await place(self, waiting, envelopes, i, i + 1, now);
    if (placed) continue;
    if (placed.error().code == ErrorCode::unavailable) co_return placed;
    if (placed.error().code == ErrorCode::conflict) {
      all = placed;
      continue;
    }
    CPC_CO_TRY(co_await give_up(self, waiting[i].draft.key(), placed.error()));
  }
  co_return all;
}

// Signs and places what waits. True when there may be more.
Task<bool> sign_waiting(LoopParts& self) {
  CPC_CO_TRY(const auto waiting, co_await find_drafts(self));
  if (waiting.empty()) co_return false;
  // Of before they are signed: a key that is revoked meanwhile counts for the time they claim.
  const TimePoint now = self.timers.now();
  const Envelopes envelopes = co_await sign_all(self, waiting, now);
  const Result<> placed = co_await place(self, waiting, envelopes, 0, waiting.size(), now);
  const bool is_refused = !placed && placed.error().code != ErrorCode::unavailable;
  if (!placed && !is_refused) co_return placed.error();
  if (is_refused) {
    CPC_CO_TRY(co_await place_each(self, waiting, envelopes, now));
  }
  co_return waiting.size() == drafts_max;
}

}  // namespace

Result<core::VerifiedEnvelope> sign_draft(const core::Home& home, const crypto::SigningKey& key,
                                          const core::WireId& wire_id, const core::Event& draft,
                                          const core::Incarnation& incarnation, Bytes salt) {
  core::EventHeader header{wire_id,  draft.type, home.iid, draft.member,
                           draft.id, draft.time, Digest{}};
  Bytes body;
  switch (core::event_type(draft.type)) {
    case core::EventType::conversation_create:
      body = create_body();
      break;
    case core::EventType::member_join:
      body = join_body(*draft.sender, incarnation);
      break;
    case core::EventType::message_post: {
      CPC_TRY(body, core::open_body(home, draft));
      break;
    }
    case core::EventType::unknown:
      return fail(ErrorCode::internal, "a draft of unknown type");
  }
  return EnvelopeCodec::sign(std::move(header), std::move(body), std::move(salt), key);
}

boost::asio::awaitable<void> run_signing_loop(LoopParts& self) {
  routing::Signal news{co_await boost::asio::this_coro::executor};
  const auto registration = self.wake_ups.listen([&](const core::Committed& committed) {
    if (committed.touched.drafts) news.notify();
  });
  for (;;) {
    const Result<bool> more = co_await sign_waiting(self);
    if (more && more.value()) continue;
    const bool is_moved = !more && more.error().code == ErrorCode::conflict;
    if (!more && !is_moved) {
      self.log.error("drafts could not be signed", {{"reason", more.error().detail}});
    }
    const routing::SteadyPoint due =
        self.timers.steady_now() +
        (more ? Milliseconds{loop_look_anyway} : Milliseconds{loop_retry_after});
    co_await news.wait_until(self.timers, due);
  }
}

}  // namespace cpc::federation
