#include "store/snapshot.h"

#include <array>
#include <exception>
#include <limits>

#include "store/snapshot_sql.h"
#include "store/sql_snapshot.h"

namespace cpc::store {
namespace {

Result<> look_guarded(const Reader::Look& look, core::Snapshot& snapshot) {
  try {
    return look(snapshot);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, std::string{"reading threw: "} + error.what());
  }
}

// What `before_n` of a range stands for: 0 is no bound.
std::int64_t below(std::int64_t before_n) {
  return before_n == 0 ? std::numeric_limits<std::int64_t>::max() : before_n;
}

template <class AnyId>
SqlValue blob(const AnyId& id) {
  return Blob{id.bytes()};
}

}  // namespace

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Reader::~Reader() = default;

Result<> Reader::read(const Look& look) {
  Result<> result = success();
  read_all({&look, 1}, [&](Result<> given) { result = std::move(given); });
  return result;
}

void Reader::read_all(std::span<const Look> looks, const EachResult& each) {
  while (!looks.empty()) {
    if (const auto begun = connection_->begin(Access::read); !begun) {
      // Nobody waits for the store's time-out once for each of them.
      for (; !looks.empty(); looks = looks.subspan(1)) each(begun.error());
      return;
    }
    SqlSnapshot snapshot{*connection_};
    // A transaction in which something failed may be good for nothing any more.
    for (bool is_sound = true; is_sound && !looks.empty(); looks = looks.subspan(1)) {
      Result<> result = look_guarded(looks.front(), snapshot);
      is_sound = result.has_value();
      each(std::move(result));
    }
    // Nothing was written, and what was read stands: this only lets go. Where even that fails, the
    // next begin() tells.
    (void)connection_->rollback();
  }
}

Result<std::int64_t> SqlSnapshot::number(const char* sql, const SqlRow& parameters) {
  std::int64_t value = 0;
  CPC_TRY(store_.query(sql, parameters, [&](SqlRow& row) -> Result<> {
    if (decode("number", row.front(), value)) return success();
    return fail(ErrorCode::internal, "the store answered with something else than a number");
  }));
  return value;
}

Result<std::int64_t> SqlSnapshot::last_n() {
  return number(sql::last_n, {});
}

// --- what we owe --------------------------------------------------------------------------------

Result<std::vector<core::InstanceName>> SqlSnapshot::owing_peers() {
  std::vector<core::InstanceName> peers;
  CPC_TRY(store_.query(sql::owing_peers, {}, [&](SqlRow& row) -> Result<> {
    if (decode("peer", row.front(), peers.emplace_back())) return success();
    return fail(ErrorCode::internal, "table lanes holds a peer that is not a name");
  }));
  return peers;
}

Result<std::vector<core::Lane>> SqlSnapshot::owing_lanes(const core::InstanceName& peer,
                                                         std::size_t limit) {
  return range<core::Lane>(sql::owing_lanes, {peer.text(), bounded(limit)});
}

Result<std::vector<core::Lane>> SqlSnapshot::lanes_of(const core::InstanceName& peer,
                                                      std::size_t limit) {
  return range<core::Lane>(sql::lanes_of, {peer.text(), bounded(limit)});
}

Result<std::optional<core::InstanceName>> SqlSnapshot::next_hub(const core::InstanceName& after) {
  std::optional<core::InstanceName> hub;
  const std::array<SqlValue, 1> parameters{after.text()};
  CPC_TRY(store_.query(sql::next_hub, parameters, [&](SqlRow& row) -> Result<> {
    if (decode("hub", row.front(), hub.emplace())) return success();
    return fail(ErrorCode::internal, "table conversations holds a hub that is not a name");
  }));
  return hub;
}

Result<std::vector<core::Conversation>> SqlSnapshot::copies_of(const core::InstanceName& hub,
                                                               const core::ConversationId& after,
                                                               std::size_t limit) {
  return range<core::Conversation>(sql::copies_of, {hub.text(), blob(after), bounded(limit)});
}

Result<std::vector<core::Event>> SqlSnapshot::entries_after(
    const core::ConversationId& conversation, core::Position after, std::size_t limit) {
  return range<core::Event>(sql::entries_after,
                            {blob(conversation), after.hub_epoch, after.seq, bounded(limit)});
}

Result<std::vector<core::Event>> SqlSnapshot::submissions_after(
    const core::ConversationId& conversation, std::int64_t after, std::size_t limit) {
  return range<core::Event>(sql::submissions_after, {blob(conversation), after, bounded(limit)});
}

Result<std::vector<core::Frame>> SqlSnapshot::frames_after(const core::InstanceName& peer,
                                                           std::int64_t after, std::size_t limit) {
  return range<core::Frame>(sql::frames_after, {peer.text(), after, bounded(limit)});
}

Result<std::vector<core::Evidence>> SqlSnapshot::evidence_of(const core::InstanceName& peer,
                                                             std::size_t limit) {
  return range<core::Evidence>(sql::evidence_of, {peer.text(), bounded(limit)});
}

Result<std::int64_t> SqlSnapshot::owed_count(const core::InstanceName& peer) {
  return number(sql::owed_count, {peer.text()});
}

// --- what waits for a loop of ours --------------------------------------------------------------

Result<std::vector<core::EvidenceAge>> SqlSnapshot::evidence_ages(const core::EvidenceKey& after,
                                                                  std::size_t limit) {
  std::vector<core::EvidenceAge> ages;
  const auto note = [&](SqlRow& row) -> Result<> {
    core::EvidenceAge& age = ages.emplace_back();
    const bool fits = decode("peer", row[0], age.key.peer) &&
                      decode("number", row[1], age.key.number) && decode("at", row[2], age.at);
    if (fits) return success();
    return fail(ErrorCode::internal, "table evidence holds a row that cannot be read");
  };
  const SqlRow parameters{after.peer.text(), after.number, bounded(limit)};
  CPC_TRY(store_.query(sql::evidence_ages, parameters, note));
  return ages;
}

Result<std::vector<core::InboxFrame>> SqlSnapshot::inbox_frames(std::size_t limit) {
  return range<core::InboxFrame>(sql::inbox_frames, {bounded(limit)});
}

Result<std::vector<core::Event>> SqlSnapshot::signable_drafts(std::size_t limit) {
  return range<core::Event>(sql::signable_drafts, {bounded(limit)});
}

Result<std::vector<core::Event>> SqlSnapshot::drafts_before(TimePoint before, std::size_t limit) {
  return range<core::Event>(sql::drafts_before, {to_milliseconds(before), bounded(limit)});
}

// --- what a person sees, without history and changes --------------------------------------------

Result<std::vector<core::Conversation>> SqlSnapshot::conversations_of(const core::Address& person,
                                                                      std::int64_t before_n,
                                                                      std::size_t limit) {
  return range<core::Conversation>(sql::conversations_of,
                                   {person.text(), below(before_n), bounded(limit)});
}

Result<std::vector<core::Member>> SqlSnapshot::members_of(
    const core::ConversationId& conversation) {
  return range<core::Member>(sql::members_of, {blob(conversation), bounded(range_rows_max)});
}

Result<std::vector<core::ContactRequest>> SqlSnapshot::requests_of(const std::string& owner,
                                                                   bool only_open,
                                                                   std::int64_t before_n,
                                                                   std::size_t limit) {
  return range<core::ContactRequest>(only_open ? sql::open_requests_of : sql::requests_of,
                                     {owner, below(before_n), bounded(limit)});
}

Result<std::vector<core::Consent>> SqlSnapshot::consents_of(
    const std::string& owner, const std::optional<core::ConsentKey>& after, std::size_t limit) {
  const auto type = static_cast<std::int64_t>(after ? after->type : core::ConsentType{});
  const auto scope = static_cast<std::int64_t>(after ? after->scope : core::ConsentScope{});
  const std::string subject = after ? after->subject : std::string{};
  return range<core::Consent>(sql::consents_of, {owner, type, scope, subject, bounded(limit)});
}

Result<std::vector<core::Consent>> SqlSnapshot::consents_of_type(const std::string& owner,
                                                                 core::ConsentType type,
                                                                 std::size_t limit) {
  return range<core::Consent>(sql::consents_of_type,
                              {owner, static_cast<std::int64_t>(type), bounded(limit)});
}

// --- what an operator sees ----------------------------------------------------------------------

Result<std::vector<core::Account>> SqlSnapshot::accounts(const std::string& after,
                                                         std::size_t limit) {
  return range<core::Account>(sql::accounts_after, {after, bounded(limit)});
}

Result<std::vector<core::Peer>> SqlSnapshot::peers(std::size_t limit) {
  return range<core::Peer>(sql::peers, {bounded(limit)});
}

Result<std::vector<core::Directory>> SqlSnapshot::directories(std::size_t limit) {
  return range<core::Directory>(sql::directories, {bounded(limit)});
}

Result<std::vector<core::DirectoryRecord>> SqlSnapshot::directory_records(
    const core::DirectoryId& directory, std::int64_t after, std::size_t limit) {
  return range<core::DirectoryRecord>(sql::directory_records,
                                      {blob(directory), after, bounded(limit)});
}

}  // namespace cpc::store
