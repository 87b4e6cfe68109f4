-- Signed directories that this instance follows or serves, and their records, from which what they
-- say is read anew whenever the daemon starts.

-- source is the instance that is asked for news, empty where only files bring them. rival is a
-- signed record that contradicts ours: no news is taken until the operator drops the directory.
CREATE TABLE directories (
  id            BLOB PRIMARY KEY,
  name          TEXT NOT NULL,
  version       INTEGER NOT NULL,
  source        TEXT NOT NULL,
  endpoints     TEXT NOT NULL,
  is_served     INTEGER NOT NULL CHECK (is_served IN (0, 1)),
  asked_at      INTEGER NOT NULL,
  rival         BLOB NOT NULL,
  rival_seen_at INTEGER NOT NULL
) STRICT;

-- Bounded for each directory (federation/signed_directory.h). directory_records() reads by primary
-- key.
CREATE TABLE directory_records (
  directory BLOB NOT NULL,
  version   INTEGER NOT NULL,
  record    BLOB NOT NULL,
  PRIMARY KEY (directory, version)
) STRICT;
