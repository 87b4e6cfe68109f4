#include "daemon/worker_pool.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace cpc::daemon {

boost::asio::awaitable<void> WorkerPool::run(std::function<void()> work) {
  // Nothing here listens to a cancellation: what was handed over is finished before we return,
  // because `work` refers to our caller.
  const auto home = co_await boost::asio::this_coro::executor;
  std::exception_ptr thrown;
  const auto start = [&](auto done) {
    boost::asio::post(threads_, [&work, &thrown, done = std::move(done),
                                 alive = boost::asio::make_work_guard(home)]() mutable {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      boost::asio::post(alive.get_executor(), std::move(done));
    });
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      start, boost::asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
}

void WorkerPool::stop() {
  threads_.join();
}

Task<> PasswordThread::run(std::function<void()> work) {
  if (waiting_ >= waiting_max) co_return fail(ErrorCode::unavailable, "too many sign-ins at once");
  struct Place {
    explicit Place(std::size_t& taken) : waiting(taken) { ++waiting; }
    ~Place() { --waiting; }
    std::size_t& waiting;
  };
  const Place place{waiting_};
  co_await pool_.run(std::move(work));
  co_return success();
}

}  // namespace cpc::daemon
