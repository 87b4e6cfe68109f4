// Work goes to another thread and its caller goes on at home, whatever becomes of it.

#include "daemon/worker_pool.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

namespace cpc::daemon {
namespace {

namespace asio = boost::asio;

}  // namespace

TEST_CASE("work runs on a thread of the pool, and the caller goes on at home") {
  asio::io_context io;
  WorkerPool pool{2};
  const auto home = std::this_thread::get_id();
  std::thread::id worked;
  std::thread::id went_on;
  const auto caller = [&]() -> asio::awaitable<void> {
    const auto work = [&] { worked = std::this_thread::get_id(); };
    co_await pool.run(work);
    went_on = std::this_thread::get_id();
  };
  asio::co_spawn(io, caller(), asio::detached);
  io.run();
  pool.stop();
  CHECK(worked != std::thread::id{});
  CHECK(worked != home);
  CHECK(went_on == home);
}

TEST_CASE("what throws in the pool throws at its caller, and the pool goes on") {
  asio::io_context io;
  WorkerPool pool{1};
  std::string caught;
  bool has_worked = false;
  const auto caller = [&]() -> asio::awaitable<void> {
    const auto throwing = [] { throw std::runtime_error{"out of luck"}; };
    try {
      co_await pool.run(throwing);
    } catch (const std::exception& error) {
      caught = error.what();
    }
    const auto work = [&] { has_worked = true; };
    co_await pool.run(work);
  };
  asio::co_spawn(io, caller(), asio::detached);
  io.run();
  pool.stop();
  CHECK(caught == "out of luck");
  CHECK(has_worked);
}

TEST_CASE("passwords wait in line, and the line is bounded") {
  asio::io_context io;
  PasswordThread passwords;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::size_t done = 0;
  std::size_t refused = 0;
  const auto caller = [&]() -> asio::awaitable<void> {
    const auto work = [opened] { opened.wait(); };
    const Result<> result = co_await passwords.run(work);
    if (result) ++done;
    if (!result && result.error().code == ErrorCode::unavailable) ++refused;
  };
  for (std::size_t i = 0; i < PasswordThread::waiting_max + 5; ++i) {
    asio::co_spawn(io, caller(), asio::detached);
  }
  io.poll();
  CHECK(refused == 5);
  CHECK(done == 0);
  gate.set_value();
  io.run();
  CHECK(done == PasswordThread::waiting_max);

  SECTION("and who threw does not keep a place in it") {
    const auto thrower = [&]() -> asio::awaitable<void> {
      const auto work = [] { throw std::runtime_error{"no memory"}; };
      try {
        static_cast<void>(co_await passwords.run(work));
      } catch (const std::exception&) {
        ++done;
      }
    };
    done = 0;
    for (std::size_t i = 0; i < 2 * PasswordThread::waiting_max; ++i) {
      asio::co_spawn(io, thrower(), asio::detached);
      io.restart();
      io.run();
    }
    CHECK(done == 2 * PasswordThread::waiting_max);
  }
  passwords.stop();
}

}  // namespace cpc::daemon
