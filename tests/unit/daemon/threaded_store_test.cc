// The store's threads seen from the network thread: what was answered is committed, who waits is
// woken after the commit, and nobody's closure outlives its caller.

#include "daemon/threaded_store.h"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "store/sqlite_database.h"
#include "store/sqlite_store.h"
#include "tests/support/forwarding_connection.h"
#include "tests/support/kept_log.h"
#include "tests/support/temporary_folder.h"

namespace cpc::daemon {
namespace {

namespace asio = boost::asio;

template <class Id>
Id id_of(char letter) {
  return Id::from_bytes(Bytes(Id::size, letter)).value();
}

core::Account account(const std::string& local) {
  core::Account row;
  row.local = local;
  row.password_hash = "x";
  return row;
}

// While told so, it commits without saying so, and can be asked nothing.
class LosingConnection final : public tests::ForwardingConnection {
 public:
  LosingConnection(std::unique_ptr<store::Connection> inner, const std::atomic<bool>& is_losing)
      : ForwardingConnection(std::move(inner)), is_losing_(is_losing) {}
  Result<> commit() override {
    Result<> done = ForwardingConnection::commit();
    if (is_losing_) return lost();
    return done;
  }
  Result<> query(std::string_view sql, store::Parameters parameters,
                 const store::EachRow& each) override {
    if (is_losing_) return lost();
    return ForwardingConnection::query(sql, parameters, each);
  }

 private:
  static Result<> lost() { return fail(ErrorCode::unavailable, "the connection is lost"); }
  const std::atomic<bool>& is_losing_;
};

struct Scene {
  std::atomic<bool> is_losing = false;
  tests::TemporaryFolder folder;
  asio::io_context io;
  routing::WakeUps wake_ups;
  tests::KeptLog log;
  bool was_fenced_off = false;
  std::unique_ptr<store::Store> store = open();
  std::unique_ptr<ThreadedStoreGate> gate =
      ThreadedStoreGate::open(*store, io.get_executor(), wake_ups, log, [this] {
        was_fenced_off = true;
      }).value();

  [[nodiscard]] std::unique_ptr<store::Store> open() const {
    store::SqliteOptions options;
    options.path = folder / "store.db";
    options.claim = {core::InstanceName::parse("alpha.cpc").value(),
                     id_of<core::Iid>('i'),
                     id_of<core::StoreEpoch>('e'),
                     id_of<store::Fence>('f'),
                     id_of<store::MasterKeyId>('m'),
                     from_milliseconds(1)};
    options.decorate = [this](std::unique_ptr<store::Connection> inner) {
      return std::make_unique<LosingConnection>(std::move(inner), is_losing);
    };
    return store::open_sqlite_store(options).value();
  }
  template <class Coroutine>
  void run(Coroutine coroutine) {
    asio::co_spawn(io, coroutine, [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    io.restart();
    io.run();
  }
  Task<> put(std::string local) {
    const auto closure = [&](core::Transaction& tx) -> Result<> {
      tx.put(account(local));
      tx.touched().accounts[local].everything = true;
      return success();
    };
    const core::Keys keys(1, core::AccountKey{local});
    co_return co_await gate->transact(keys, closure);
  }
  Task<bool> has(std::string local) {
    bool found = false;
    const auto look = [&](core::Snapshot& snapshot) -> Result<> {
      CPC_TRY(const auto row, snapshot.find(core::AccountKey{local}));
      found = row.has_value();
      return success();
    };
    CPC_CO_TRY(co_await gate->read(look));
    co_return found;
  }
};

}  // namespace

TEST_CASE("what transact answered is seen by every later look, and waked after its commit") {
  Scene s;
  std::vector<std::int64_t> heard;
  const auto registration =
      s.wake_ups.listen([&](const core::Committed& committed) { heard.push_back(committed.n); });
  s.run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 20; ++i) {
      const std::string local = "person" + std::to_string(i);
      const Result<> stored = co_await s.put(local);
      CHECK(stored);
      REQUIRE_FALSE(heard.empty());
      std::int64_t committed = -1;
      const auto look = [&](core::Snapshot& snapshot) -> Result<> {
        CPC_TRY(committed, snapshot.last_n());
        return success();
      };
      CHECK(co_await s.gate->read(look));
      CHECK(heard.back() == committed);
      const Result<bool> found = co_await s.has(local);
      CHECK(found.value());
    }
  });
  CHECK(std::is_sorted(heard.begin(), heard.end()));
}

TEST_CASE("callers at the same time share commits, and each gets its own result") {
  Scene s;
  constexpr int callers = 500;
  int done = 0;
  int refused = 0;
  const auto caller = [&](int number) -> asio::awaitable<void> {
    if (number % 10 == 0) {
      const auto refusing = [](core::Transaction&) -> Result<> {
        return fail(ErrorCode::conflict, "no");
      };
      const Result<> result = co_await s.gate->transact({}, refusing);
      if (!result && result.error().code == ErrorCode::conflict) ++refused;
      co_return;
    }
    const Result<> result = co_await s.put("person" + std::to_string(number));
    if (result) ++done;
  };
  for (int i = 0; i < callers; ++i) asio::co_spawn(s.io, caller(i), asio::detached);
  s.io.run();
  CHECK(done == callers * 9 / 10);
  CHECK(refused == callers / 10);
  s.gate->stop();
  CHECK(s.store->gate().statistics().commits < callers / 4);
}

TEST_CASE("a caller that is cancelled still owns what its closure works on") {
  Scene s;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  bool has_run = false;
  bool has_gone_on = false;
  asio::cancellation_signal cancel;
  const auto caller = [&]() -> asio::awaitable<void> {
    const std::string own = "anna";
    const auto closure = [&](core::Transaction& tx) -> Result<> {
      opened.wait();
      tx.put(account(own));
      has_run = true;
      return success();
    };
    const Result<> result = co_await s.gate->transact({}, closure);
    has_gone_on = true;
    CHECK(has_run);
    CHECK(result);
  };
  asio::co_spawn(s.io, caller(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  s.io.poll();
  cancel.emit(asio::cancellation_type::terminal);
  s.io.poll();
  CHECK_FALSE(has_gone_on);
  gate.set_value();
  s.io.restart();
  s.io.run();
  CHECK(has_gone_on);
}

TEST_CASE("stopping commits what waits, and says no to what comes after") {
  Scene s;
  int done = 0;
  const auto caller = [&](std::string local) -> asio::awaitable<void> {
    const Result<> result = co_await s.put(local);
    if (result) ++done;
  };
  for (int i = 0; i < 50; ++i) {
    asio::co_spawn(s.io, caller("person" + std::to_string(i)), asio::detached);
  }
  s.io.poll();
  s.gate->stop();
  Result<> late = success();
  s.run([&]() -> asio::awaitable<void> { late = co_await s.put("late"); });
  CHECK(done == 50);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::unavailable);
}

TEST_CASE("a commit in doubt is told soon after the store is back, though nobody writes") {
  Scene s;
  std::optional<core::Committed> gap;
  const auto registration = s.wake_ups.listen([&](const core::Committed& committed) {
    if (committed.has_gap) gap = committed;
  });
  s.is_losing = true;
  s.run([&]() -> asio::awaitable<void> {
    const Result<> stored = co_await s.put("anna");
    CHECK_FALSE(stored);
  });
  CHECK(s.gate->failure());
  s.is_losing = false;
  const auto waits = asio::make_work_guard(s.io);
  s.io.restart();
  while (!gap) s.io.run_one();
  CHECK_FALSE(s.gate->failure());
  CHECK(s.log.count("the store works again") == 1);
  s.gate->stop();
  CHECK(gap->n == s.store->gate().last_n());
}

TEST_CASE("the daemon is told once when another one took over the store") {
  Scene s;
  const auto meddle = [&] {
    auto other = store::SqliteDatabase{s.folder / "store.db"}.connect(store::Access::write);
    REQUIRE(other.value()->run_script("UPDATE owner SET fence = zeroblob(16)"));
  };
  meddle();
  s.run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      const Result<> stored = co_await s.put("anna");
      CHECK_FALSE(stored);
    }
  });
  CHECK(s.was_fenced_off);
  CHECK(s.log.count("another daemon took over the store") == 1);
}

}  // namespace cpc::daemon
