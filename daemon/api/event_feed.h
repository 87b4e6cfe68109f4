// The subscription `events(after:)`: everything that changes for a person, from a cursor on, in the
// order of change numbers, first what was missed, then what happens. Network thread only.
#pragma once

#include <deque>

#include "daemon/api/api_parts.h"
#include "daemon/api/change_follower.h"
#include "daemon/api/views.h"
#include "daemon/graphql/engine.h"

namespace cpc::api {

class EventFeed final : public graphql::EventSource {
 public:
  /// Changes after `after`. `caller` outlives the feed.
  EventFeed(Caller& caller, std::int64_t after, const boost::asio::any_io_executor& executor);

  /// Ends with an error UNAUTHENTICATED when the session has ended.
  [[nodiscard]] boost::asio::awaitable<std::optional<graphql::Outcome>> next() override;
  void close() override;

 private:
  [[nodiscard]] Task<> read_page();

  Caller& caller_;
  bool is_closed_ = false;
  std::deque<json> waiting_;
  ChangeFollower follower_;
};

}  // namespace cpc::api
