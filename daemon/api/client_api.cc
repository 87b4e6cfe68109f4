#include "daemon/api/client_api.h"

#include <boost/asio/this_coro.hpp>

#include "core/codes.h"
#include "daemon/api/errors.h"
#include "daemon/api/event_feed.h"
#include "daemon/api/ids.h"

namespace cpc::api {
namespace {

boost::asio::awaitable<graphql::SourceOutcome> open_events(graphql::FieldCall call) {
  Caller& caller = call.request.context<Caller>();
  if (!caller.session) co_return field_error(unauthenticated());
  std::int64_t after = 0;
  if (call.args.contains("after") && !call.args["after"].is_null()) {
    const auto cursor =
        read_change_cursor(call.args["after"].get<std::string>(), caller.parts.home.epoch);
    if (!cursor) co_return field_error(cursor.error());
    after = cursor.value();
  }
  if (after > caller.parts.last_n()) {
    co_return field_error(core::refuse(ErrorCode::conflict, "CURSOR_EXPIRED",
                                       "a cursor from a future that was lost; read anew"));
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  co_return std::make_unique<EventFeed>(caller, after, executor);
}

}  // namespace

Result<std::unique_ptr<graphql::Engine>> make_client_engine() {
  graphql::Setup setup;
  setup.sdl = client_schema();
  setup.scalars.emplace("DateTime", graphql::date_time_scalar());
  CPC_TRY(auto engine, graphql::Engine::build(std::move(setup)));
  add_queries(*engine);
  add_mutations(*engine);
  engine->stream("events", open_events);
  CPC_TRY(engine->check());
  return engine;
}

}  // namespace cpc::api
