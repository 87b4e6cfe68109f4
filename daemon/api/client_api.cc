#include "daemon/api/client_api.h"

#include <boost/asio/this_coro.hpp>

#include "core/codes.h"
#include "daemon/api/arguments.h"
#include "daemon/api/errors.h"
#include "daemon/api/event_feed.h"
#include "daemon/api/ids.h"

namespace cpc::api {
namespace {

// Where a client goes on. A cursor is compared with a state that is read now: whatever the client
// was shown is in it.
Task<std::int64_t> place_of(Caller& caller, std::string cursor) {
  const CursorOwner owner{caller.parts.home, caller.local()};
  CPC_CO_TRY(const std::int64_t after, read_change_cursor(cursor, owner));
  std::int64_t last_n = 0;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(last_n, store.last_n());
    return success();
  };
  CPC_CO_TRY(co_await caller.parts.store.read(look));
  if (after <= last_n) co_return after;
  co_return core::refuse(ErrorCode::conflict, "CURSOR_EXPIRED",
                         "a cursor from a future that was lost; read anew");
}

boost::asio::awaitable<graphql::SourceOutcome> open_events(graphql::FieldCall call) {
  Caller& caller = call.request.context<Caller>();
  if (!caller.session) co_return field_error(unauthenticated());
  std::int64_t after = 0;
  if (is_given(call.args, "after")) {
    const auto place = co_await place_of(caller, text_in(call.args, "after"));
    if (!place) co_return field_error(caller.parts.log, place.error());
    after = place.value();
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  co_return std::make_unique<EventFeed>(caller, after, executor);
}

}  // namespace

Result<std::unique_ptr<graphql::Engine>> make_client_engine(Log& log) {
  graphql::Setup setup;
  setup.sdl = client_schema();
  setup.limits.page_default = messages_page_default;
  setup.log = &log;
  setup.scalars.emplace("DateTime", graphql::date_time_scalar());
  CPC_TRY(auto engine, graphql::Engine::build(std::move(setup)));
  add_queries(*engine);
  add_mutations(*engine);
  engine->stream("events", open_events);
  CPC_TRY(engine->check());
  return engine;
}

}  // namespace cpc::api
