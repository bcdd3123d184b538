"""The life of packs, and the roster."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from handrail.core.access import Right
from handrail.core.record import plain
from handrail.core.routing import Availability
from handrail.engine.versions import Version
from handrail.web import shown
from handrail.web.api.common import router
from handrail.web.auth import Caller, needs
from handrail.web.schemas import Body, Name, Word

routes = router("packs")
Digest = Annotated[str, Query(min_length=6, max_length=80, description="Or its beginning.")]
_FILES = 20


class PackBody(Body):
    """A pack as its files: each name with its text, the pack's own first."""

    files: Annotated[dict[Name, str], Field(min_length=1, max_length=_FILES)]


class ActivateBody(Body):
    """How much of the traffic it gets."""

    percentage: Annotated[int, Field(ge=1, le=100)] = 100


class ModeBody(Body):
    """Whether one person may approve what they submitted, to try Handrail alone."""

    single: bool


def _shown(one: Version) -> shown.Json:
    return {
        "digest": one.digest,
        "name": one.name,
        "version": one.version,
        "at": one.at,
        "by": sorted(one.by),
        "stage": one.stage.value,
        "approved_by": one.approved_by,
        "single_person": one.single,
        "checked": dict(one.checked),
    }


@routes.get("/packs", operation_id="list_packs")
def list_packs(who: Caller = needs(Right.READ_PACK)) -> Response:
    """Every pack with its stage, and what is in force."""
    found = who.desk.lifecycle.overview()
    return shown.answered(
        {
            "items": [_shown(one) for one in found.packs],
            "next": "",
            "active": found.state.current,
            "candidate": found.state.candidate,
            "share": found.state.share,
            "single_person": found.state.single,
            "to_review": found.state.review,
        }
    )


@routes.get("/packs/active", operation_id="read_active_pack")
def read_active_pack(who: Caller = needs(Right.READ_PACK)) -> Response:
    """The pack in force, as data."""
    on = who.desk.engine.deployment
    return shown.answered({"digest": on.digest, "pack": plain(on.pack)})


@routes.get("/packs/history", operation_id="pack_history")
def pack_history(who: Caller = needs(Right.READ_PACK)) -> Response:
    """Every step that was taken, in order."""
    found = [shown.entry(one) for one in who.desk.lifecycle.history()]
    return shown.answered(shown.page(found, ""))


@routes.get("/packs/diff", operation_id="diff_packs")
def diff_packs(
    old: Annotated[str, Query(max_length=80)] = "",
    new: Annotated[str, Query(max_length=80)] = "",
    who: Caller = needs(Right.READ_PACK),
) -> Response:
    """What differs, key by key; a side that is not named is the pack in force."""
    found = who.desk.lifecycle.diff(old, new)
    items = [{"path": one.path, "before": one.before, "after": one.after} for one in found]
    return shown.answered(shown.page(items, ""))


@routes.post("/packs", operation_id="submit_pack")
def submit_pack(body: PackBody, who: Caller = needs(Right.SUBMIT_PACK)) -> Response:
    """Put a pack forward: it is checked before anybody can approve it."""
    return shown.answered(
        _shown(who.desk.lifecycle.submit(tuple(body.files.items()), who.office()))
    )


@routes.post("/packs/{digest}/check", operation_id="check_pack")
def check_pack(digest: str, who: Caller = needs(Right.SUBMIT_PACK)) -> Response:
    """Lint it, play its own cases and a short simulation."""
    return shown.answered(_shown(who.desk.lifecycle.check(digest, who.office())))


@routes.post("/packs/{digest}/approve", operation_id="approve_pack")
def approve_pack(digest: str, who: Caller = needs(Right.APPROVE_PACK)) -> Response:
    """Approve a pack that has passed its checks: a person, who has not submitted it."""
    return shown.answered(_shown(who.desk.lifecycle.approve(digest, who.office())))


@routes.post("/packs/{digest}/activate", operation_id="activate_pack")
def activate_pack(
    digest: str, body: ActivateBody, who: Caller = needs(Right.APPROVE_PACK)
) -> Response:
    """Put it in force, for all cases or for a share of them."""
    made = who.desk.lifecycle.activate(digest, who.office(), body.percentage)
    return shown.answered(_shown(made))


@routes.post("/packs/{digest}/retire", operation_id="retire_pack")
def retire_pack(digest: str, who: Caller = needs(Right.APPROVE_PACK)) -> Response:
    """Take it out of use for good."""
    return shown.answered(_shown(who.desk.lifecycle.retire(digest, who.office())))


@routes.post("/packs/rollback", operation_id="roll_back")
def roll_back(who: Caller = needs(Right.APPROVE_PACK)) -> Response:
    """Back to the pack that was in force before, at once; reviewed afterwards."""
    return shown.answered(_shown(who.desk.lifecycle.roll_back(who.office())))


@routes.post("/packs/review", operation_id="review_roll_back")
def review_roll_back(who: Caller = needs(Right.APPROVE_PACK)) -> Response:
    """Say that the last roll-back was looked at: another person than the one who did it."""
    who.desk.lifecycle.review(who.office())
    return shown.answered({"reviewed": True})


@routes.post("/packs/mode", operation_id="set_pack_mode")
def set_pack_mode(body: ModeBody, who: Caller = needs(Right.APPROVE_PACK)) -> Response:
    """The single-person mode, for evaluation; it is marked in every entry."""
    who.desk.lifecycle.mode(who.office(), single=body.single)
    return shown.answered({"single_person": body.single})


Seen = Annotated[
    int | None, Field(ge=0, description="The version that you saw; 409 if it is over.")
]


class PersonBody(Body):
    """The keys of a person in a roster file; null is the default."""

    fields: dict[str, Any]
    version: Seen = None


class AvailableBody(Body):
    """Whether somebody is there."""

    availability: Availability
    version: Seen = None


class AwayBody(Body):
    """From the first day to the last, or between two times, local to the person."""

    start: Name
    end: Name
    delegate: Word = ""
    version: Seen = None


class ClosedBody(Body):
    """From the first day to the last, or between two times, local to the queue."""

    start: Name
    end: Name
    version: Seen = None


@routes.get("/roster", operation_id="read_roster", tags=["roster"])
def read_roster(
    version: Annotated[int, Query(ge=0, le=1 << 31)] = 0, who: Caller = needs(Right.READ_PACK)
) -> Response:
    """The roster in force, or an older version, as a roster file has it."""
    number, tree = who.desk.rostering.show(version)
    return shown.answered({"version": number, "roster": tree})


@routes.get("/roster/history", operation_id="roster_history", tags=["roster"])
def roster_history(who: Caller = needs(Right.READ_PACK)) -> Response:
    """Every edit, in order."""
    found = [shown.entry(one) for one in who.desk.rostering.history()]
    return shown.answered(shown.page(found, ""))


@routes.put("/roster/people/{person}", operation_id="put_person", tags=["roster"])
def put_person(person: str, body: PersonBody, who: Caller = needs(Right.ROSTER)) -> Response:
    """Add a person, or change some keys of one; in force at once."""
    made = who.desk.rostering.put(person, body.fields, who.office(), version=body.version)
    return shown.answered({"version": made})


@routes.delete("/roster/people/{person}", operation_id="remove_person", tags=["roster"])
def remove_person(person: str, who: Caller = needs(Right.ROSTER)) -> Response:
    """Somebody has left: their cases go back to the queues."""
    return shown.answered({"version": who.desk.rostering.remove(person, who.office())})


@routes.post("/roster/people/{person}/availability", operation_id="set_available", tags=["roster"])
def set_available(person: str, body: AvailableBody, who: Caller = needs(Right.ROSTER)) -> Response:
    """Online, busy or offline."""
    made = who.desk.rostering.available(
        person, body.availability, who.office(), version=body.version
    )
    return shown.answered({"version": made})


@routes.post("/roster/people/{person}/away", operation_id="set_away", tags=["roster"])
def set_away(person: str, body: AwayBody, who: Caller = needs(Right.ROSTER)) -> Response:
    """Away for some time, with somebody who stands in."""
    made = who.desk.rostering.away(
        person, body.start, body.end, who.office(), delegate=body.delegate, version=body.version
    )
    return shown.answered({"version": made})


@routes.post("/roster/people/{person}/back", operation_id="set_back", tags=["roster"])
def set_back(person: str, who: Caller = needs(Right.ROSTER)) -> Response:
    """Back, or there after all."""
    return shown.answered({"version": who.desk.rostering.back(person, who.office())})


@routes.post("/roster/queues/{queue}/close", operation_id="close_queue", tags=["roster"])
def close_queue(queue: str, body: ClosedBody, who: Caller = needs(Right.ROSTER)) -> Response:
    """Close a queue for once."""
    made = who.desk.rostering.close(queue, body.start, body.end, who.office(), version=body.version)
    return shown.answered({"version": made})


@routes.post("/roster/queues/{queue}/reopen", operation_id="reopen_queue", tags=["roster"])
def reopen_queue(queue: str, who: Caller = needs(Right.ROSTER)) -> Response:
    """Open it after all."""
    return shown.answered({"version": who.desk.rostering.reopen(queue, who.office())})
