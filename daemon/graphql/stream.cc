#include <boost/asio/this_coro.hpp>
#include <exception>

#include "daemon/graphql/engine.h"
#include "daemon/graphql/executor.h"

namespace cpc::graphql {

using boost::asio::awaitable;

Stream::Stream(const Engine& engine, Prepared prepared, std::unique_ptr<PlannedOperation> planned,
               Request request, std::unique_ptr<EventSource> source, Log* log)
    : engine_(engine),
      prepared_(std::move(prepared)),
      planned_(std::move(planned)),
      request_(request),
      source_(std::move(source)),
      log_(log) {}

Stream::~Stream() = default;

awaitable<std::optional<Answer>> Stream::next() {
  std::optional<Outcome> event;
  std::exception_ptr thrown;
  try {
    event = co_await source_->next();
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) {
    const auto cancelled = (co_await boost::asio::this_coro::cancellation_state).cancelled();
    if (cancelled != boost::asio::cancellation_type::none) std::rethrow_exception(thrown);
    if (log_ != nullptr) log_->error("events threw", {{"reason", what_of(thrown)}});
  }
  if (!event) co_return std::nullopt;
  co_return co_await engine_.execute_event(prepared_, *planned_, request_, *std::move(event));
}

void Stream::close() {
  source_->close();
}

}  // namespace cpc::graphql
