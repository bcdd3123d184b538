"""What a verification found, and what it cannot say."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is wrong, and where: the line of the export (1 = first, 0 = none), the case,
    and the number of the entry in it.
    """

    problem: str
    line: int = 0
    case: str = ""
    entry: int = 0

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        place += [f"case `{self.case}`"] if self.case else []
        place += [f"entry {self.entry}"] if self.entry else []
        return f"{', '.join(place)}: {self.problem}" if place else self.problem


@dataclass(slots=True, kw_only=True)
class Report:
    """What was read and what was wrong with it. `points` are the digests of the checkpoints by
    number, `public` the keys by id, in the order in which they came into use.

    `texts` were compared with the ledger, `erased` are erased as the ledger says, `apart` are not
    part of this export. `anchored` is the last checkpoint that the witness confirms, 0 for none.
    """

    workspace: str = ""
    at: int = 0
    public: dict[str, bytes] = field(default_factory=dict)
    points: dict[int, str] = field(default_factory=dict)
    instants: dict[int, int] = field(default_factory=dict)
    signer: str = ""
    cases: int = 0
    entries: int = 0
    texts: int = 0
    erased: int = 0
    apart: int = 0
    pinned: str = ""
    witnessed: bool = False
    anchored: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def last(self) -> int:
        """The number of the last checkpoint, 0 when there is none."""
        return max(self.points, default=0)

    def add(self, problem: str, line: int = 0, case: str = "", entry: int = 0) -> None:
        """One more thing that is wrong."""
        self.findings.append(Finding(problem, line, case, entry))


def limits(report: Report) -> tuple[str, ...]:
    """What this verification cannot exclude, however well it went."""
    found = []
    if not report.anchored:
        found.append(
            "no checkpoint from outside was compared: who can write the ledger may have cut off "
            "its end, and who has the signing key may have rewritten all of it; verify against "
            "a witness"
        )
    elif report.anchored < report.last:
        found.append(
            f"the witness confirms everything up to checkpoint {report.anchored}; what was "
            f"sealed after it, up to checkpoint {report.last}, may have been cut off or "
            "rewritten by who has the signing key"
        )
    else:
        found.append(
            f"the witness confirms everything up to checkpoint {report.anchored}, the last one "
            "here; what was done after it is in no export yet"
        )
    if not report.pinned:
        found.append(
            "the keys are those that the export names: compare the fingerprint with one that you "
            "got another way"
        )
    if report.apart:
        found.append(
            f"texts that are not part of this export, and were not compared: {report.apart}"
        )
    return tuple(found)
