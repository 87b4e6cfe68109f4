-- The state of an instance: one table per kind of row in core/records.h, one column per field.
--
-- Why like this: the rules of core/ read and write by primary key only, so every table has the key
-- of its record and nothing else that could fail. References between tables are the rules' business
-- and are not repeated as foreign keys: a batch is written table by table, in no order that a
-- foreign key could follow, and each would cost a look-up per row. Ranges are read by snapshots
-- alone; each index below names the query of core::Snapshot it serves.
--
-- Words: times are milliseconds since 1970, ids are octets, an address is local@name.cpc, a flag is
-- 0 or 1, n is the number of a row's last change. Tables are STRICT, so SQLite refuses a value of
-- the wrong type as PostgreSQL would.
--
-- For PostgreSQL the driver replaces four words in this file: INTEGER by bigint, BLOB by bytea,
-- TEXT by text COLLATE "C" (order byte by byte, as here), and STRICT by nothing.

-- Whose store this is: one row. fence is the token of the daemon that opened it last; a commit
-- under another token changes no row here and is taken back. master_key names the key that bodies
-- are sealed under, and does not tell it.
CREATE TABLE owner (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  instance_name TEXT NOT NULL,
  iid           BLOB NOT NULL,
  store_epoch   BLOB NOT NULL,
  boot_counter  INTEGER NOT NULL,
  fence         BLOB NOT NULL,
  batch         INTEGER NOT NULL,
  last_n        INTEGER NOT NULL,
  master_key    BLOB NOT NULL
) STRICT;

-- --- people ------------------------------------------------------------------------------------

-- accounts() reads by primary key.
CREATE TABLE accounts (
  local              TEXT NOT NULL,
  incarnation        BLOB NOT NULL,
  password_hash      TEXT NOT NULL,
  is_disabled        INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
  session_generation INTEGER NOT NULL,
  created_at         INTEGER NOT NULL,
  requests_since     INTEGER NOT NULL,
  requests_sent      INTEGER NOT NULL,
  PRIMARY KEY (local)
) STRICT;

-- --- conversations -----------------------------------------------------------------------------

-- conversations_of() and changes() come from members and read by primary key.
CREATE TABLE conversations (
  id             BLOB NOT NULL,
  low            TEXT NOT NULL,
  high           TEXT NOT NULL,
  wire_id        BLOB,
  hub            TEXT,
  head_hub_epoch INTEGER NOT NULL,
  head_seq       INTEGER NOT NULL,
  head_hub_time  INTEGER NOT NULL,
  head_link      BLOB NOT NULL,
  drafts         INTEGER NOT NULL,
  drafts_made    INTEGER NOT NULL,
  submitted      INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  n              INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT;

CREATE TABLE conversations_by_pair (
  low  TEXT NOT NULL,
  high TEXT NOT NULL,
  id   BLOB NOT NULL,
  PRIMARY KEY (low, high)
) STRICT;

CREATE TABLE conversations_by_wire (
  wire_id BLOB NOT NULL,
  id      BLOB NOT NULL,
  PRIMARY KEY (wire_id)
) STRICT;

-- members_of() reads by primary key.
CREATE TABLE members (
  conversation  BLOB NOT NULL,
  address       TEXT NOT NULL,
  iid           BLOB,
  incarnation   BLOB,
  member_id     BLOB,
  is_listed     INTEGER NOT NULL CHECK (is_listed IN (0, 1)),
  has_joined    INTEGER NOT NULL CHECK (has_joined IN (0, 1)),
  delivered_seq INTEGER NOT NULL,
  read_seq      INTEGER NOT NULL,
  n             INTEGER NOT NULL,
  PRIMARY KEY (conversation, address)
) STRICT;

-- conversations_of(), changes(): the conversations that a person sees.
CREATE INDEX members_by_address ON members (address, conversation) WHERE is_listed = 1;

CREATE TABLE untold_reads (
  conversation BLOB NOT NULL,
  address      TEXT NOT NULL,
  read_seq     INTEGER NOT NULL,
  PRIMARY KEY (conversation, address)
) STRICT;

-- state: 1 draft, 2 pending, 3 ordered, 4 failed, 5 expired. (hub_epoch, seq) is (0, 0) until the
-- hub has ordered the event.
CREATE TABLE events (
  conversation     BLOB NOT NULL,
  author           BLOB NOT NULL,
  id               BLOB NOT NULL,
  type             TEXT NOT NULL,
  sender           TEXT,
  member           BLOB NOT NULL,
  time             INTEGER NOT NULL,
  state            INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
  reason           TEXT NOT NULL,
  hub_epoch        INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  hub_time         INTEGER NOT NULL,
  link             BLOB NOT NULL,
  hash             BLOB NOT NULL,
  submission       INTEGER NOT NULL,
  draft_order      INTEGER NOT NULL,
  protected_header TEXT NOT NULL,
  payload          TEXT NOT NULL,
  signature        TEXT NOT NULL,
  salt             BLOB NOT NULL,
  sealed_body      BLOB NOT NULL,
  is_hidden        INTEGER NOT NULL CHECK (is_hidden IN (0, 1)),
  n                INTEGER NOT NULL,
  PRIMARY KEY (conversation, author, id)
) STRICT;

-- entries_after(), messages() (the ordered part), owed_count().
CREATE INDEX events_by_position ON events (conversation, hub_epoch, seq) WHERE seq > 0;
-- messages(), the part that is not ordered yet or never will be.
CREATE INDEX events_unordered ON events (conversation, time, id) WHERE seq = 0;
-- submissions_after().
CREATE INDEX events_by_submission ON events (conversation, submission) WHERE submission > 0;
-- changes().
CREATE INDEX events_by_change ON events (conversation, n);
-- signable_drafts().
CREATE INDEX events_signable ON events (conversation, draft_order)
  WHERE state = 1 AND draft_order > 0;
-- drafts_before().
CREATE INDEX events_waiting ON events (time, id) WHERE state = 1 AND draft_order = 0;

-- --- consent -----------------------------------------------------------------------------------

-- type: 1 messaging, 2 media_sharing, 3 cross_instance. scope: 1 person, 2 instance, 3 anyone.
-- state: 1 requested, 2 granted, 3 denied, 4 revoked, 5 blocked. consents_of() reads by primary
-- key.
CREATE TABLE consents (
  owner        TEXT NOT NULL,
  type         INTEGER NOT NULL CHECK (type BETWEEN 1 AND 3),
  scope        INTEGER NOT NULL CHECK (scope BETWEEN 1 AND 3),
  subject      TEXT NOT NULL,
  state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
  version      INTEGER NOT NULL,
  basis        TEXT NOT NULL,
  changed_at   INTEGER NOT NULL,
  told_version INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  PRIMARY KEY (owner, type, scope, subject)
) STRICT;

-- changes().
CREATE INDEX consents_by_change ON consents (owner, n);

CREATE TABLE contact_requests (
  owner            TEXT NOT NULL,
  from_address     TEXT NOT NULL,
  frame            BLOB NOT NULL,
  conversation     BLOB NOT NULL,
  from_iid         BLOB NOT NULL,
  from_incarnation BLOB NOT NULL,
  from_member      BLOB NOT NULL,
  sealed_intro     BLOB NOT NULL,
  is_open          INTEGER NOT NULL CHECK (is_open IN (0, 1)),
  received_at      INTEGER NOT NULL,
  n                INTEGER NOT NULL,
  PRIMARY KEY (owner, from_address)
) STRICT;

-- changes(), requests_of().
CREATE INDEX contact_requests_by_change ON contact_requests (owner, n);
-- requests_of(), only the open ones.
CREATE INDEX contact_requests_open ON contact_requests (owner, n) WHERE is_open = 1;

CREATE TABLE open_requests (
  owner   TEXT NOT NULL,
  origin  TEXT NOT NULL,
  since   INTEGER NOT NULL,
  open    INTEGER NOT NULL,
  unheard INTEGER NOT NULL,
  PRIMARY KEY (owner, origin)
) STRICT;

CREATE TABLE sent_requests (
  from_address TEXT NOT NULL,
  to_address   TEXT NOT NULL,
  frame        BLOB NOT NULL,
  draft        BLOB NOT NULL,
  sent_at      INTEGER NOT NULL,
  PRIMARY KEY (from_address, to_address)
) STRICT;

CREATE TABLE projections (
  owner             TEXT NOT NULL,
  subject           TEXT NOT NULL,
  is_granted        INTEGER NOT NULL CHECK (is_granted IN (0, 1)),
  epoch             BLOB NOT NULL,
  version           INTEGER NOT NULL,
  owner_iid         BLOB NOT NULL,
  owner_incarnation BLOB NOT NULL,
  owner_member      BLOB NOT NULL,
  issued_at         INTEGER NOT NULL,
  PRIMARY KEY (owner, subject)
) STRICT;

-- --- what we owe peers, what they gave us ------------------------------------------------------

-- kind: 1 log, 2 submission, 3 consent, 4 receipts. lanes_of() and owed_count() read by primary
-- key.
CREATE TABLE lanes (
  peer            TEXT NOT NULL,
  kind            INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  conversation    BLOB NOT NULL,
  head_hub_epoch  INTEGER NOT NULL,
  head_seq        INTEGER NOT NULL,
  acked_hub_epoch INTEGER NOT NULL,
  acked_seq       INTEGER NOT NULL,
  blocked         TEXT NOT NULL,
  PRIMARY KEY (peer, kind, conversation)
) STRICT;

-- owing_peers(), owing_lanes(): only lanes that owe something are in it.
CREATE INDEX lanes_owing ON lanes (peer, kind, conversation)
  WHERE blocked = ''
    AND (head_hub_epoch > acked_hub_epoch
         OR (head_hub_epoch = acked_hub_epoch AND head_seq > acked_seq));

-- frames_after() reads by primary key.
CREATE TABLE frames (
  peer     TEXT NOT NULL,
  position INTEGER NOT NULL,
  jws      BLOB NOT NULL,
  PRIMARY KEY (peer, position)
) STRICT;

CREATE TABLE in_lanes (
  peer         TEXT NOT NULL,
  kind         INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  conversation BLOB NOT NULL,
  epoch        BLOB NOT NULL,
  accepted     INTEGER NOT NULL,
  waiting      INTEGER NOT NULL,
  parked       INTEGER NOT NULL,
  PRIMARY KEY (peer, kind, conversation)
) STRICT;

CREATE TABLE inbox_frames (
  origin      TEXT NOT NULL,
  id          BLOB NOT NULL,
  jws         BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,
  is_parked   INTEGER NOT NULL CHECK (is_parked IN (0, 1)),
  PRIMARY KEY (origin, id)
) STRICT;

-- inbox_frames(): those that wait to be applied, oldest first.
CREATE INDEX inbox_frames_waiting ON inbox_frames (received_at, origin, id) WHERE is_parked = 0;

-- peers() reads by primary key.
CREATE TABLE peers (
  name               TEXT NOT NULL,
  iid                BLOB NOT NULL,
  document           BLOB NOT NULL,
  delegation_serial  INTEGER NOT NULL,
  operational_serial INTEGER NOT NULL,
  fetched_at         INTEGER NOT NULL,
  epoch              BLOB NOT NULL,
  boot_counter       INTEGER NOT NULL,
  PRIMARY KEY (name)
) STRICT;

-- --- clients -----------------------------------------------------------------------------------

CREATE TABLE idempotency (
  local        TEXT NOT NULL,
  client_id    TEXT NOT NULL,
  request      BLOB NOT NULL,
  conversation BLOB NOT NULL,
  event        BLOB NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (local, client_id)
) STRICT;
