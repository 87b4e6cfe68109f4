// A page of what changed for one person. All kinds share one sequence of numbers, so a page is an
// interval of numbers: first find where it ends, then read every kind up to there. Who knows which
// conversations changed, and up to which number, needs no search: changes_in().
#include <algorithm>
#include <set>

#include "store/snapshot_sql.h"
#include "store/sql_snapshot.h"

namespace cpc::store {
namespace {

/// What sql::changed_numbers calls the kinds.
enum class ChangeKind : std::int64_t {
  event = 1,
  member = 2,
  conversation = 3,
  request = 4,
  consent = 5
};

}  // namespace

Result<core::ChangePage> SqlSnapshot::changes(const core::Address& person, std::int64_t after,
                                              std::size_t limit) {
  const std::int64_t rows_max = std::max<std::int64_t>(bounded(limit), 1);
  core::ChangePage page;
  CPC_TRY(page.upto, last_n());
  page.upto = std::max(page.upto, after);
  std::set<ChangeKind> kinds;
  std::int64_t seen = 0;
  // One more than fits: its number tells where this page has to end.
  CPC_TRY(store_.query(sql::changed_numbers,
                       SqlRow{person.text(), after, person.local, rows_max + 1},
                       [&](SqlRow& row) -> Result<> {
                         std::int64_t n = 0;
                         ChangeKind kind{};
                         if (!decode("n", row[0], n) || !decode("kind", row[1], kind)) {
                           return fail(ErrorCode::internal, "a change without number or kind");
                         }
                         page.has_more = ++seen > rows_max;
                         if (page.has_more) page.upto = n - 1;
                         if (!page.has_more) kinds.insert(kind);
                         return success();
                       }));
  const auto read = [&](ChangeKind kind, auto& rows, const char* tail, const std::string& whose) {
    if (!kinds.contains(kind)) return Result<>{success()};
    using Row = typename std::remove_reference_t<decltype(rows)>::value_type;
    auto found = range<Row>(tail, {whose, after, page.upto});
    if (!found) return Result<>{found.error()};
    rows = std::move(found).value();
    return Result<>{success()};
  };
  const std::string address = person.text();
  CPC_TRY(read(ChangeKind::event, page.events, sql::changed_events, address));
  CPC_TRY(read(ChangeKind::member, page.members, sql::changed_members, address));
  CPC_TRY(read(ChangeKind::conversation, page.conversations, sql::changed_conversations, address));
  CPC_TRY(read(ChangeKind::request, page.requests, sql::changed_of_owner, person.local));
  CPC_TRY(read(ChangeKind::consent, page.consents, sql::changed_of_owner, person.local));
  return page;
}

Result<core::ChangePage> SqlSnapshot::changes_in(
    const std::set<core::ConversationId>& conversations, const core::Address& person,
    std::int64_t after, std::int64_t upto, std::size_t limit) {
  core::ChangePage page;
  page.upto = upto;
  const auto is_wanted = [&](std::int64_t n) { return n > after && n <= upto; };
  for (const core::ConversationId& id : conversations) {
    CPC_TRY(auto members, members_of(id));
    const auto mine = std::ranges::find(members, person, &core::Member::address);
    if (mine == members.end() || !mine->is_listed) continue;
    CPC_TRY(auto events,
            range<core::Event>(sql::changed_events_in,
                               {Blob{id.bytes()}, after, upto, person.text(), bounded(limit) + 1}));
    if (events.size() + page.events.size() > limit) {
      core::ChangePage too_much;
      too_much.upto = after;
      too_much.has_more = true;
      return too_much;
    }
    std::ranges::move(events, std::back_inserter(page.events));
    for (core::Member& member : members) {
      if (is_wanted(member.n)) page.members.push_back(std::move(member));
    }
    CPC_TRY(auto conversation, find_row<core::Conversation>({id}));
    if (conversation && is_wanted(conversation->n)) {
      page.conversations.push_back(*std::move(conversation));
    }
  }
  std::ranges::sort(page.events, {}, &core::Event::n);
  std::ranges::sort(page.members, {}, &core::Member::n);
  std::ranges::sort(page.conversations, {}, &core::Conversation::n);
  return page;
}

}  // namespace cpc::store
