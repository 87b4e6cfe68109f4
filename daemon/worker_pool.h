// Threads for arithmetic: signing, verifying, encoding. And one of its own for passwords, with a
// bounded queue, because Argon2id takes 15 ms and 19 MiB a time.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "routing/ports.h"

namespace cpc::daemon {

class WorkerPool final : public routing::CryptoPool {
 public:
  explicit WorkerPool(std::size_t threads) : threads_(threads) {}
  /// What `work` throws is thrown at the caller.
  [[nodiscard]] boost::asio::awaitable<void> run(std::function<void()> work) override;
  /// Finishes what runs and starts nothing more. Call after the network thread has stopped.
  void stop();

 private:
  boost::asio::thread_pool threads_;
};

class PasswordThread {
 public:
  static constexpr std::size_t waiting_max = 64;

  /// Runs `work` after those before it. Fails with unavailable when waiting_max wait already.
  [[nodiscard]] Task<> run(std::function<void()> work);
  void stop() { pool_.stop(); }

 private:
  WorkerPool pool_{1};
  std::size_t waiting_ = 0;  // Network thread only.
};

}  // namespace cpc::daemon
