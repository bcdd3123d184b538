"""What auditors read: the ledger, whether it verifies; and changes as they happen."""

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from handrail.core import ledger
from handrail.core.access import Right
from handrail.prove import export, right
from handrail.web import shown
from handrail.web.api.common import Limit, router
from handrail.web.auth import Caller, Reach, caller, needs
from handrail.web.sight import sight

routes = router("ledger")
Cursor = Annotated[str, Query(max_length=2_000, description="Behind this; empty: from the start.")]


@routes.get("/ledger/entries", operation_id="read_ledger")
def read_ledger(
    after: Cursor = "", limit: Limit = 200, who: Caller = needs(Right.AUDIT)
) -> Response:
    """All entries of the workspace in the order in which they were committed."""
    feed = who.desk.feed
    page = feed.read(after or feed.first(), limit)
    items = [shown.entry(one.entry) for one in page.changes]
    return shown.answered(shown.page(items, page.cursor if page.more or items else ""))


@routes.post("/ledger/checkpoints", operation_id="take_checkpoint")
def take_checkpoint(request: Request, who: Caller = needs(Right.AUDIT)) -> Response:
    """Sign what stands in the ledger now, and put that outside where there is a witness."""
    number = request.app.state.service.seal(who.principal.workspace)
    return shown.answered({"checkpoint": number})


@routes.get("/ledger/verify", operation_id="verify_ledger")
def verify_ledger(who: Caller = needs(Right.AUDIT)) -> Response:
    """Verify the ledger as it stands. Without a witness outside nobody can say whether its end was
    cut off: see `handrail verify --witness`.
    """
    with who.desk.ledger() as book:
        report = ledger.verify(export(book), right)
        tail, broken = book.tail()
    findings = [str(one) for one in report.findings] + list(broken)
    return shown.answered(
        {
            "ok": not findings,
            "cases": report.cases,
            "entries": report.entries,
            "unsealed": tail,
            "findings": findings[:100],
            "note": "a cut-off end cannot be excluded without a witness outside",
        }
    )


@routes.get("/events", operation_id="stream_events", tags=["events"], response_class=Response)
def stream_events(
    request: Request,
    after: Annotated[str, Query(max_length=200)] = "",
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=200)] = None,
    who: Caller = needs(Right.READ_CASE, Reach.LIST),
) -> Response:
    """Every change that you may see, as server-sent events without a text of anybody: the names of
    the events are those of ledger entries. After `Last-Event-ID` nothing is left out.
    """

    def rights() -> object:
        return sight(caller(request).principal.grants)

    frame = request.app.state.frame
    return frame.streams.open(who.desk, rights, last or after)  # type: ignore[no-any-return]
