"""The tables of who may do what, of packs and rosters, and of who is told about changes.

They stand beside the cases in the same database. A change of any of them is a ledger entry too.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from handrail.adapters.sql.schema import METADATA


def _key(name: str, kind: type = Text) -> Column[str]:
    return Column(name, kind, primary_key=True, nullable=False)


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


# A pack as it was submitted: `sources` is JSON, each file's text by its name, the pack's own first.
PACKS = Table(
    "packs",
    METADATA,
    _key("workspace"),
    _key("digest"),
    _words("name"),
    _words("version"),
    _words("by"),
    _count("at"),
    Column("sources", Text, nullable=False),
)

# Every version of the roster, whole; the latest is the one in force.
ROSTERS = Table(
    "rosters",
    METADATA,
    _key("workspace"),
    _key("version", Integer),
    _words("by"),
    _count("at"),
    Column("body", Text, nullable=False),
)

# People and programs. `subject` is who an OpenID provider says it is; `password` a slow hash.
IDENTITIES = Table(
    "identities",
    METADATA,
    _key("workspace"),
    _key("id"),
    _words("kind"),
    _words("name"),
    _words("password"),
    _words("subject"),
    _count("at"),
    _count("disabled"),
    Index(
        "identities_subject",
        "workspace",
        "subject",
        unique=True,
        sqlite_where=text("subject <> ''"),
        postgresql_where=text("subject <> ''"),
    ),
)

# What somebody proves who they are with: an API key or a session. `id` is part of what is shown,
# and found without the workspace; of the secret only a hash is kept.
TOKENS = Table(
    "tokens",
    METADATA,
    _key("id"),
    _words("workspace"),
    _words("identity"),
    _words("kind"),
    _words("hash"),
    _words("label"),
    _count("at"),
    _count("expires"),
    _count("revoked"),
    Index("tokens_identity", "workspace", "identity"),
)

GRANTS = Table(
    "grants",
    METADATA,
    _key("workspace"),
    _key("identity"),
    _key("role"),
    _key("workflow"),
    _key("queue"),
    _key("topic"),
    _words("by"),
    _count("at"),
)

# Where webhooks go. `body` is JSON: which events, the secrets that sign, what is allowed.
ENDPOINTS = Table(
    "endpoints",
    METADATA,
    _key("workspace"),
    _key("id"),
    _words("url"),
    _words("status"),
    _count("at"),
    Column("body", Text, nullable=False),
)

# One webhook to one endpoint: which ledger entry it tells of, and how far it is. `event` is what is
# sent, without a text of anybody; `tries` is JSON: how each went.
HOOKS = Table(
    "hooks",
    METADATA,
    _key("workspace"),
    _key("key"),
    _words("endpoint"),
    _words("case"),
    _count("number"),
    _words("status"),
    _count("at"),
    _count("due"),
    _count("attempts"),
    _words("error"),
    _words("event"),
    _words("tries"),
    Index(
        "hooks_queued",
        "workspace",
        "endpoint",
        "due",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
    Index("hooks_endpoint", "workspace", "endpoint", "status", "at"),
)

# How far somebody has read the changes: the webhooks, for one.
CURSORS = Table("cursors", METADATA, _key("workspace"), _key("name"), _words("value"))
