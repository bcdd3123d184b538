CREATE TABLE answers (
    workspace TEXT NOT NULL,
    "case" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, "case", "key")
)
 WITHOUT ROWID
-- next
CREATE TABLE approvals (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    "case" TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
)
-- next
CREATE INDEX approvals_case ON approvals (workspace, "case")
-- next
CREATE TABLE cases (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    workflow TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    owner TEXT DEFAULT '' NOT NULL,
    queue TEXT DEFAULT '' NOT NULL,
    human TEXT DEFAULT '' NOT NULL,
    customer TEXT DEFAULT '' NOT NULL,
    urgency BIGINT DEFAULT '0' NOT NULL,
    since BIGINT DEFAULT '0' NOT NULL,
    touched BIGINT DEFAULT '0' NOT NULL,
    incarnation BIGINT DEFAULT '0' NOT NULL,
    epoch BIGINT DEFAULT '0' NOT NULL,
    version BIGINT DEFAULT '0' NOT NULL,
    entries BIGINT DEFAULT '0' NOT NULL,
    head TEXT DEFAULT '' NOT NULL,
    sealed BIGINT DEFAULT '0' NOT NULL,
    fresh BIGINT DEFAULT '0' NOT NULL,
    fires BIGINT,
    clocks TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, id),
    CONSTRAINT cases_status CHECK (status in ('ai', 'queued', 'proposed', 'held', 'delegated', 'fallback', 'closed')),
    CONSTRAINT cases_watched CHECK ((status = 'closed') = (fires is null)),
    CONSTRAINT cases_owned CHECK ((status = 'closed') = (owner = '')),
    CONSTRAINT cases_human CHECK (human <> '' or status not in ('proposed', 'held', 'delegated')),
    CONSTRAINT cases_fresh CHECK (fresh = 1 or sealed = entries)
)
-- next
CREATE INDEX cases_closed ON cases (workspace, touched, id) WHERE status = 'closed'
-- next
CREATE INDEX cases_customer ON cases (workspace, customer) WHERE customer <> ''
-- next
CREATE INDEX cases_due ON cases (workspace, fires) WHERE fires is not null
-- next
CREATE INDEX cases_idle ON cases (workspace, queue, urgency, since, id) WHERE status in ('queued', 'fallback')
-- next
CREATE INDEX cases_people ON cases (workspace, human, status) WHERE status in ('proposed', 'held', 'delegated')
-- next
CREATE INDEX cases_unclosed ON cases (workspace, workflow) WHERE status <> 'closed'
-- next
CREATE INDEX cases_unsealed ON cases (workspace, id) WHERE fresh = 1
-- next
CREATE INDEX cases_waiting ON cases (workspace, queue, status) WHERE status in ('queued', 'proposed', 'fallback')
-- next
CREATE TABLE checkpoints (
    workspace TEXT NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (workspace, number)
)
-- next
CREATE TABLE effects (
    workspace TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "case" TEXT DEFAULT '' NOT NULL,
    number BIGINT DEFAULT '0' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    due BIGINT DEFAULT '0' NOT NULL,
    fence_incarnation BIGINT,
    fence BIGINT,
    attempts BIGINT DEFAULT '0' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, "key")
)
-- next
CREATE INDEX effects_case ON effects (workspace, "case", number)
-- next
CREATE INDEX effects_queued ON effects (workspace, due) WHERE status = 'queued'
-- next
CREATE TABLE entries (
    workspace TEXT NOT NULL,
    "case" TEXT NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    actor TEXT DEFAULT '' NOT NULL,
    incarnation BIGINT DEFAULT '0' NOT NULL,
    epoch BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (workspace, "case", number),
    CONSTRAINT entries_number CHECK (number > 0)
)
-- next
CREATE TABLE handoffs (
    workspace TEXT NOT NULL,
    "case" TEXT NOT NULL,
    number INTEGER NOT NULL,
    opened BIGINT DEFAULT '0' NOT NULL,
    ended BIGINT,
    PRIMARY KEY (workspace, "case", number)
)
 WITHOUT ROWID
-- next
CREATE UNIQUE INDEX handoffs_open ON handoffs (workspace, "case") WHERE ended is null
-- next
CREATE TABLE holds (
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (workspace, kind, subject)
)
-- next
CREATE TABLE keys (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    body TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
)
-- next
CREATE TABLE meta (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (workspace, name)
)
-- next
CREATE TABLE payloads (
    workspace TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "case" TEXT DEFAULT '' NOT NULL,
    salt BLOB NOT NULL,
    text BLOB NOT NULL,
    PRIMARY KEY (workspace, "key")
)
 WITHOUT ROWID
-- next
CREATE INDEX payloads_case ON payloads (workspace, "case")
-- next
CREATE TABLE seals (
    workspace TEXT NOT NULL,
    checkpoint INTEGER NOT NULL,
    "case" TEXT NOT NULL,
    count BIGINT DEFAULT '0' NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (workspace, checkpoint, "case")
)
 WITHOUT ROWID
-- next
CREATE TABLE stops (
    workspace TEXT NOT NULL,
    workflow TEXT NOT NULL,
    PRIMARY KEY (workspace, workflow)
)
 WITHOUT ROWID
-- next
CREATE TABLE turns (
    workspace TEXT NOT NULL,
    "case" TEXT NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT DEFAULT '0' NOT NULL,
    role TEXT DEFAULT '' NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    signals TEXT NOT NULL,
    PRIMARY KEY (workspace, "case", number)
)
 WITHOUT ROWID
-- next
create trigger cases_epoch before update of version, incarnation, epoch, owner, status on cases when
    new.version <= old.version
    or new.incarnation < old.incarnation
    or (new.incarnation = old.incarnation and new.epoch < old.epoch)
    or (new.owner <> old.owner and new.incarnation = old.incarnation and new.epoch <= old.epoch)
 begin select raise(abort, 'an owner changes only under a new epoch, and a case only to a newer version'); end
-- next
create trigger entries_gapless
    before insert on entries when new.number > 1 and not exists (
        select 1 from entries where workspace = new.workspace
        and "case" = new."case" and number = new.number - 1
    )
 begin select raise(abort, 'ledger entries of a case are numbered without a gap'); end
-- next
create trigger entries_unchanged before update on entries begin select raise(abort, 'ledger entries are never changed or deleted'); end
-- next
create trigger entries_undeleted before delete on entries begin select raise(abort, 'ledger entries are never changed or deleted'); end
-- next
create trigger checkpoints_unchanged before update on checkpoints begin select raise(abort, 'ledger entries are never changed or deleted'); end
-- next
create trigger checkpoints_undeleted before delete on checkpoints begin select raise(abort, 'ledger entries are never changed or deleted'); end
