"""One case of an export: its entries in a chain, its texts as the entries commit to them."""

from collections.abc import Iterator
from typing import Any

from handrail.core.ledger.canonical import text
from handrail.core.ledger.chain import commit, genesis, seal_text
from handrail.core.ledger.report import Report

ERASED = "erased"
"""The name of the entry that says which texts are gone: `keys` in its body."""


def commitments(body: object) -> Iterator[tuple[str, str]]:
    """Each text that a body commits to: any object in it that has a `key` and a `commitment`."""
    if isinstance(body, dict):
        key, bound = body.get("key"), body.get("commitment")
        if isinstance(key, str) and isinstance(bound, str):
            yield key, bound
        for inner in body.values():
            yield from commitments(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from commitments(inner)


class Story:
    """A case while its lines are read. `seals` are what checkpoints say: from count to hash and
    checkpoint. `whole`: the export says that it brings the texts.
    """

    def __init__(
        self, report: Report, case: str, seals: dict[int, tuple[str, int]], *, whole: bool
    ) -> None:
        self.case = case
        self._report, self._seals, self._whole = report, seals, whole
        self._head = genesis(report.workspace, case)
        self._count = 0
        self._bound: dict[str, tuple[str, int]] = {}
        self._erased: dict[str, int] = {}
        self._seen: set[str] = set()
        self._key = ""

    def _add(self, problem: str, line: int = 0, entry: int = 0) -> None:
        self._report.add(problem, line, self.case, entry)

    def entry(self, entry: dict[str, Any], mark: str, line: int) -> None:
        """The next entry."""
        number = entry["number"]
        if self._key:
            self._add("an entry stands after the texts", line, number)
        if number != self._count + 1:
            self._add(f"the entry follows entry {self._count}", line, number)
        if [type(part) for part in entry["epoch"]] != [int, int]:
            self._add("the epoch is not two integers", line, number)
        if seal_text(self._head, text(entry)) != mark:
            self._add("the hash is not that of the entry after the one before it", line, number)
        sealed, point = self._seals.get(number, (mark, 0))
        if sealed != mark:
            self._add(f"checkpoint {point} seals another hash", line, number)
        # What follows is held against the hash that stands here: one wrong entry, one finding.
        self._head, self._count = mark, number
        body = entry["body"]
        if entry["name"] == ERASED:
            keys = body.get("keys")
            for key in keys if isinstance(keys, list) else ():
                self._erased[str(key)] = number
        for key, bound in commitments(body):
            if self._bound.setdefault(key, (bound, number))[0] != bound:
                self._add(f"commits to another text `{key}` than an entry before", line, number)
        self._report.entries += 1

    def payload(self, data: dict[str, Any], line: int) -> None:
        """The next text."""
        key = data["key"]
        if self._seen and key <= self._key:
            self._add(f"the text `{key}` comes twice or out of order", line)
        self._key = key
        self._seen.add(key)
        if key not in self._bound:
            self._add(f"no entry commits to the text `{key}`", line)
            return
        bound, number = self._bound[key]
        if commit(bytes.fromhex(data["salt"]), data["text"]) != bound:
            self._add(f"the text `{key}` is not the one that the entry commits to", line, number)
        if key in self._erased:
            by = self._erased[key]
            self._add(f"the text `{key}` is still here, erased as entry {by} says", line, number)
        self._report.texts += 1

    def close(self) -> None:
        """The case has no more lines."""
        self._report.cases += 1
        covered = max(self._seals, default=0)
        if self._count > covered:
            self._add("no checkpoint covers the entry and those after it", entry=covered + 1)
        if self._count < covered:
            point = self._seals[covered][1]
            self._add(f"entries are missing: checkpoint {point} seals {covered}", entry=self._count)
        for key, (_, number) in self._bound.items():
            if key in self._seen:
                continue
            if key in self._erased:
                self._report.erased += 1
            elif self._whole:
                self._add(f"the text `{key}` is missing, and no entry erases it", entry=number)
            else:
                self._report.apart += 1
