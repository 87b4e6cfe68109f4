-- An own event that waits for its hub may be signed anew when its key is followed or revoked. The
-- hub may have placed it under the signature of before: those are kept until it has its place.

ALTER TABLE events ADD COLUMN superseded TEXT NOT NULL DEFAULT '';
