"""Who may do what: nothing, except what a grant gives where it reaches.

A grant gives somebody a role within a workflow, a queue and a topic; `*` is all of them. There is
nothing that takes a right away but the end of a grant, so one more grant never makes it less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from handrail.core.model import Strict

ALL = "*"
"""Every workflow, queue or topic."""


class Kind(StrEnum):
    """Who can be known: a person, or a program such as an AI agent or a dashboard."""

    PERSON = "person"
    PROGRAM = "program"


class Role(StrEnum):
    """What somebody is here for."""

    AGENT = "agent"
    HUMAN = "human"
    SUPERVISOR = "supervisor"
    BOARD = "board"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Right(StrEnum):
    """What can be allowed. Each route and each command needs exactly one."""

    TURN = "turn"
    READ_CASE = "read_case"
    READ_TRANSCRIPT = "read_transcript"
    ACT = "act"
    SUPERVISE = "supervise"
    ROSTER = "roster"
    SUBMIT_PACK = "submit_pack"
    APPROVE_PACK = "approve_pack"
    READ_PACK = "read_pack"
    READ_METRICS = "read_metrics"
    AUDIT = "audit"
    ADMINISTER = "administer"


_HUMAN = frozenset({Right.ACT, Right.READ_CASE, Right.READ_TRANSCRIPT, Right.READ_PACK})
_SEES = frozenset({Right.READ_PACK, Right.READ_METRICS})

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.AGENT: frozenset({Right.TURN, Right.READ_CASE}),
        Role.HUMAN: _HUMAN,
        Role.SUPERVISOR: _HUMAN | {Right.SUPERVISE, Right.ROSTER, Right.READ_METRICS},
        Role.BOARD: _SEES | {Right.APPROVE_PACK},
        Role.ANALYST: _SEES | {Right.SUBMIT_PACK},
        Role.AUDITOR: _SEES | {Right.AUDIT, Right.READ_CASE, Right.READ_TRANSCRIPT},
        Role.ADMIN: _SEES | {Right.ADMINISTER, Right.SUBMIT_PACK},
    }
)
"""What each role may do. What is not here nobody may."""

_PERSONAL = frozenset({Role.HUMAN, Role.SUPERVISOR, Role.BOARD})


def fits(kind: Kind, role: Role) -> bool:
    """Whether such a one can have the role: who answers for a case or approves a pack is a person,
    and who speaks as the AI is none.
    """
    if kind is Kind.PERSON:
        return role is not Role.AGENT
    return role not in _PERSONAL


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant(Strict):
    """A role, and how far it reaches. A case is within reach if all three fit; of its topics one
    that fits is enough, and a case without topics is out of reach of a grant for a topic.
    """

    role: Role
    workflow: str = ALL
    queue: str = ALL
    topic: str = ALL

    @property
    def everywhere(self) -> bool:
        """Whether it reaches all of the workspace."""
        return self.workflow == self.queue == self.topic == ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who is known in a workspace. Of a human agent the `id` is that of the roster.

    `at` is when they were added, `disabled` since when nothing of theirs is valid (0: it is).
    """

    id: str
    kind: Kind
    name: str = ""
    grants: tuple[Grant, ...] = ()
    at: int = 0
    disabled: int = 0


class TokenKind(StrEnum):
    """A key of a program or person, or the session of a person who has signed in."""

    KEY = "key"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret. `expires` and `revoked` are times, 0 for never: `revoked` lies
    ahead while another key takes its place.
    """

    id: str
    identity: str
    kind: TokenKind
    label: str = ""
    at: int = 0
    expires: int = 0
    revoked: int = 0

    def valid(self, at: int) -> bool:
        """Whether it is neither revoked nor expired at that time."""
        return not (0 < self.expires <= at or 0 < self.revoked <= at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: somebody of a workspace, who has shown a valid token."""

    workspace: str
    identity: Identity
    token: Token

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What they were granted, as of when they showed it."""
        return self.identity.grants


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where something is: a case's workflow, its queue (empty while the AI has it), its topics."""

    workflow: str = ""
    queue: str = ""
    topics: frozenset[str] = frozenset()


def covers(grant: Grant, scope: Scope) -> bool:
    """Whether a grant reaches there."""
    return (
        grant.workflow in {ALL, scope.workflow}
        and grant.queue in {ALL, scope.queue}
        and (grant.topic == ALL or grant.topic in scope.topics)
    )


def may(grants: Iterable[Grant], right: Right, scope: Scope | None = None) -> bool:
    """Whether these grants give the right there. `scope` None: for what belongs to the workspace
    as a whole, so only a grant that reaches everywhere gives it.
    """
    return any(
        right in RIGHTS[grant.role]
        and (grant.everywhere if scope is None else covers(grant, scope))
        for grant in grants
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What of a right somebody has: the grants that give it. Lists and streams show by it."""

    grants: tuple[Grant, ...] = ()

    def __bool__(self) -> bool:
        """Whether there may be anything to see: without it a list is refused, not empty."""
        return bool(self.grants)

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden, so that nothing needs to be looked at."""
        return any(one.everywhere for one in self.grants)

    def sees(self, scope: Scope) -> bool:
        """Whether it reaches there."""
        return any(covers(one, scope) for one in self.grants)

    @property
    def workflows(self) -> frozenset[str] | None:
        """No case of another workflow is within reach; None: it may be of any. So a question to
        the store can be made smaller; each row is asked about with `sees` all the same.
        """
        return _names(one.workflow for one in self.grants)

    @property
    def queues(self) -> frozenset[str] | None:
        """As `workflows`, of queues."""
        return _names(one.queue for one in self.grants)


def visible(grants: Iterable[Grant], right: Right) -> Sight:
    """What may be shown to whom, of what needs that right."""
    return Sight(grants=tuple(one for one in grants if right in RIGHTS[one.role]))


def _names(found: Iterable[str]) -> frozenset[str] | None:
    names = frozenset(found)
    return None if ALL in names else names
