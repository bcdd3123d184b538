"""Compiling a pattern, and trying it only where it can match."""

from collections.abc import Iterator

import re2


def compiled(pattern: str, *, fold: bool = True) -> "re2._Regexp":
    """A pattern in linear time; letters of either case if `fold`."""
    options = re2.Options()
    options.case_sensitive = not fold
    options.log_errors = False
    return re2.compile(pattern, options)


def anywhere(pattern: str) -> "re2._Regexp":
    """A pattern whose `match` tells whether there is one in a text, and no more. Case matters.

    It is read forward only. To learn where a match begins, a search goes back from its end, which
    costs a hundred times as much with many alternatives.
    """
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    return re2.compile(f"(?s:.*?)(?:{pattern})", options)


def spans(pattern: "re2._Regexp", text: str, group: int = 0) -> Iterator[tuple[int, int]]:
    """Where a pattern matches, [start, end)."""
    for found in pattern.finditer(text):
        yield found.span(group)
