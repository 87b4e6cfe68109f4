#include "daemon/threaded_store.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "routing/hand_over.h"

namespace cpc::daemon {
namespace {

using routing::HandOver;

struct PendingClosure {
  store::Work work;
  std::shared_ptr<HandOver> waiter;
};
struct PendingLook {
  std::function<Result<>(core::Snapshot&)> look;
  std::shared_ptr<HandOver> waiter;
};

}  // namespace

class ThreadedStoreGate::State {
 public:
  State(store::Store& store, boost::asio::any_io_executor network, routing::WakeUps& wake_ups,
        Log& log, std::function<void()> closed)
      : store_(store),
        network_(std::move(network)),
        wake_ups_(wake_ups),
        log_(log),
        closed_(std::move(closed)) {}

  Result<> start() {
    for (std::size_t i = 0; i < readers; ++i) {
      CPC_TRY(auto reader, store_.open_reader());
      readers_.push_back(std::move(reader));
    }
    threads_.emplace_back([this] { write_batches(); });
    for (auto& reader : readers_) {
      threads_.emplace_back([this, &reader = *reader] { serve_looks(reader); });
    }
    return success();
  }

  std::shared_ptr<HandOver> add(store::Work work) {
    auto waiter = std::make_shared<HandOver>(network_);
    const std::scoped_lock lock{mutex_};
    if (closures_.size() >= waiting_max || is_stopping_) {
      waiter->finish(fail(ErrorCode::unavailable, "too much waits for the store"));
      return waiter;
    }
    closures_.push_back({std::move(work), waiter});
    has_closures_.notify_one();
    return waiter;
  }

  std::shared_ptr<HandOver> add(std::function<Result<>(core::Snapshot&)> look) {
    auto waiter = std::make_shared<HandOver>(network_);
    const std::scoped_lock lock{mutex_};
    if (looks_.size() >= waiting_max || is_stopping_) {
      waiter->finish(fail(ErrorCode::unavailable, "too much waits for the store"));
      return waiter;
    }
    looks_.push_back({std::move(look), waiter});
    has_looks_.notify_one();
    return waiter;
  }

  void stop() {
    {
      const std::scoped_lock lock{mutex_};
      is_stopping_ = true;
    }
    has_closures_.notify_all();
    has_looks_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const std::optional<std::string>& failure() const { return failure_; }

 private:
  // Store thread.
  void write_batches() {
    for (;;) {
      std::vector<store::Work> batch;
      std::vector<std::shared_ptr<HandOver>> waiters;
      {
        std::unique_lock lock{mutex_};
        const auto has_reason = [&] { return is_stopping_ || !closures_.empty(); };
        if (store_.gate().is_in_doubt()) {
          has_closures_.wait_for(lock, settle_interval, has_reason);
        } else {
          has_closures_.wait(lock, has_reason);
        }
        if (closures_.empty() && is_stopping_) return;
        while (!closures_.empty() && batch.size() < batch_closures_max) {
          batch.push_back(std::move(closures_.front().work));
          waiters.push_back(std::move(closures_.front().waiter));
          closures_.pop_front();
        }
      }
      store::BatchResult result = store_.gate().run_batch(batch);
      const bool is_closed = store_.gate().is_closed();
      boost::asio::post(network_, [this, is_closed, waiters = std::move(waiters),
                                   result = std::move(result)]() mutable {
        committed(waiters, std::move(result), is_closed);
      });
    }
  }

  // Network thread.
  void committed(const std::vector<std::shared_ptr<HandOver>>& waiters, store::BatchResult result,
                 bool is_closed) {
    note_outcome(result);
    wake_ups_.dispatch(result.committed);
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      waiters[i]->finish(std::move(result.results[i]));
    }
    if (is_closed && closed_) {
      log_.error("another daemon took over the store", {});
      std::exchange(closed_, {})();
    }
  }

  // One line when the store stops taking what is written and one when it does again.
  void note_outcome(const store::BatchResult& result) {
    if (result.failure && !result.has_committed) {
      if (!failure_) log_.error("the store takes nothing", {{"reason", result.failure->detail}});
      failure_ = result.failure->detail;
    } else if ((result.has_committed || result.committed.has_gap) && failure_) {
      log_.info("the store works again", {});
      failure_.reset();
    }
  }

  // Reader threads. Answers that come before the network thread got to the last share its wake-up.
  void tell(std::shared_ptr<HandOver> waiter, Result<> result) {
    const std::scoped_lock lock{answers_mutex_};
    answers_.emplace_back(std::move(waiter), std::move(result));
    if (answers_.size() == 1) boost::asio::post(network_, [this] { finish_told(); });
  }

  // Network thread.
  void finish_told() {
    Answers told;
    {
      const std::scoped_lock lock{answers_mutex_};
      told.swap(answers_);
    }
    for (const auto& [waiter, result] : told) waiter->finish(result);
  }

  // Reader threads.
  void serve_looks(store::Reader& reader) {
    for (;;) {
      std::vector<store::Reader::Look> batch;
      std::vector<std::shared_ptr<HandOver>> waiters;
      {
        std::unique_lock lock{mutex_};
        has_looks_.wait(lock, [&] { return is_stopping_ || !looks_.empty(); });
        if (looks_.empty()) return;
        // What waits is shared between the readers.
        const std::size_t share =
            std::min(batch_looks_max, (looks_.size() + readers - 1) / readers);
        while (batch.size() < share) {
          batch.push_back(std::move(looks_.front().look));
          waiters.push_back(std::move(looks_.front().waiter));
          looks_.pop_front();
        }
      }
      auto next = waiters.begin();
      reader.read_all(batch, [&](Result<> result) { tell(std::move(*next++), std::move(result)); });
    }
  }

  // Constant after construction.
  store::Store& store_;
  boost::asio::any_io_executor network_;
  routing::WakeUps& wake_ups_;
  Log& log_;
  std::vector<std::unique_ptr<store::Reader>> readers_;
  std::vector<std::thread> threads_;

  // Network thread only.
  std::function<void()> closed_;
  std::optional<std::string> failure_;

  // Guarded by answers_mutex_.
  using Answers = std::vector<std::pair<std::shared_ptr<HandOver>, Result<>>>;
  std::mutex answers_mutex_;
  Answers answers_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable has_closures_;
  std::condition_variable has_looks_;
  std::deque<PendingClosure> closures_;
  std::deque<PendingLook> looks_;
  bool is_stopping_ = false;
};

ThreadedStoreGate::ThreadedStoreGate(std::unique_ptr<State> state) : state_(std::move(state)) {}

ThreadedStoreGate::~ThreadedStoreGate() {
  state_->stop();
}

Result<std::unique_ptr<ThreadedStoreGate>> ThreadedStoreGate::open(
    store::Store& store, boost::asio::any_io_executor network, routing::WakeUps& wake_ups, Log& log,
    std::function<void()> closed) {
  auto state = std::make_unique<State>(store, std::move(network), wake_ups, log, std::move(closed));
  CPC_TRY(state->start());
  return std::unique_ptr<ThreadedStoreGate>{new ThreadedStoreGate{std::move(state)}};
}

Task<> ThreadedStoreGate::transact(core::Keys prefetch, core::Closure closure) {
  const auto add = [&] {
    return state_->add(store::Work{std::move(prefetch), std::move(closure)});
  };
  co_return co_await HandOver::await(add);
}

Task<> ThreadedStoreGate::read(std::function<Result<>(core::Snapshot&)> look) {
  const auto add = [&] { return state_->add(std::move(look)); };
  co_return co_await HandOver::await(add);
}

const std::optional<std::string>& ThreadedStoreGate::failure() const {
  return state_->failure();
}

void ThreadedStoreGate::stop() {
  state_->stop();
}

}  // namespace cpc::daemon
