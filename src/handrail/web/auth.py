"""Who asks, and whether they may: every route names the one right that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from handrail.core.access import Kind, Principal, Right, Scope, Sight, may, visible
from handrail.core.ownership import Actor, Party
from handrail.errors import Forbidden, NotFound, Unauthenticated
from handrail.ports import Case
from handrail.wiring.desk import Desk

COOKIE, CSRF = "handrail_session", "x-handrail-csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Reach(Enum):
    """What a route is about: the workspace as a whole, rows of which some may be hidden, one case,
    or whoever asks.
    """

    WORKSPACE = "workspace"
    LIST = "list"
    CASE = "case"
    SELF = "self"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in the workspace of their key."""

    principal: Principal
    desk: Desk

    @property
    def id(self) -> str:
        """The identity."""
        return self.principal.identity.id

    @property
    def is_person(self) -> bool:
        """Whether it is a person, who can have a case."""
        return self.principal.identity.kind is Kind.PERSON

    def may(self, right: Right, scope: Scope | None = None) -> bool:
        """Whether they may do this there."""
        return may(self.principal.grants, right, scope)

    def sight(self, right: Right = Right.READ_CASE) -> Sight:
        """What of the cases they see."""
        return visible(self.principal.grants, right)

    def actor(self, scope: Scope | None = None) -> Actor:
        """They, as those who give a command: a person, or the AI that a program speaks for."""
        if not self.is_person:
            return Actor(kind=Party.AI)
        return Actor(kind=Party.HUMAN, id=self.id, supervisor=self.may(Right.SUPERVISE, scope))

    def office(self) -> Actor:
        """They, as those who change packs, the roster or rights: a program has its name there."""
        return Actor(kind=Party.HUMAN if self.is_person else Party.SYSTEM, id=self.id)

    def case(self, name: str, right: Right) -> Case:
        """A case within reach. NotFound for one that they do not see, as for one that is not there;
        Forbidden where they see it and may not do this.
        """
        found = look(self.desk, name)
        if found is None:
            raise _hidden(name)
        where = scope(found)
        if self.may(right, where):
            return found
        if not self.may(Right.READ_CASE, where):
            raise _hidden(name)
        raise _forbidden(right)


def look(desk: Desk, name: str) -> Case | None:
    """A case as it is now; nothing is locked. None when there is none."""
    from handrail import books
    from handrail.engine import answers

    if books.is_book(name):
        return None
    answers.named("case", name)
    with desk.store.view() as unit:
        return next(iter(unit.look([name])), None)


def scope(case: Case) -> Scope:
    """Where a case is."""
    return Scope(
        workflow=case.workflow,
        queue=case.ownership.queue if case.ownership.handoff else "",
        topics=frozenset(case.state.topics),
    )


def _hidden(name: str) -> NotFound:
    shown = ascii(name[:60])[1:-1]
    return NotFound(f"no case `{shown}`", hint="a case begins with its first turn")


def _forbidden(right: Right) -> Forbidden:
    return Forbidden(
        f"this needs the right `{right.value}`, which you do not have here",
        hint="ask an administrator for a role that has it",
    )


def token(request: Request) -> str:
    """What the caller shows: a bearer key, or the session of a browser. Who changes something by a
    session shows too that a page of ours asked, not one of somebody else.
    """
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and text:
        return text.strip()
    session = request.cookies.get(COOKIE, "")
    if session and request.method not in _SAFE and not request.headers.get(CSRF):
        raise Forbidden(
            "a session changes something only with our own header", hint=f"send `{CSRF}: 1`"
        )
    if not session:
        raise Unauthenticated(
            "no key was shown", hint="send `Authorization: Bearer hr_…`, with a key of yours"
        )
    return session


def caller(request: Request) -> Caller:
    """Who asks. Unauthenticated when that is not clear."""
    return _admitted(request, request.app.state.service.authenticate(token(request)))


def _admitted(request: Request, principal: Principal) -> Caller:
    found = Caller(principal, request.app.state.service.desk(principal.workspace))
    request.app.state.limits.count(principal.token.id, request)
    return found


class Need:
    """A dependency: the caller, if they have this right."""

    def __init__(self, right: Right, reach: Reach) -> None:
        self.right, self.reach = right, reach

    async def __call__(self, request: Request) -> Caller:
        """See `needs`. A thread is taken only for what must be read from the store."""
        known = request.app.state.service.known(token(request))
        found = _admitted(request, known) if known else await run_in_threadpool(caller, request)
        self._check(found)
        if self.reach is Reach.CASE:
            await run_in_threadpool(found.case, request.path_params["case"], self.right)
        return found

    def admit(self, request: Request) -> Caller:
        """The same where a thread may wait."""
        found = caller(request)
        self._check(found)
        if self.reach is Reach.CASE:
            found.case(request.path_params["case"], self.right)
        return found

    def _check(self, found: Caller) -> None:
        whole, some = self.reach is Reach.WORKSPACE, self.reach is Reach.LIST
        if (whole and not found.may(self.right)) or (some and not found.sight(self.right)):
            raise _forbidden(self.right)


def needs(right: Right, reach: Reach = Reach.WORKSPACE) -> Any:
    """The dependency of a route, which gives the `Caller`. Of a route about one case the path has
    `{case}`.
    """
    return Depends(Need(right, reach))


def declared(dependant: Any) -> list[Need]:
    """The rights that a route declares, in what FastAPI keeps of it."""
    calls: list[Callable[..., Any] | None] = [one.call for one in dependant.dependencies]
    return [one for one in calls if isinstance(one, Need)]
