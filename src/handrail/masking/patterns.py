"""Compiling a pattern, and trying it only where it can match."""

from collections.abc import Iterator

import re2


def compiled(pattern: str, *, fold: bool = True) -> "re2._Regexp":
    """A pattern in linear time; letters of either case if `fold`."""
    options = re2.Options()
    options.case_sensitive = not fold
    options.log_errors = False
    return re2.compile(pattern, options)


def spans(pattern: "re2._Regexp", text: str, group: int = 0) -> Iterator[tuple[int, int]]:
    """Where a pattern matches, [start, end)."""
    for found in pattern.finditer(text):
        yield found.span(group)
