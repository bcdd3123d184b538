"""The tables, the same in SQLite and PostgreSQL.

Every key begins with the workspace. What the laws demand stands as a constraint here, or as a
trigger in the migrations, so that no bug in Python can commit against it. What is personal is in
`payloads` and in the columns that `privacy` names; nothing of it is chained.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA = MetaData()
_FLAT: dict[str, Any] = {"sqlite_with_rowid": False}  # the key is the table: one tree, not two


def _key(name: str, kind: type = Text) -> Column[str]:
    return Column(name, kind, primary_key=True, nullable=False)


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _only(where: str) -> dict[str, Any]:
    """An index of those rows alone."""
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


META = Table("meta", METADATA, _key("workspace"), _key("name"), _words("value"))

# `owner` is derived from the state: who must act now. `fires` is when the first armed deadline
# fires: law 16 stands in the check. `head` is the hash of the last ledger entry, `sealed` how many
# entries the last checkpoint has covered, and `fresh` 1 from the first that it has not: SQLite
# would write an index on `sealed < entries` on every turn. `urgency` sorts who waits: the
# priority, below zero.
CASES = Table(
    "cases",
    METADATA,
    _key("workspace"),
    _key("id"),
    _words("workflow"),
    _words("status"),
    _words("owner"),
    _words("queue"),
    _words("human"),
    _words("customer"),
    _count("urgency"),
    _count("since"),
    _count("touched"),
    _count("incarnation"),
    _count("epoch"),
    _count("version"),
    _count("entries"),
    _words("head"),
    _count("sealed"),
    _count("fresh"),
    Column("fires", BigInteger),
    Column("clocks", Text, nullable=False),
    Column("body", Text, nullable=False),
    CheckConstraint(
        "status in ('ai', 'queued', 'proposed', 'held', 'delegated', 'fallback', 'closed')",
        name="cases_status",
    ),
    CheckConstraint("(status = 'closed') = (fires is null)", name="cases_watched"),
    CheckConstraint("(status = 'closed') = (owner = '')", name="cases_owned"),
    CheckConstraint(
        "human <> '' or status not in ('proposed', 'held', 'delegated')", name="cases_human"
    ),
    CheckConstraint("fresh = 1 or sealed = entries", name="cases_fresh"),
    Index(
        "cases_due",
        "workspace",
        "fires",
        **_only("fires is not null"),
    ),
    Index(
        "cases_waiting",
        "workspace",
        "queue",
        "status",
        **_only("status in ('queued', 'proposed', 'fallback')"),
    ),
    Index(
        "cases_idle",
        "workspace",
        "queue",
        "urgency",
        "since",
        "id",
        **_only("status in ('queued', 'fallback')"),
    ),
    Index(
        "cases_people",
        "workspace",
        "human",
        "status",
        **_only("status in ('proposed', 'held', 'delegated')"),
    ),
    Index(
        "cases_unclosed",
        "workspace",
        "workflow",
        **_only("status <> 'closed'"),
    ),
    Index(
        "cases_customer",
        "workspace",
        "customer",
        **_only("customer <> ''"),
    ),
    Index(
        "cases_closed",
        "workspace",
        "touched",
        "id",
        **_only("status = 'closed'"),
    ),
    Index(
        "cases_unsealed",
        "workspace",
        "id",
        **_only("fresh = 1"),
    ),
)

# One row a handoff; law 11: at most one of a case is open.
HANDOFFS = Table(
    "handoffs",
    METADATA,
    _key("workspace"),
    _key("case"),
    _key("number", Integer),
    _count("opened"),
    Column("ended", BigInteger),
    Index(
        "handoffs_open",
        "workspace",
        "case",
        unique=True,
        **_only("ended is null"),
    ),
    **_FLAT,
)

TURNS = Table(
    "turns",
    METADATA,
    _key("workspace"),
    _key("case"),
    _key("number", Integer),
    _count("at"),
    _words("role"),
    _words("by"),
    Column("signals", Text, nullable=False),
    **_FLAT,
)

# Texts, tool arguments, bundles and notes, each with the salt of what the ledger says of it.
PAYLOADS = Table(
    "payloads",
    METADATA,
    _key("workspace"),
    _key("key"),
    _words("case"),
    Column("salt", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Index("payloads_case", "workspace", "case"),
    **_FLAT,
)

# `place` is the transaction that appended the entry, in PostgreSQL, where the numbers of rows do
# not follow the order of commits; readers of changes go by it. SQLite's own row
# numbers do, and there it stays 0.
ENTRIES = Table(
    "entries",
    METADATA,
    _key("workspace"),
    _key("case"),
    _key("number", Integer),
    _count("at"),
    _words("name"),
    _words("actor"),
    _count("incarnation"),
    _count("epoch"),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    _count("place"),
    Index("entries_place", "workspace", "place", sqlite_where=text("place > 0")),
    CheckConstraint("number > 0", name="entries_number"),
)

EFFECTS = Table(
    "effects",
    METADATA,
    _key("workspace"),
    _key("key"),
    _words("case"),
    _count("number"),
    _words("kind"),
    _words("status"),
    _count("at"),
    _count("due"),
    Column("fence_incarnation", BigInteger),
    Column("fence", BigInteger),
    _count("attempts"),
    _words("error"),
    Column("body", Text, nullable=False),
    Index("effects_case", "workspace", "case", "number"),
    Index(
        "effects_queued",
        "workspace",
        "due",
        **_only("status = 'queued'"),
    ),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    _key("workspace"),
    _key("id"),
    _words("case"),
    _words("status"),
    Column("body", Text, nullable=False),
    Index("approvals_case", "workspace", "case"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    _key("workspace"),
    _key("case"),
    _key("key"),
    _count("at"),
    Column("body", Text, nullable=False),
    **_FLAT,
)

STOPS = Table("stops", METADATA, _key("workspace"), _key("workflow"), **_FLAT)

# The public keys that checkpoints were signed with, each introduced by the one before.
KEYS = Table(
    "keys",
    METADATA,
    _key("workspace"),
    _key("id"),
    _count("at"),
    Column("body", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

# Who must not be erased, and why: `subject` is a customer, or a case.
HOLDS = Table(
    "holds",
    METADATA,
    _key("workspace"),
    _key("kind"),
    _key("subject"),
    _words("reason"),
    _words("by"),
    _count("at"),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    _key("workspace"),
    _key("number", Integer),
    _count("at"),
    Column("body", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

# What a checkpoint covers: of each case that had changed, how many entries, and the last hash.
SEALS = Table(
    "seals",
    METADATA,
    _key("workspace"),
    _key("checkpoint", Integer),
    _key("case"),
    _count("count"),
    Column("head", Text, nullable=False),
    **_FLAT,
)
