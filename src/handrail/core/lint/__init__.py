"""Step 1, Define: what in a pack would hurt, before it does. Each finding has a code and a fix."""

from handrail.core.lint import routing, safety, triggers, words
from handrail.core.lint.finding import CODES, Finding, Severity
from handrail.core.policy import Pack

__all__ = ["CODES", "Finding", "Severity", "lint"]

_RANK = {severity: place for place, severity in enumerate(Severity)}


def lint(pack: Pack) -> tuple[Finding, ...]:
    """All findings in a pack: errors first, then by code and path. Total: any pack will do."""
    found = (finding for room in (routing, triggers, safety, words) for finding in room.find(pack))
    return tuple(
        sorted(
            dict.fromkeys(found),
            key=lambda one: (_RANK[one.severity], one.code, one.keys, one.message),
        )
    )
