#include "routing/head_loop.h"

#include <algorithm>
#include <set>
#include <utility>

#include "routing/delivery_step.h"
#include "routing/signal.h"
#include "routing/within.h"

namespace cpc::routing {

namespace asio = boost::asio;

// What is wanted of one hub. The store has no list of it: who is started again compares everything.
struct HeadLoops::HubLoop {
  HubLoop(core::InstanceName hub, const asio::any_io_executor& executor, SteadyPoint first_at)
      : name(std::move(hub)), signal(executor), due(first_at) {}
  core::InstanceName name;
  Signal signal;
  SteadyPoint due;        // Of the next comparison.
  bool wants_all = true;  // Or only what moved lately.
  std::optional<SteadyPoint> compared_at;
  std::set<core::WireId> to_pull;
  std::map<core::WireId, SteadyPoint> pulled_at;  // Lately; so a lying hub is asked seldom.
};

namespace {

constexpr int replies_max = 64;  // Of one log in one turn.

// What is news of one kind, told in one line: a peer may tell of five hundred logs at a time.
struct News {
  core::HeadFinding first;
  std::int64_t logs = 0;
};
std::string_view sentence_of(core::HeadVerdict verdict, core::LaneKind kind) {
  if (verdict == core::HeadVerdict::agreed) return "a lane goes on: both hold the same again";
  if (verdict == core::HeadVerdict::fork) return "a log has two histories; its lane is stopped";
  return kind == core::LaneKind::log
             ? "our store lost entries of a log that a copy has; its lane is stopped"
             : "a hub lost entries of a log that we have; its lane is stopped";
}

void tell(Log& log, const core::InstanceName& peer, core::LaneKind kind, const News& news) {
  const core::HeadVerdict verdict = news.first.verdict;
  const std::string conversation = to_text(news.first.conversation);
  const std::string_view sentence = sentence_of(verdict, kind);
  if (verdict == core::HeadVerdict::agreed) {
    log.info(sentence,
             {{"peer", peer.text()}, {"conversation", conversation}, {"logs", news.logs}});
    return;
  }
  log.error(sentence, {{"peer", peer.text()},
                       {"conversation", conversation},
                       {"logs", news.logs},
                       {"code", core::to_text(verdict)}});
}

}  // namespace

HeadLoops::HeadLoops(const asio::any_io_executor& executor, HeadParts& parts)
    : executor_(executor), parts_(parts), permits_(executor, parts.settings.hubs_at_a_time) {}

HeadLoops::~HeadLoops() = default;

void HeadLoops::start() {
  parts_.tasks.start("comparing heads", begin());
}

void HeadLoops::compare_all(const core::InstanceName& hub) {
  HubLoop& loop = loop_of(hub, parts_.timers.steady_now());
  loop.wants_all = true;
  loop.due = parts_.timers.steady_now();
  if (loop.compared_at) {
    loop.due = std::max(loop.due, *loop.compared_at + parts_.settings.compare_interval_min);
  }
  loop.signal.notify();
}

void HeadLoops::pull(const core::InstanceName& hub, const core::WireId& wire_id) {
  HubLoop& loop = loop_of(hub, parts_.timers.steady_now());
  loop.to_pull.insert(wire_id);
  loop.signal.notify();
}

HeadLoops::HubLoop& HeadLoops::loop_of(const core::InstanceName& hub, SteadyPoint first_at) {
  auto& loop = loops_[hub];
  if (loop) return *loop;
  loop = std::make_shared<HubLoop>(hub, executor_, first_at);
  parts_.tasks.start("comparing heads with " + hub.text(), run_hub(loop));
  return *loop;
}

Milliseconds HeadLoops::interval() {
  const auto chance = static_cast<unsigned char>(parts_.random.bytes(1).front());
  return parts_.settings.interval * 3 / 4 + parts_.settings.interval / 2 * chance / 255;
}

asio::awaitable<void> HeadLoops::begin() {
  Milliseconds pause = pause_min;
  Result<std::vector<core::InstanceName>> found = co_await hubs();
  while (!found) {
    co_await parts_.timers.sleep_until(parts_.timers.steady_now() + pause);
    pause = std::min(pause * 2, pause_max);
    found = co_await hubs();
  }
  const SteadyPoint now = parts_.timers.steady_now();
  std::size_t index = 0;
  for (const core::InstanceName& hub : found.value()) {
    loop_of(hub, first_greeting_at(index++, found.value().size(), now));
  }
  // Whoever became one since.
  for (;;) {
    const SteadyPoint due = parts_.timers.steady_now() + interval();
    co_await parts_.timers.sleep_until(due);
    found = co_await hubs();
    if (!found) continue;
    for (const core::InstanceName& hub : found.value()) {
      loop_of(hub, parts_.timers.steady_now());
    }
  }
}

Task<std::vector<core::InstanceName>> HeadLoops::hubs() {
  std::vector<core::InstanceName> hubs;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    hubs.clear();
    CPC_TRY(auto hub, store.next_hub({}));
    while (hub) {
      if (*hub != parts_.home.name) hubs.push_back(*hub);
      CPC_TRY(hub, store.next_hub(*hub));
    }
    return success();
  };
  CPC_CO_TRY(co_await parts_.store.read(look));
  co_return hubs;
}

asio::awaitable<void> HeadLoops::run_hub(std::shared_ptr<HubLoop> loop) {
  for (;;) {
    const bool is_due = loop->due <= parts_.timers.steady_now();
    if (!is_due && loop->to_pull.empty()) {
      co_await loop->signal.wait_until(parts_.timers, loop->due);
      continue;
    }
    const Permits::Permit permit = co_await permits_.acquire();
    if (is_due) {
      const bool is_all = std::exchange(loop->wants_all, false);
      loop->compared_at = parts_.timers.steady_now();
      loop->due = *loop->compared_at + interval();
      const TimePoint since =
          is_all ? TimePoint{} : parts_.timers.now() - parts_.settings.active_within;
      const Result<> compared = co_await compare(loop, since);
      if (!compared) loop->wants_all = loop->wants_all || is_all;
    }
    const Result<> pulled = co_await pull_wanted(loop);
    if (!pulled) {
      loop->wants_all = true;  // The next comparison finds it again, however old the log is.
      // Whoever is away need not be asked about each of the others.
      if (pulled.error().code == ErrorCode::unavailable) loop->to_pull.clear();
      parts_.log.warn("what a log lacks here could not be pulled",
                      {{"hub", loop->name.text()}, {"reason", pulled.error().detail}});
    }
  }
}

Task<> HeadLoops::compare(std::shared_ptr<HubLoop> loop, TimePoint since) {
  core::HeadPage page;
  page.has_more = true;
  while (page.has_more) {
    const core::ConversationId after = page.last;
    const auto look = [&](core::Snapshot& store) -> Result<> {
      CPC_TRY(page, core::heads_at(store, loop->name, after, since));
      return success();
    };
    CPC_CO_TRY(co_await parts_.store.read(look));
    if (page.heads.empty()) continue;
    std::vector<core::LogHead> told = page.heads;
    CPC_CO_TRY(HeadExchange::Compared compared,
               co_await within(parts_.timers, parts_.settings.exchange_max,
                               parts_.hubs.compare(loop->name, page.heads)));
    CPC_CO_TRY(co_await judge(loop, std::move(told), std::move(compared)));
  }
  co_return success();
}

Task<> HeadLoops::judge(std::shared_ptr<HubLoop> loop, std::vector<core::LogHead> told,
                        HeadExchange::Compared compared) {
  std::vector<core::HeadFinding> findings;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(findings, core::judge_answers(store, loop->name, told, compared.answers));
    return success();
  };
  CPC_CO_TRY(co_await parts_.store.read(look));
  for (const core::HeadFinding& finding : findings) {
    if (finding.verdict == core::HeadVerdict::lacking) loop->to_pull.insert(finding.wire_id);
  }
  co_return co_await note(loop->name, core::LaneKind::submission, std::move(findings),
                          std::move(compared.proof));
}

void HeadLoops::found_as_hub(const core::InstanceName& copy,
                             std::vector<core::HeadFinding> findings) {
  parts_.tasks.start("heads of " + copy.text(), note_as_hub(copy, std::move(findings)));
}

asio::awaitable<void> HeadLoops::note_as_hub(core::InstanceName copy,
                                             std::vector<core::HeadFinding> findings) {
  const Result<> noted = co_await note(copy, core::LaneKind::log, std::move(findings), {});
  // The copy asks again within the hour; the gate has told the operator why it failed.
  static_cast<void>(noted);
}

Task<> HeadLoops::note(core::InstanceName peer, core::LaneKind kind,
                       std::vector<core::HeadFinding> findings, Bytes proof) {
  std::erase_if(findings, [](const core::HeadFinding& finding) {
    return finding.verdict == core::HeadVerdict::lacking;
  });
  if (findings.empty()) co_return success();
  std::map<core::HeadVerdict, News> news;
  core::Keys keys;
  for (const auto& finding : findings) {
    keys.emplace_back(core::LaneKey{peer, kind, finding.conversation});
  }
  const auto record = [&](core::Transaction& tx) -> Result<> {
    news.clear();
    core::Evidence evidence{peer, core::evidence_of_heads, parts_.timers.now(), {}, {}, proof};
    for (const core::HeadFinding& finding : findings) {
      CPC_TRY(const bool is_new, core::note_finding(tx, peer, kind, finding));
      if (is_new) ++news.try_emplace(finding.verdict, News{finding}).first->second.logs;
      if (!is_new || finding.verdict == core::HeadVerdict::agreed) continue;
      if (evidence.code.empty()) evidence.code = core::to_text(finding.verdict);
      evidence.lanes +=
          core::evidence_lane(static_cast<std::uint8_t>(core::LaneKind::log), finding.wire_id);
    }
    const bool is_kept = !proof.empty() && proof.size() <= core::evidence_proof_bytes_max;
    if (is_kept && !evidence.code.empty()) tx.put(std::move(evidence));
    return success();
  };
  CPC_CO_TRY(co_await parts_.store.transact(std::move(keys), record));
  for (const auto& [verdict, one] : news) tell(parts_.log, peer, kind, one);
  co_return success();
}

Task<> HeadLoops::pull_wanted(std::shared_ptr<HubLoop> loop) {
  const SteadyPoint now = parts_.timers.steady_now();
  std::erase_if(loop->pulled_at,
                [&](const auto& one) { return one.second + parts_.settings.pull_interval <= now; });
  while (!loop->to_pull.empty()) {
    const core::WireId wire_id = *loop->to_pull.begin();
    loop->to_pull.erase(loop->to_pull.begin());
    if (!loop->pulled_at.emplace(wire_id, now).second) continue;
    CPC_CO_TRY(const bool has_more, co_await pull_log(loop->name, wire_id));
    if (!has_more) continue;
    loop->wants_all = true;
    loop->due = std::min(loop->due, now + parts_.settings.pull_interval);
  }
  co_return success();
}

Task<bool> HeadLoops::pull_log(core::InstanceName hub, core::WireId wire_id) {
  std::size_t entries = 0;
  bool has_more = true;
  // A hub that gives an entry at a time holds its permit no longer than others.
  for (int replies = 0; has_more && replies < replies_max; ++replies) {
    std::optional<core::Position> after;
    const auto look = [&](core::Snapshot& store) -> Result<> {
      CPC_TRY(const auto found, store.find(core::ConversationByWireKey{wire_id}));
      if (!found) return success();
      CPC_TRY(const auto conversation, store.find(core::ConversationKey{found->id}));
      if (conversation && conversation->hub == hub) after = conversation->head.position;
      return success();
    };
    CPC_CO_TRY(co_await parts_.store.read(look));
    if (!after) co_return false;
    CPC_CO_TRY(const HeadExchange::Pulled pulled,
               co_await within(parts_.timers, parts_.settings.exchange_max,
                               parts_.hubs.pull(hub, wire_id, *after)));
    core::Answer answer;
    const core::ChanceSeed seed = parts_.random.seed();
    const TimePoint now = parts_.timers.now();
    const auto apply = [&](core::Transaction& tx) -> Result<> {
      const core::Moment moment{now, core::Chance{seed}};
      CPC_TRY(answer, core::apply_batch(tx, parts_.home, moment, pulled.origin, pulled.batch,
                                        parts_.settings.limits));
      return success();
    };
    CPC_CO_TRY(co_await parts_.store.transact(core::keys_of(pulled.origin, pulled.batch), apply));
    const core::LaneAnswer& lane = answer.lanes.front();
    if (lane.verdict != core::LaneVerdict::ok) {
      co_return fail(ErrorCode::conflict, std::string{wire_name(lane.verdict)} + " " + lane.code +
                                              " in " + to_text(wire_id));
    }
    entries += pulled.batch.logs.front().items.size();
    // Whoever says that there is more and gives nothing would be asked for ever.
    has_more = pulled.has_more && lane.position > *after;
  }
  if (entries > 0) {
    parts_.log.warn("entries that were lost here came back from their hub",
                    {{"hub", hub.text()},
                     {"conversation", to_text(wire_id)},
                     {"entries", static_cast<std::int64_t>(entries)}});
  }
  co_return has_more;
}

}  // namespace cpc::routing
