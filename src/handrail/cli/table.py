"""Plain tables that fit the terminal: what does not fit is cut in the last column."""

from collections.abc import Collection, Sequence
from shutil import get_terminal_size

import typer


def show(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)
) -> None:
    """Print rows under their heads; columns in `left` are flush left, the others right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    last = len(heads) - 1
    if last in left:
        room = max(60, get_terminal_size().columns) - 2 - sum(widths[:-1]) - 2 * last
        widths[last] = min(widths[last], max(room, len(heads[last])))

    def line(cells: Sequence[str]) -> str:
        made = [
            _fit(cell, width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"  {'  '.join(made)}".rstrip()

    typer.secho(line(heads), dim=True)
    for row in rows:
        typer.echo(line(row))


def _fit(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
