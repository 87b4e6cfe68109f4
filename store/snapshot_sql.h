// Every range that a Snapshot reads. A constant that begins with WHERE or ORDER BY follows its
// table's "SELECT <columns> FROM <table> "; the comment names the parameters and the index. The
// contract suite asks the engine for its plans and refuses a scan of a table.
#pragma once

namespace cpc::store::sql {

inline constexpr char last_n[] = "SELECT last_n FROM owner WHERE id = 1";

// --- what we owe --------------------------------------------------------------------------------

/// Index lanes_owing, whose condition this repeats word for word.
inline constexpr char owing_peers[] = R"sql(
  SELECT DISTINCT peer FROM lanes
   WHERE blocked = ''
     AND (head_hub_epoch > acked_hub_epoch
          OR (head_hub_epoch = acked_hub_epoch AND head_seq > acked_seq))
   ORDER BY peer
)sql";

/// $1 peer, $2 rows at most. Index lanes_owing.
inline constexpr char owing_lanes[] = R"sql(
   WHERE peer = $1 AND blocked = ''
     AND (head_hub_epoch > acked_hub_epoch
          OR (head_hub_epoch = acked_hub_epoch AND head_seq > acked_seq))
   ORDER BY kind, conversation LIMIT $2
)sql";

/// $1 peer, $2 rows at most. Primary key.
inline constexpr char lanes_of[] = "WHERE peer = $1 ORDER BY kind, conversation LIMIT $2";

/// $1 name after which. Index conversations_by_hub.
inline constexpr char next_hub[] =
    "SELECT hub FROM conversations WHERE hub > $1 ORDER BY hub LIMIT 1";

/// $1 hub, $2 conversation after which, $3 rows at most. Index conversations_by_hub.
inline constexpr char copies_of[] = "WHERE hub = $1 AND id > $2 ORDER BY id LIMIT $3";

/// $1 conversation, $2 hub epoch, $3 seq, $4 rows at most. Index events_by_position.
inline constexpr char entries_after[] = R"sql(
   WHERE conversation = $1 AND (hub_epoch, seq) > ($2, $3) AND seq > 0
   ORDER BY hub_epoch, seq LIMIT $4
)sql";

/// $1 conversation, $2 submission, $3 rows at most. Index events_by_submission.
inline constexpr char submissions_after[] = R"sql(
   WHERE conversation = $1 AND submission > $2 AND submission > 0
   ORDER BY submission LIMIT $3
)sql";

/// $1 peer, $2 position, $3 rows at most. Primary key.
inline constexpr char frames_after[] =
    "WHERE peer = $1 AND position > $2 ORDER BY position LIMIT $3";

/// $1 peer. Log (1), submission (2) and consent (3) lanes: inside one hub epoch positions have no
/// gaps and are subtracted; over several the entries are counted. Primary key, events_by_position.
inline constexpr char owed_count[] = R"sql(
  SELECT cast(coalesce(sum(
           CASE WHEN head_hub_epoch = acked_hub_epoch THEN head_seq - acked_seq
                ELSE (SELECT count(*) FROM events
                       WHERE events.conversation = lanes.conversation
                         AND (events.hub_epoch, events.seq)
                             > (lanes.acked_hub_epoch, lanes.acked_seq)
                         AND events.seq > 0) END), 0) AS bigint)
    FROM lanes
   WHERE peer = $1 AND kind IN (1, 2, 3)
     AND (head_hub_epoch > acked_hub_epoch
          OR (head_hub_epoch = acked_hub_epoch AND head_seq > acked_seq))
)sql";

/// $1 peer, $2 rows at most. Primary key.
inline constexpr char evidence_of[] = "WHERE peer = $1 ORDER BY number LIMIT $2";

// --- what waits for a loop of ours --------------------------------------------------------------

/// $1 and $2 peer and number after which, $3 rows at most. Primary key.
inline constexpr char evidence_ages[] = R"sql(
  SELECT peer, number, at FROM evidence
   WHERE (peer, number) > ($1, $2) ORDER BY peer, number LIMIT $3
)sql";

/// $1 rows at most. Index inbox_frames_waiting.
inline constexpr char inbox_frames[] =
    "WHERE is_parked = 0 ORDER BY received_at, origin, id LIMIT $1";

/// $1 rows at most. Index events_signable.
inline constexpr char signable_drafts[] =
    "WHERE state = 1 AND draft_order > 0 ORDER BY conversation, draft_order LIMIT $1";

/// $1 time, $2 rows at most. Index events_waiting.
inline constexpr char drafts_before[] =
    "WHERE state = 1 AND draft_order = 0 AND time < $1 ORDER BY time, id LIMIT $2";

// --- what a person sees -------------------------------------------------------------------------

/// $1 person, $2 n, $3 rows at most. Index members_by_address, then primary key.
inline constexpr char conversations_of[] = R"sql(
   WHERE id IN (SELECT conversation FROM members WHERE address = $1 AND is_listed = 1) AND n < $2
   ORDER BY n DESC LIMIT $3
)sql";

/// $1 conversation, $2 rows at most. Primary key.
inline constexpr char members_of[] = "WHERE conversation = $1 ORDER BY address LIMIT $2";

/// The ordered part of a conversation. $1 conversation, $2 person, $3 and $4 hub epoch and seq
/// after which, $5 and $6 before which, $7 rows at most. Index events_by_position.
inline constexpr char ordered_messages_forwards[] = R"sql(
   WHERE conversation = $1 AND seq > 0
     AND (hub_epoch, seq) > ($3, $4) AND (hub_epoch, seq) < ($5, $6)
     AND type = 'message.post' AND (sender = $2 OR is_hidden = 0)
   ORDER BY hub_epoch, seq LIMIT $7
)sql";
inline constexpr char ordered_messages_backwards[] = R"sql(
   WHERE conversation = $1 AND seq > 0
     AND (hub_epoch, seq) > ($3, $4) AND (hub_epoch, seq) < ($5, $6)
     AND type = 'message.post' AND (sender = $2 OR is_hidden = 0)
   ORDER BY hub_epoch DESC, seq DESC LIMIT $7
)sql";

/// A person's own messages without a place in the log; nobody else sees them. $1 conversation,
/// $2 person, $3 and $4 time and id after which, $5 and $6 before which, $7 rows at most. Index
/// events_unordered.
inline constexpr char unordered_messages_forwards[] = R"sql(
   WHERE conversation = $1 AND seq = 0
     AND (time, id) > ($3, $4) AND (time, id) < ($5, $6)
     AND type = 'message.post' AND sender = $2
   ORDER BY time, id LIMIT $7
)sql";
inline constexpr char unordered_messages_backwards[] = R"sql(
   WHERE conversation = $1 AND seq = 0
     AND (time, id) > ($3, $4) AND (time, id) < ($5, $6)
     AND type = 'message.post' AND sender = $2
   ORDER BY time DESC, id DESC LIMIT $7
)sql";

/// $1 owner, $2 n, $3 rows at most. Index contact_requests_by_change.
inline constexpr char requests_of[] = "WHERE owner = $1 AND n < $2 ORDER BY n DESC LIMIT $3";
/// Likewise. Index contact_requests_open.
inline constexpr char open_requests_of[] =
    "WHERE owner = $1 AND is_open = 1 AND n < $2 ORDER BY n DESC LIMIT $3";

/// $1 owner, $2 to $4 type, scope and subject after which, $5 rows at most. Primary key.
inline constexpr char consents_of[] = R"sql(
   WHERE owner = $1 AND (type, scope, subject) > ($2, $3, $4)
   ORDER BY type, scope, subject LIMIT $5
)sql";
/// $1 owner, $2 type, $3 rows at most. Primary key.
inline constexpr char consents_of_type[] =
    "WHERE owner = $1 AND type = $2 ORDER BY scope, subject LIMIT $3";

/// The numbers of everything of a person that changed, whatever kind: where a page ends. $1 person,
/// $2 n, $3 the person's local part, $4 rows at most. Hidden events count here and are left out
/// when the page is read, so that the index alone answers: members_by_address, then
/// events_by_change, the primary keys of members and conversations, contact_requests_by_change,
/// consents_by_change.
inline constexpr char changed_numbers[] = R"sql(
  SELECT n, kind FROM (
    SELECT e.n AS n, 1 AS kind FROM members m JOIN events e ON e.conversation = m.conversation
     WHERE m.address = $1 AND m.is_listed = 1 AND e.n > $2
    UNION ALL
    SELECT o.n, 2 FROM members m JOIN members o ON o.conversation = m.conversation
     WHERE m.address = $1 AND m.is_listed = 1 AND o.n > $2
    UNION ALL
    SELECT c.n, 3 FROM members m JOIN conversations c ON c.id = m.conversation
     WHERE m.address = $1 AND m.is_listed = 1 AND c.n > $2
    UNION ALL
    SELECT r.n, 4 FROM contact_requests r WHERE r.owner = $3 AND r.n > $2
    UNION ALL
    SELECT s.n, 5 FROM consents s WHERE s.owner = $3 AND s.n > $2
  ) AS changed ORDER BY n LIMIT $4
)sql";

/// $1 person, $2 n after which, $3 n up to which. members_by_address, then events_by_change.
inline constexpr char changed_events[] = R"sql(
   WHERE conversation IN (SELECT conversation FROM members WHERE address = $1 AND is_listed = 1)
     AND n > $2 AND n <= $3
     AND type = 'message.post' AND (sender = $1 OR (seq > 0 AND is_hidden = 0))
   ORDER BY n
)sql";
/// Likewise. members_by_address, then the primary key.
inline constexpr char changed_members[] = R"sql(
   WHERE conversation IN (SELECT mine.conversation FROM members AS mine
                           WHERE mine.address = $1 AND mine.is_listed = 1)
     AND n > $2 AND n <= $3
   ORDER BY n
)sql";
/// Likewise. members_by_address, then the primary key.
inline constexpr char changed_conversations[] = R"sql(
   WHERE id IN (SELECT conversation FROM members WHERE address = $1 AND is_listed = 1)
     AND n > $2 AND n <= $3
   ORDER BY n
)sql";
/// $1 conversation, $2 n after which, $3 n up to which, $4 person, $5 rows at most.
/// events_by_change.
inline constexpr char changed_events_in[] = R"sql(
   WHERE conversation = $1 AND n > $2 AND n <= $3
     AND type = 'message.post' AND (sender = $4 OR (seq > 0 AND is_hidden = 0))
   ORDER BY n LIMIT $5
)sql";
/// $1 owner, $2 n after which, $3 n up to which. contact_requests_by_change, consents_by_change.
inline constexpr char changed_of_owner[] = "WHERE owner = $1 AND n > $2 AND n <= $3 ORDER BY n";

// --- what an operator sees ----------------------------------------------------------------------

/// $1 local part, $2 rows at most. Primary key.
inline constexpr char accounts_after[] = "WHERE local > $1 ORDER BY local LIMIT $2";

/// $1 rows at most. Primary key.
inline constexpr char peers[] = "ORDER BY name LIMIT $1";

/// $1 rows at most. Primary key.
inline constexpr char directories[] = "ORDER BY id LIMIT $1";

/// $1 directory, $2 version after which, $3 rows at most. Primary key.
inline constexpr char directory_records[] =
    "WHERE directory = $1 AND version > $2 ORDER BY version LIMIT $3";

}  // namespace cpc::store::sql
