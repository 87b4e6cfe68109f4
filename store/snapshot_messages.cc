// A page of a conversation as one person sees it: the ordered messages by position, then the
// person's own that have no position, by time and id.
#include <algorithm>
#include <limits>

#include "store/snapshot_sql.h"
#include "store/sql_snapshot.h"

namespace cpc::store {
namespace {

constexpr std::int64_t infinity = std::numeric_limits<std::int64_t>::max();

/// A place in display order; an ordered event lies before every unordered one.
struct Place {
  bool is_ordered = true;
  core::Position position;
  TimePoint time{};
  core::EventId id;
};

Place place_of(const core::Event& event) {
  return {event.position.seq > 0, event.position, event.time, event.id};
}

/// The open interval of one part that a page may show, as the parameters $3 to $6.
struct Bounds {
  SqlRow ordered{std::int64_t{-1}, std::int64_t{0}, infinity, infinity};
  SqlRow unordered{-infinity, Blob{}, infinity, Blob{}};
  bool has_ordered = true;
  bool has_unordered = true;

  void start_after(const Place& place) {
    if (place.is_ordered) {
      ordered[0] = place.position.hub_epoch;
      ordered[1] = place.position.seq;
    } else {
      unordered[0] = to_milliseconds(place.time);
      unordered[1] = Blob{place.id.bytes()};
      has_ordered = false;
    }
  }
  void end_before(const Place& place) {
    if (place.is_ordered) {
      ordered[2] = place.position.hub_epoch;
      ordered[3] = place.position.seq;
      has_unordered = false;
    } else {
      unordered[2] = to_milliseconds(place.time);
      unordered[3] = Blob{place.id.bytes()};
    }
  }
};

}  // namespace

Result<std::vector<core::Event>> SqlSnapshot::messages(const MessageRange& page) {
  Bounds bounds;
  for (const auto* key : {&page.after, &page.before}) {
    if (!*key) continue;
    if ((*key)->conversation != page.conversation) {
      return fail(ErrorCode::invalid, "a cursor of another conversation");
    }
    CPC_TRY(const auto event, find_row<core::Event>(**key));
    if (!event) return fail(ErrorCode::not_found, "the message that a cursor names is gone");
    key == &page.after ? bounds.start_after(place_of(*event)) : bounds.end_before(place_of(*event));
  }
  const bool is_forwards = page.from_start || (page.after && !page.before);
  std::vector<core::Event> found;
  const auto take = [&](bool wanted, const char* tail, const SqlRow& between) -> Result<> {
    const std::int64_t room = bounded(page.limit) - static_cast<std::int64_t>(found.size());
    if (!wanted || room <= 0) return success();
    SqlRow parameters{Blob{page.conversation.bytes()}, page.person.text()};
    parameters.insert(parameters.end(), between.begin(), between.end());
    parameters.emplace_back(room);
    CPC_TRY(auto rows, range<core::Event>(tail, parameters));
    std::move(rows.begin(), rows.end(), std::back_inserter(found));
    return success();
  };
  if (is_forwards) {
    CPC_TRY(take(bounds.has_ordered, sql::ordered_messages_forwards, bounds.ordered));
    CPC_TRY(take(bounds.has_unordered, sql::unordered_messages_forwards, bounds.unordered));
  } else {
    CPC_TRY(take(bounds.has_unordered, sql::unordered_messages_backwards, bounds.unordered));
    CPC_TRY(take(bounds.has_ordered, sql::ordered_messages_backwards, bounds.ordered));
    std::reverse(found.begin(), found.end());
  }
  return found;
}

}  // namespace cpc::store
