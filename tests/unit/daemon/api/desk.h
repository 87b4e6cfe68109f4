// One instance in memory with its client API in front: the real engine, resolvers and rules over a
// MemoryStore, in virtual time. No socket, and no password is hashed.
//
// Start here: Desk::ask().
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "daemon/api/client_api.h"
#include "daemon/api/client_server.h"
#include "tests/support/kept_log.h"
#include "tests/support/keyring.h"
#include "tests/support/two_instances.h"
#include "tests/support/virtual_timers.h"

namespace cpc::api {

namespace asio = boost::asio;
using nlohmann::json;

/// The store of `instance`, and what may go wrong with it.
class DeskGate final : public routing::StoreGate {
 public:
  DeskGate(tests::Instance& instance, routing::WakeUps& wake_ups)
      : instance_(instance), wake_ups_(wake_ups) {}

  std::function<void(int)> before_read;  ///< Told how many reads there were before.
  std::optional<Error> failure;          ///< What every call fails with.
  int reads = 0;

  Task<> transact(core::Keys, core::Closure closure) override {
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    if (failure) co_return *failure;
    CPC_CO_TRY(const core::Committed committed, instance_.store.transact(closure));
    wake_ups_.dispatch(committed);
    co_return success();
  }
  Task<> read(std::function<Result<>(core::Snapshot&)> look) override {
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    if (before_read) before_read(reads);
    ++reads;
    if (failure) co_return *failure;
    co_return look(instance_.look());
  }

 private:
  tests::Instance& instance_;
  routing::WakeUps& wake_ups_;
};

class CountingRandom final : public routing::Random {
 public:
  Bytes bytes(std::size_t count) override {
    return tests::hash_of("random " + std::to_string(++drawn_)).substr(0, count);
  }

 private:
  int drawn_ = 0;
};

class InlinePool final : public routing::CryptoPool {
 public:
  asio::awaitable<void> run(std::function<void()> work) override {
    work();
    co_return;
  }
};

inline crypto::SigningKey desk_key(std::string_view name) {
  return crypto::SigningKey::from_seed(tests::id_of<crypto::Seed>(name));
}

struct Desk {
  TimePoint now = tests::VirtualTimers::start_of_time;
  asio::io_context io;
  tests::VirtualTimers timers{io};
  tests::KeptLog log;
  tests::Instance alpha{"alpha.cpc", "desk", now};
  federation::Keyring keys =
      tests::keyring_of(alpha.name(), desk_key("root"), desk_key("signing"), now);
  routing::WakeUps wake_ups;
  routing::PeerHealth health;
  DeskGate gate{alpha, wake_ups};
  CountingRandom random;
  InlinePool pool;
  Result<> hashed = success();  ///< What hashing a password comes to; it never fits.
  std::unique_ptr<graphql::Engine> engine = make_client_engine(log).value();
  ApiParts parts{alpha.home(),
                 keys,
                 gate,
                 timers,
                 random,
                 pool,
                 [this](std::function<void()>) { return hash(); },
                 wake_ups,
                 health,
                 log,
                 {},
                 RateLimit{2},
                 RateLimit{2}};
  ClientServer server{parts, *engine};

  /// What `work` returns; what it still waits for after that is not waited for.
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(io, keep(std::move(work), result), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    REQUIRE(timers.pass_until([&] { return result.has_value(); }));
    return *std::move(result);
  }

  [[nodiscard]] std::string token_of(const std::string& local) {
    const auto account = alpha.store.row<core::Account>({local}).value();
    const core::SessionClaim claim{local, account.incarnation, account.session_generation};
    return make_token(claim, alpha.name(), timers.now(), std::chrono::hours{1},
                      *keys.signing(timers.now()));
  }

  /// A request as a client sends it; `local` empty: without a token.
  federation::HttpReply post(const std::string& local, const std::string& document,
                             std::vector<federation::HttpHeader> headers = {},
                             const std::string& address = "192.0.2.1") {
    federation::HttpRequest request;
    request.method = "POST";
    request.path = "/graphql";
    request.headers.list = std::move(headers);
    request.headers.list.push_back({"content-type", "application/json"});
    if (!local.empty()) {
      request.headers.list.push_back({"authorization", "Bearer " + token_of(local)});
    }
    request.body = json{{"query", document}}.dump();
    federation::PeerInfo peer;
    peer.address = address;
    return run(server.handle(std::move(request), std::move(peer)));
  }
  json ask(const std::string& local, const std::string& document) {
    return json::parse(post(local, document).body);
  }
  /// The data of an answer without errors.
  json data(const std::string& local, const std::string& document) {
    json answer = ask(local, document);
    INFO(answer.dump());
    REQUIRE_FALSE(answer.contains("errors"));
    return answer.at("data");
  }
  [[nodiscard]] std::int64_t last_n() const { return alpha.store.last_n(); }

 private:
  Task<> hash() { co_return hashed; }

  template <class T>
  static asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
  }
};

inline std::string code_of(const json& answer) {
  if (!answer.contains("errors")) return "";
  return answer.at("errors").at(0).at("extensions").at("code");
}

}  // namespace cpc::api
