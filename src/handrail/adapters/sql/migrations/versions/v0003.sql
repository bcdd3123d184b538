alter table hooks add column event TEXT DEFAULT '' NOT NULL
-- next
alter table hooks add column tries TEXT DEFAULT '' NOT NULL
-- next
DROP INDEX hooks_queued
-- next
CREATE INDEX hooks_queued ON hooks (workspace, endpoint, due) WHERE status = 'queued'
