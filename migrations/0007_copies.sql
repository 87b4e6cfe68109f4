-- next_hub(), copies_of(): the logs that another instance orders and we hold a copy of, to be
-- compared with it after a start.
CREATE INDEX conversations_by_hub ON conversations (hub, id) WHERE hub IS NOT NULL;
