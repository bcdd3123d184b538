"""Who may do what: keys, people, grants; who I am; signing in and out."""

import ipaddress
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field, SecretStr
from starlette.responses import Response

from handrail.core.access import ALL, Grant, Identity, Kind, Right, Role, Token, TokenKind
from handrail.web import shown
from handrail.web.api.common import router
from handrail.web.auth import COOKIE, Caller, Reach, needs
from handrail.web.schemas import Body, Count, Name, Word

routes = router("access")
_HOUR = 3_600_000


class IdentityBody(Body):
    """A person or a program."""

    id: Name
    kind: Kind
    name: Word = ""


class KeyBody(Body):
    """A key of somebody. `expires`: milliseconds since the epoch, 0 for never."""

    identity: Name
    label: Annotated[str, Field(max_length=100)] = ""
    expires: Count = 0


class RotateBody(Body):
    """For how long both keys are valid."""

    overlap: Annotated[int, Field(ge=0, le=90 * 24 * _HOUR)] = 24 * _HOUR


class GrantBody(Body):
    """A role, and how far it reaches."""

    role: Role
    workflow: Name = ALL
    queue: Name = ALL
    topic: Name = ALL

    def made(self) -> Grant:
        """The grant."""
        return Grant(role=self.role, workflow=self.workflow, queue=self.queue, topic=self.topic)


class PasswordBody(Body):
    """A new password; empty: they have none any more."""

    password: SecretStr


class SignInBody(Body):
    """Who signs in, and where."""

    person: Name
    password: SecretStr
    workspace: Name = "default"


def _grant(one: Grant) -> shown.Json:
    return {
        "role": one.role.value,
        "workflow": one.workflow,
        "queue": one.queue,
        "topic": one.topic,
    }


def _identity(one: Identity) -> shown.Json:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "name": one.name,
        "at": one.at,
        "disabled": one.disabled,
        "grants": [_grant(grant) for grant in one.grants],
    }


def _token(one: Token) -> shown.Json:
    return {
        "id": one.id,
        "identity": one.identity,
        "label": one.label,
        "at": one.at,
        "expires": one.expires,
        "revoked": one.revoked,
    }


@routes.get("/me", operation_id="who_am_i")
def who_am_i(who: Caller = needs(Right.READ_CASE, Reach.SELF)) -> Response:
    """Who you are here, and what you were granted."""
    told = {"workspace": who.principal.workspace, **_identity(who.principal.identity)}
    return shown.answered(told | {"token": _token(who.principal.token)})


@routes.get("/people", operation_id="list_people")
def list_people(who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Everybody who is known, persons and programs, with their grants."""
    found = [_identity(one) for one in who.desk.directory.identities()]
    return shown.answered(shown.page(found, ""))


@routes.post("/people", operation_id="add_person")
def add_person(body: IdentityBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Make somebody known; a human agent under the id that the roster has."""
    made = who.desk.directory.add_identity(body.id, body.kind, shown=body.name, by=who.office())
    return shown.answered(_identity(made))


@routes.post("/people/{person}/disable", operation_id="disable_person")
def disable_person(person: str, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Nothing of theirs is valid from now on."""
    who.desk.directory.disable(person, by=who.office())
    return shown.answered(_identity(who.desk.directory.identity(person)))


@routes.post("/people/{person}/enable", operation_id="enable_person")
def enable_person(person: str, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """What they have is valid again."""
    who.desk.directory.enable(person, by=who.office())
    return shown.answered(_identity(who.desk.directory.identity(person)))


@routes.post("/people/{person}/password", operation_id="set_password")
def set_password(
    person: str, body: PasswordBody, who: Caller = needs(Right.ADMINISTER)
) -> Response:
    """Give a person a password; their sessions end."""
    who.desk.directory.set_password(person, body.password.get_secret_value(), by=who.office())
    return shown.answered({"id": person})


@routes.post("/people/{person}/grants", operation_id="grant")
def grant(person: str, body: GrantBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Give somebody a role."""
    who.desk.directory.grant(person, body.made(), by=who.office())
    return shown.answered(_identity(who.desk.directory.identity(person)))


@routes.post("/people/{person}/grants/remove", operation_id="ungrant")
def ungrant(person: str, body: GrantBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Take a role back."""
    who.desk.directory.ungrant(person, body.made(), by=who.office())
    return shown.answered(_identity(who.desk.directory.identity(person)))


@routes.get("/keys", operation_id="list_keys")
def list_keys(
    identity: Annotated[str, Query(max_length=200)] = "",
    who: Caller = needs(Right.ADMINISTER),
) -> Response:
    """The keys of somebody or of all, without their secrets."""
    found = [_token(one) for one in who.desk.directory.tokens(identity)]
    return shown.answered(shown.page(found, ""))


@routes.post("/keys", operation_id="create_key")
def create_key(body: KeyBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """A new key; it is shown only now."""
    made = who.desk.directory.make_token(
        body.identity, label=body.label, expires=body.expires, by=who.office()
    )
    return shown.answered({"key": made, "id": made.split("_")[1]})


@routes.post("/keys/{key}/rotate", operation_id="rotate_key")
def rotate_key(key: str, body: RotateBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """A key in the place of another, which stays valid for a while."""
    made = who.desk.directory.rotate(key, body.overlap, by=who.office())
    return shown.answered({"key": made, "id": made.split("_")[1]})


@routes.post("/keys/{key}/revoke", operation_id="revoke_key")
def revoke_key(key: str, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Refuse a key from now on, for good."""
    who.desk.directory.revoke(key, by=who.office())
    return shown.answered(_token(who.desk.directory.token(key)))


@routes.post("/sessions", operation_id="sign_in")
def sign_in(body: SignInBody, request: Request) -> Response:
    """Sign in with a password: the session comes as a cookie, and as a token. No key is needed."""
    desk = request.app.state.service.desk_of(body.workspace)
    found = desk.directory.check_password(body.person, body.password.get_secret_value())
    return session(request, body.workspace, found)


def session(request: Request, workspace: str, who: Identity) -> Response:
    """The answer that begins a session of somebody."""
    service = request.app.state.service
    desk, settings = service.desk_of(workspace), service.settings
    expires = desk.store.clock() + settings.session_hours * _HOUR
    text = desk.directory.make_token(who.id, TokenKind.SESSION, expires=expires)
    answer = shown.answered({"token": text, "expires": expires, **_identity(who)})
    answer.set_cookie(
        COOKIE,
        text,
        max_age=settings.session_hours * 3600,
        secure=settings.secure_cookies and not _loopback(request.url.hostname or ""),
        httponly=True,
        samesite="strict",
    )
    answer.headers["cache-control"] = "no-store"
    return answer


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@routes.delete("/sessions", operation_id="sign_out")
def sign_out(who: Caller = needs(Right.READ_CASE, Reach.SELF)) -> Response:
    """Sign out: the key or session that you show is not valid any more."""
    who.desk.directory.revoke(who.principal.token.id, by=who.office())
    answer = shown.answered({"signed_out": True})
    answer.delete_cookie(COOKIE)
    return answer
