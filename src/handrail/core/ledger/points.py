"""The keys and the checkpoints of an export, checked one after the other."""

from collections.abc import Callable
from typing import Any

from handrail.core.ledger.canonical import Uncanonical
from handrail.core.ledger.checkpoint import (
    Checkpoint,
    Introduction,
    Seal,
    digest,
    message,
    root,
    start,
)
from handrail.core.ledger.lines import seals_of
from handrail.core.ledger.report import Report

Check = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature is right: public key, signature, what was signed."""


class Keys:
    """The keys so far: each must be introduced by the one before it."""

    def __init__(self, report: Report, check: Check) -> None:
        self._report, self._check = report, check
        self._since: dict[str, int] = {}
        self._last = ""

    def add(self, data: dict[str, Any], line: int) -> None:
        """One key."""
        made = Introduction(public=data["public"], at=data["at"], previous=data["previous"])
        report, name = self._report, data["id"]
        if made.id != name:
            report.add("the id of the key is not the hash of the key", line)
        if made.previous != self._last:
            report.add("the key does not follow the key before it", line)
        if made.at < self._since.get(self._last, 0):
            report.add("the key is older than the key before it", line)
        if made.id in self._since:
            report.add(f"the key `{made.id}` comes twice", line)
            return
        signer = report.public.get(self._last, bytes.fromhex(made.public))
        if not self._check(signer, bytes.fromhex(data["signature"]), message(made)):
            who = "the key before it" if self._last else "itself"
            report.add(f"the key is not signed by {who}", line)
        report.public[made.id] = bytes.fromhex(made.public)
        self._since[made.id] = made.at
        self._last = made.id

    def signed(self, made: Checkpoint, signature: str, line: int) -> None:
        """Whether a checkpoint is signed by a key that was in use then."""
        report = self._report
        if made.key not in report.public:
            report.add(f"the key `{made.key}` of checkpoint {made.number} is not here", line)
            return
        if made.at < self._since[made.key]:
            report.add(f"checkpoint {made.number} is older than the key that signs it", line)
        order = list(report.public)
        if report.signer and order.index(made.key) < order.index(report.signer):
            report.add(f"checkpoint {made.number} is signed by a key that was replaced", line)
        if not self._check(report.public[made.key], bytes.fromhex(signature), message(made)):
            report.add(f"the signature of checkpoint {made.number} is wrong", line)
        report.signer = made.key


class Points:
    """The checkpoints so far, and what they seal: by case, from count to hash and checkpoint."""

    def __init__(self, report: Report, keys: Keys) -> None:
        self._report, self._keys = report, keys
        self._before: Checkpoint | None = None
        self.seals: dict[str, dict[int, tuple[str, int]]] = {}
        self._counts: dict[str, int] = {}
        self._entries = 0

    def add(self, data: dict[str, Any], line: int) -> None:
        """One checkpoint."""
        report, made = self._report, Checkpoint(**data["checkpoint"])
        wrong: list[str] = []
        previous = digest(self._before) if self._before else start(report.workspace)
        if made.number != (self._before.number + 1 if self._before else 1):
            wrong.append("does not follow the one before it")
        if made.previous != previous:
            wrong.append("names another checkpoint as the one before it")
        if self._before and made.at < self._before.at:
            wrong.append("is older than the one before it")
        if self._before and made.incarnation < self._before.incarnation:
            wrong.append("is of an earlier incarnation than the one before it")
        try:
            wrong += self._seal(made, seals_of(data["seals"]))
        except Uncanonical as error:
            wrong.append(f"is broken: {error}")
        for problem in wrong:
            report.add(f"checkpoint {made.number} {problem}", line)
        self._keys.signed(made, data["signature"], line)
        self._before = made
        report.points[made.number] = digest(made)
        report.instants[made.number] = made.at

    def _seal(self, made: Checkpoint, seals: tuple[Seal, ...]) -> list[str]:
        """What is wrong with what it seals."""
        wrong = []
        names = [one.case for one in seals]
        if names != sorted(set(names)):
            wrong.append("does not list its cases once each and in order")
        if root(seals) != made.root:
            wrong.append("does not seal what it lists")
        for one in seals:
            before = self._counts.get(one.case, 0)
            if one.entries <= before:
                wrong.append(f"seals nothing new of case `{one.case}`")
            self._entries += one.entries - before
            self._counts[one.case] = one.entries
            self.seals.setdefault(one.case, {})[one.entries] = (one.head, made.number)
        if len(self._counts) != made.cases:
            wrong.append(f"counts {made.cases} cases, and {len(self._counts)} are sealed")
        if self._entries != made.entries:
            wrong.append(f"counts {made.entries} entries, and {self._entries} are sealed")
        return wrong
