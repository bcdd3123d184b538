"""The account of what fell due while a store was away: kept in it from a restore until it is told.

It is an effect of no case, which no channel carries: `accepted` while it is written up, `sent` once
the summaries that are made of it have been put into the outbox.
"""

from handrail.ports import Delivery, Effect

ACCOUNT, SUMMARY = "catch_up", "summary"
"""The kinds of the account, and of what the steward of a queue is told."""


def key(incarnation: int) -> str:
    """The key of the account of a restored store: one of each restore."""
    return f"{ACCOUNT}/{incarnation}"


def account(incarnation: int, at: int) -> Effect:
    """An account in which nothing stands yet. `at` is the time of the restore."""
    return Effect(
        key=key(incarnation),
        case="",
        kind=ACCOUNT,
        body={"queues": {}},
        at=at,
        due=at,
        status=Delivery.ACCEPTED,
    )
