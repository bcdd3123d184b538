"""An export held against what a witness has kept of its checkpoints outside."""

from collections.abc import Iterable

from handrail.core.ledger import lines
from handrail.core.ledger.canonical import Uncanonical
from handrail.core.ledger.checkpoint import Checkpoint, digest, message
from handrail.core.ledger.points import Check
from handrail.core.ledger.report import Report


def anchor(report: Report, kept: Iterable[bytes], check: Check, *, until: int = 0) -> None:
    """Add to a report what the lines of a witness say. Lines of other workspaces are passed over.

    The export must go on to the last checkpoint that the witness has. `until`: it is known to be an
    older one, made at this checkpoint, so what the witness has after that is passed over.
    """
    report.witnessed = True
    latest = 0
    for number, line in enumerate(kept, 1):
        try:
            data = lines.parse_witnessed(line)
        except Uncanonical as error:
            report.add(f"line {number} of the witness is broken: {error}")
            continue
        made = Checkpoint(**data["checkpoint"])
        if data["workspace"] != report.workspace or made.number > (until or made.number):
            continue
        public = report.public.get(made.key)
        if public and not check(public, bytes.fromhex(data["signature"]), message(made)):
            report.add(f"line {number} of the witness has a wrong signature")
            continue
        latest = max(latest, made.number)
        if made.number not in report.points:
            continue
        if report.points[made.number] == digest(made):
            report.anchored = max(report.anchored, made.number)
        else:
            report.add(
                f"checkpoint {made.number} is not the one that the witness kept (line {number}): "
                "the past was rewritten, or lost in a restore and written anew"
            )
    if not latest:
        report.add(f"the witness has no checkpoint of workspace `{report.workspace}`")
    if latest > report.last:
        report.add(
            f"the witness has checkpoints up to {latest}, the export ends with {report.last}: "
            "its end was cut off, or it was made earlier"
        )
