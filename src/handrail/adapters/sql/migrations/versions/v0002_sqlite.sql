alter table entries add column place BIGINT DEFAULT '0' NOT NULL
-- next
CREATE INDEX entries_place ON entries (workspace, place) WHERE place > 0
-- next
CREATE TABLE packs (
    workspace TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    version TEXT DEFAULT '' NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    sources TEXT NOT NULL,
    PRIMARY KEY (workspace, digest)
)
-- next
CREATE TABLE rosters (
    workspace TEXT NOT NULL,
    version INTEGER NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, version)
)
-- next
CREATE TABLE identities (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    password TEXT DEFAULT '' NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    disabled BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (workspace, id)
)
-- next
CREATE UNIQUE INDEX identities_subject ON identities (workspace, subject) WHERE subject <> ''
-- next
CREATE TABLE tokens (
    id TEXT NOT NULL,
    workspace TEXT DEFAULT '' NOT NULL,
    identity TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    hash TEXT DEFAULT '' NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    expires BIGINT DEFAULT '0' NOT NULL,
    revoked BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (id)
)
-- next
CREATE INDEX tokens_identity ON tokens (workspace, identity)
-- next
CREATE TABLE grants (
    workspace TEXT NOT NULL,
    identity TEXT NOT NULL,
    role TEXT NOT NULL,
    workflow TEXT NOT NULL,
    queue TEXT NOT NULL,
    topic TEXT NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (workspace, identity, role, workflow, queue, topic)
)
-- next
CREATE TABLE endpoints (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    url TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
)
-- next
CREATE TABLE hooks (
    workspace TEXT NOT NULL,
    "key" TEXT NOT NULL,
    endpoint TEXT DEFAULT '' NOT NULL,
    "case" TEXT DEFAULT '' NOT NULL,
    number BIGINT DEFAULT '0' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    due BIGINT DEFAULT '0' NOT NULL,
    attempts BIGINT DEFAULT '0' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (workspace, "key")
)
-- next
CREATE INDEX hooks_endpoint ON hooks (workspace, endpoint, status, at)
-- next
CREATE INDEX hooks_queued ON hooks (workspace, due) WHERE status = 'queued'
-- next
CREATE TABLE cursors (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (workspace, name)
)
