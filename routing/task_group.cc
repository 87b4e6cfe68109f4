#include "routing/task_group.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

namespace cpc::routing {

namespace asio = boost::asio;

struct TaskGroup::Running {
  std::string name;
  asio::cancellation_signal cancel;
};

namespace {

// How Asio tells a coroutine that it was cancelled.
bool is_cancellation(const std::exception& problem) {
  const auto* error = dynamic_cast<const boost::system::system_error*>(&problem);
  return error != nullptr && error->code() == asio::error::operation_aborted;
}

// Never runs inside start(): who starts a task finishes what it is doing first. And Asio 1.81 lets
// an exception out of the io_context when a coroutine ends, cancelled, without ever having been
// suspended: here it was.
asio::awaitable<void> begin(asio::awaitable<void> task) {
  co_await asio::post(asio::as_tuple(asio::use_awaitable));
  co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor, Log& log)
    : executor_(std::move(executor)),
      log_(log),
      bell_(executor_, asio::steady_timer::time_point::max()) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::start(std::string name, asio::awaitable<void> task) {
  if (is_stopping_) return;
  auto running = std::make_shared<Running>();
  running->name = std::move(name);
  const auto at = running_.insert(running_.end(), running);
  // A plain lambda, not a coroutine: it holds what it captures until the task has ended.
  asio::co_spawn(executor_, begin(std::move(task)),
                 asio::bind_cancellation_slot(
                     running->cancel.slot(),
                     [this, at](const std::exception_ptr& problem) { finished(at, problem); }));
}

void TaskGroup::stop() {
  is_stopping_ = true;
  // A task may end inside emit(), or, when stop() is called from outside the executor, while its
  // cancellation is still on the way there. The copies keep its signal alive until all have
  // arrived.
  std::vector<std::shared_ptr<Running>> tasks(running_.begin(), running_.end());
  for (const auto& task : tasks) task->cancel.emit(asio::cancellation_type::terminal);
  asio::post(executor_, [arrived = std::move(tasks)] {});
}

asio::awaitable<void> TaskGroup::wait() {
  while (!running_.empty()) {
    co_await bell_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void TaskGroup::finished(std::list<std::shared_ptr<Running>>::iterator task,
                         const std::exception_ptr& problem) {
  const std::shared_ptr<Running> ended = *task;
  running_.erase(task);
  if (running_.empty()) bell_.cancel();
  if (!problem) return;
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& escaped) {
    if (is_stopping_ && is_cancellation(escaped)) return;
    log_.error("a task ended by an exception", {{"task", ended->name}, {"reason", escaped.what()}});
  } catch (...) {
    log_.error("a task ended by an exception", {{"task", ended->name}, {"reason", "unknown"}});
  }
}

}  // namespace cpc::routing
