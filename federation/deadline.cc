#include "federation/deadline.h"

#include <utility>

namespace cpc::federation {

Deadline::Deadline(const boost::asio::any_io_executor& executor, std::chrono::milliseconds after,
                   std::function<void()> strike)
    : strike_(std::make_shared<Strike>(Strike{std::move(strike)})), timer_(executor, after) {
  timer_.async_wait([weak = std::weak_ptr<Strike>{strike_}](boost::system::error_code failure) {
    const auto alive = weak.lock();
    if (failure || alive == nullptr) return;
    alive->has_struck = true;
    alive->act();
  });
}

}  // namespace cpc::federation
