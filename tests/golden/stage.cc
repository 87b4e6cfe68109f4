#include "tests/golden/stage.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <cstdlib>

#include "core/account.h"
#include "core/conversation.h"
#include "crypto/digest.h"
#include "daemon/api/messenger.h"
#include "daemon/api/views.h"
#include "tests/support/keyring.h"

namespace cpc::golden {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using sim::SimInstance;

constexpr std::size_t rows_max = 1000;

Bytes secret(const std::string& name, const char* what) {
  return crypto::sha256("golden " + name + what).bytes();
}

[[noreturn]] void give_up(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), why.c_str());
  std::abort();
}

Task<> send(SimInstance& at, std::string local, core::Address to, std::string text) {
  CPC_CO_TRY(const auto chat, co_await api::start_conversation(at.api(), local, to));
  api::OutgoingText outgoing{local, chat, text, "id of " + text};
  CPC_CO_TRY(co_await api::send_text(at.api(), std::move(outgoing)));
  co_return success();
}

Task<> commit(SimInstance& at, core::Closure closure) {
  const core::Keys no_keys;
  co_return co_await at.api().store.transact(no_keys, std::move(closure));
}

asio::awaitable<void> keep(asio::awaitable<Result<>> work,
                           std::shared_ptr<std::optional<Result<>>> outcome) {
  outcome->emplace(co_await std::move(work));
}

asio::awaitable<void> keep_reply(Task<federation::HttpReply> work,
                                 std::shared_ptr<std::optional<Result<federation::HttpReply>>> to) {
  to->emplace(co_await std::move(work));
}

core::ChangePage changes_of(SimInstance& at, const core::Address& person) {
  core::ChangePage page;
  const Result<> seen = at.look([&](core::Snapshot& store) -> Result<> {
    CPC_TRY(page, store.changes(person, 0, rows_max));
    return success();
  });
  if (!seen) give_up("what changed", seen.error().detail);
  return page;
}

}  // namespace

sim::SimKeys golden_keys(const std::string& name) {
  const auto key = [&](const char* what) {
    return crypto::SigningKey::from_seed(crypto::Seed::from_bytes(secret(name, what)).value());
  };
  const TimePoint born = tests::VirtualTimers::start_of_time;
  federation::Keyring ring = tests::keyring_of(core::InstanceName::parse(name).value(),
                                               key(" root"), key(" signing"), born);
  const auto sealing = crypto::Seed::from_bytes(secret(name, " sealing")).value();
  ring.sealing.add(crypto::SealingKey::from_private(sealing), born);
  return {std::move(ring), crypto::MasterKey::from_bytes(secret(name, " master")).value()};
}

Stage::Stage(const std::filesystem::path& folder)
    : alpha({io, timers, network}, "alpha.cpc", folder / "alpha.cpc", sim::Dice{3},
            golden_keys("alpha.cpc")),
      beta({io, timers, network}, "beta.cpc", folder / "beta.cpc", sim::Dice{4},
           golden_keys("beta.cpc")) {}

Stage::~Stage() {
  for (SimInstance* one : {&alpha, &beta}) {
    if (one->is_up()) one->crash();
  }
  timers.pass(std::chrono::minutes{1});  // What is still on its way finds nobody.
}

void Stage::run(SimInstance& at, asio::awaitable<Result<>> work) {
  const auto outcome = std::make_shared<std::optional<Result<>>>();
  at.start("person", keep(std::move(work), outcome));
  if (!timers.pass_until([&] { return outcome->has_value(); })) give_up("a person", "no end");
  if (!**outcome) give_up("a person", (*outcome)->error().detail);
}

void Stage::add_person(SimInstance& at, const std::string& local) {
  const core::Moment moment{timers.now(), core::Chance{random_.seed()}};
  run(at, commit(at, [moment, local](core::Transaction& tx) {
        return core::create_account(tx, moment, local, "no password fits");
      }));
  run(at, api::set_federation_opt_in(at.api(), local, std::nullopt, true));
}

void Stage::write(SimInstance& at, const std::string& local, const core::Address& to,
                  const std::string& text) {
  run(at, send(at, local, to, text));
}

void Stage::answer(SimInstance& at, const std::string& local, const core::Address& subject,
                   core::AnswerKind kind) {
  core::ConsentAnswer answer{local, subject, kind, 0};
  const Result<> seen = at.look([&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto consent,
            store.find(core::ConsentKey{local, core::ConsentType::messaging,
                                        core::ConsentScope::person, subject.text()}));
    if (consent) answer.version = consent->version;
    return success();
  });
  if (!seen) give_up("a consent", seen.error().detail);
  run(at, api::answer_contact(at.api(), answer));
}

void Stage::read_last(SimInstance& at, const std::string& local) {
  const core::Address person{local, at.name()};
  std::optional<core::EventKey> last;
  for (const core::Event& event : changes_of(at, person).events) {
    if (event.sender && *event.sender != person && event.position.seq > 0) last = event.key();
  }
  if (!last) give_up(person.text(), "nobody wrote");
  run(at, api::mark_read(at.api(), local, *last));
}

json Stage::shown_to(SimInstance& at, const std::string& local) {
  const core::Address person{local, at.name()};
  const api::Viewer viewer{at.home(), person};
  const core::ChangePage page = changes_of(at, person);
  json shown{{"messages", json::array()}, {"requests", json::array()}, {"consents", json::array()}};
  const Result<> seen = at.look([&](core::Snapshot& store) -> Result<> {
    for (const core::Event& event : page.events) {
      CPC_TRY(const auto chat, api::visible_conversation(store, viewer, event.conversation));
      CPC_TRY(json message, api::message_view(store, viewer, chat, event));
      message["with"] = core::other_than(chat, person).text();
      shown["messages"].push_back(std::move(message));
    }
    for (const core::ContactRequest& request : page.requests) {
      CPC_TRY(json one, api::request_view(store, viewer, request));
      shown["requests"].push_back(std::move(one));
    }
    for (const core::Consent& consent : page.consents) {
      shown["consents"].push_back(api::consent_view(at.home(), consent));
    }
    return success();
  });
  if (!seen) give_up("what is shown", seen.error().detail);
  return json::parse(shown.dump());  // As it is read again.
}

Result<federation::HttpReply> Stage::ask(const core::InstanceName& from,
                                         const core::InstanceName& to,
                                         federation::HttpRequest request) {
  const auto outcome = std::make_shared<std::optional<Result<federation::HttpReply>>>();
  asio::co_spawn(
      io,
      keep_reply(network.carry(from, to, std::move(request), std::chrono::seconds{30}), outcome),
      asio::detached);
  if (!timers.pass_until([&] { return outcome->has_value(); })) give_up("a request", "no end");
  return **outcome;
}

}  // namespace cpc::golden
