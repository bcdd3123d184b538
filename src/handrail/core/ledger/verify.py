"""Verify a whole export, line by line and in one pass, with nothing but the export itself.

What a signature is, is handed in: the standard library has no Ed25519.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from handrail.core.ledger import lines
from handrail.core.ledger.canonical import Uncanonical
from handrail.core.ledger.points import Check, Keys, Points
from handrail.core.ledger.report import Report
from handrail.core.ledger.story import Story

_PLACE = {"header": 0, "key": 1, "checkpoint": 2, "entry": 3, "payload": 3, "end": 4}


def verify(export: Iterable[bytes], check: Check, *, key: str = "") -> Report:
    """Verify the lines of an export, each with its line end. Never raises for what is in them.

    `key`: the fingerprint of a key that must stand behind the whole of it.
    """
    reader = _Reader(check)
    for number, line in enumerate(export, 1):
        reader.take(line, number)
    reader.finish()
    if key:
        _pin(reader.report, key)
    return reader.report


def _pin(report: Report, key: str) -> None:
    """The key, or one that it has introduced, must have signed the last checkpoint."""
    order = list(report.public)
    report.pinned = key
    if key not in order:
        report.add(f"the key `{key}` is not among those of the export")
    elif report.signer not in order[order.index(key) :]:
        report.add(f"the last checkpoint is not signed by the key `{key}` or one after it")


class _Reader:
    """The lines so far."""

    def __init__(self, check: Check) -> None:
        self.report = Report()
        self._keys = Keys(self.report, check)
        self._points = Points(self.report, self._keys)
        self._counts: Counter[str] = Counter()
        self._digest = sha256()
        self._place = -1
        self._whole = False
        self._story: Story | None = None
        self._told: set[str] = set()
        self._latest = ""

    def take(self, line: bytes, number: int) -> None:
        """One line."""
        try:
            kind, data = lines.parse(line)
        except Uncanonical as error:
            self.report.add(f"the line is broken: {error}", number)
        else:
            self._order(kind, number)
            if kind == "end":
                self._end(data, number)
            else:
                self._counts[kind] += 1
                self._read(kind, data, number)
        self._digest.update(line)

    def _order(self, kind: str, number: int) -> None:
        place = _PLACE[kind]
        if self._place < 0 < place:
            self.report.add("the header is missing before this line", number)
        if place < self._place or place == self._place in {0, 4}:
            self.report.add(f"a line of kind `{kind}` does not belong here", number)
        self._place = max(place, self._place)

    def _read(self, kind: str, data: dict[str, Any], number: int) -> None:
        if kind == "header":
            self._header(data, number)
        elif kind == "key":
            self._keys.add(data, number)
        elif kind == "checkpoint":
            self._points.add(data, number)
        elif kind == "entry":
            self._of(data["entry"]["case"], number).entry(data["entry"], data["hash"], number)
        else:
            self._of(data["case"], number).payload(data, number)

    def _header(self, data: dict[str, Any], number: int) -> None:
        report = self.report
        if (data["format"], data["version"]) != (lines.FORMAT, lines.VERSION):
            report.add(f"not format `{lines.FORMAT}` of version {lines.VERSION}", number)
        report.workspace, report.at, self._whole = data["workspace"], data["at"], data["payloads"]

    def _of(self, case: str, number: int) -> Story:
        """The case that a line belongs to: cases stand one after the other, sorted."""
        if self._story is None or self._story.case != case:
            self._close()
            if self._told and case <= self._latest:
                self.report.add("the case comes twice or out of order", number, case)
            self._told.add(case)
            self._latest = max(case, self._latest)
            seals = self._points.seals.get(case, {})
            self._story = Story(self.report, case, seals, whole=self._whole)
        return self._story

    def _close(self) -> None:
        if self._story is not None:
            self._story.close()
            self._story = None

    def _end(self, data: dict[str, Any], number: int) -> None:
        if data["digest"] != self._digest.hexdigest():
            self.report.add("the lines before the end are not those that were written", number)
        for name, kind in lines.COUNTED.items():
            count, found = data[name], self._counts[kind]
            if count != found:
                self.report.add(f"the end counts {count} {name}, and {found} are here", number)

    def finish(self) -> None:
        """There are no more lines."""
        self._close()
        report = self.report
        if self._place < _PLACE["end"]:
            report.add("the end is missing: the export was cut off")
        if not report.points:
            report.add("there is no checkpoint")
        elif report.at != report.instants[report.last]:
            report.add("the header has another instant than the last checkpoint", 1)
        for case in sorted(self._points.seals.keys() - self._told):
            point = max(self._points.seals[case].values(), key=lambda one: one[1])[1]
            report.add(f"the whole case is missing, which checkpoint {point} seals", 0, case)
