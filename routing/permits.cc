#include "routing/permits.h"

namespace cpc::routing {

namespace asio = boost::asio;

Permits::Permits(asio::any_io_executor executor, std::size_t permits_max)
    : executor_(std::move(executor)), free_(permits_max) {}

asio::awaitable<Permits::Permit> Permits::acquire() {
  if (free_ > 0) {
    --free_;
    co_return Permit{*this};
  }
  // Whoever gives up destroys its waiter, and with it a permit that was handed over meanwhile.
  const auto waiter = std::make_shared<Waiter>(executor_);
  queue_.push_back(waiter);
  co_await waiter->bell.wait();
  co_return std::move(waiter->permit);
}

void Permits::give_back() {
  while (!queue_.empty()) {
    const std::shared_ptr<Waiter> next = queue_.front().lock();
    queue_.pop_front();
    if (!next) continue;
    next->permit = Permit{*this};
    next->bell.notify();
    return;
  }
  ++free_;
}

}  // namespace cpc::routing
