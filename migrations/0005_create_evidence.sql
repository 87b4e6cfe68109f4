-- What peers signed to us: the latest answer about each lane, their latest hello, and what went
-- wrong with them. Bounded for each peer and kept for thirty days (core/evidence.h), so that an
-- operator can show to others what a peer acknowledged and later denies.

-- number 0 is the latest hello, -1 the latest comparison of heads that showed a loss or a fork; the
-- others are used again once what they held is not needed any
-- more. code is empty unless the answer is an exception. lanes names the lanes it tells of, proof
-- has the octets. evidence_of() and evidence_ages() read by primary key; an index by age would be
-- written with each transaction, and is asked for once an hour.
CREATE TABLE evidence (
  peer   TEXT NOT NULL,
  number INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  code   TEXT NOT NULL,
  lanes  BLOB NOT NULL,
  proof  BLOB NOT NULL,
  PRIMARY KEY (peer, number)
) STRICT;
