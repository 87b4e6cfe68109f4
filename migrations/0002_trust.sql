-- A peer's row tells who vouches for its identity, so that an instance may know others than those
-- of its configuration, and what must outlive a document that verifies no more: its root keys and
-- whom they promised. All peers of before were those of the configuration: pinned (1).
-- trust: 0 none, 1 pinned, 2 directory, 3 dnssec, 4 introduced, 5 tofu.

ALTER TABLE peers ADD COLUMN trust INTEGER NOT NULL DEFAULT 1 CHECK (trust BETWEEN 0 AND 5);
ALTER TABLE peers ADD COLUMN source TEXT NOT NULL DEFAULT 'configuration';
ALTER TABLE peers ADD COLUMN endpoints TEXT NOT NULL DEFAULT '';
ALTER TABLE peers ADD COLUMN is_blocked INTEGER NOT NULL DEFAULT 0 CHECK (is_blocked IN (0, 1));
ALTER TABLE peers ADD COLUMN accepted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peers ADD COLUMN roots TEXT NOT NULL DEFAULT '';
ALTER TABLE peers ADD COLUMN next_root TEXT NOT NULL DEFAULT '';
ALTER TABLE peers ADD COLUMN rival BLOB;
ALTER TABLE peers ADD COLUMN rival_source TEXT NOT NULL DEFAULT '';
ALTER TABLE peers ADD COLUMN rival_seen_at INTEGER NOT NULL DEFAULT 0;

UPDATE peers SET accepted_at = fetched_at;
