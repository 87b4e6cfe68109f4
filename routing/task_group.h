// Where coroutines are started that nobody awaits: loops, connections, probes. The group counts
// them, tells the operator when one ends by an exception, and can stop and wait; nothing else in
// the project detaches. Shutdown is `group.stop(); co_await group.wait();`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <string>

#include "core/base/log.h"

namespace cpc::routing {

/// Network thread only. Outlives its tasks: destroy it after wait() returned, or after the
/// executor's context is gone.
class TaskGroup {
 public:
  TaskGroup(boost::asio::any_io_executor executor, Log& log);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task`, after the caller's own turn. `name` stands in the log if an exception escapes
  /// from it; the others run on. After stop() nothing starts any more, and `task` is dropped.
  void start(std::string name, boost::asio::awaitable<void> task);

  /// Cancels every task: what it waits for ends early, and its next wait throws. Idempotent; may be
  /// called by a task of the group.
  void stop();
  [[nodiscard]] bool is_stopping() const { return is_stopping_; }

  /// Returns when no task runs. Not for a task of the group itself, which would wait for ever.
  [[nodiscard]] boost::asio::awaitable<void> wait();

  [[nodiscard]] std::size_t count() const { return running_.size(); }

 private:
  struct Running;
  void finished(std::list<std::shared_ptr<Running>>::iterator task,
                const std::exception_ptr& problem);

  boost::asio::any_io_executor executor_;
  Log& log_;
  bool is_stopping_ = false;
  std::list<std::shared_ptr<Running>> running_;
  boost::asio::steady_timer bell_;  // Never runs out; cancelled when the last task has ended.
};

}  // namespace cpc::routing
