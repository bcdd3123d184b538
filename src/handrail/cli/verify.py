"""`handrail verify`: an export of the ledger, checked without trusting who made it."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from handrail import wiring
from handrail.cli.explain import counted, say
from handrail.core.ledger import Report
from handrail.errors import InputError

_TOLD = 50
"""Problems that are told one by one; the rest are only counted."""

NOT_VERIFIED = 1
"""The exit code when something is wrong with a ledger."""

Export = Annotated[
    str,
    typer.Argument(metavar="EXPORT", help="An export of the ledger, `-` for a pipe; or a store."),
]


def verify(
    export: Export,
    witness: Annotated[
        str,
        typer.Option(help="Where checkpoints were kept outside: a file, or http(s)://…"),
    ] = "",
    key: Annotated[
        str,
        typer.Option(metavar="FINGERPRINT", help="A key that must stand behind all of it."),
    ] = "",
    until: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="The export was made at this checkpoint: what the witness has after it is "
            "passed over.",
        ),
    ] = 0,
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="The workspace of a store.")
    ] = wiring.DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify a ledger: every entry, text, count, order, checkpoint and signature. EXPORT is a file
    of `handrail ledger export`, or the address of a store, which is read as it is now.

    Exit code 1 when something is wrong. Nothing but the export is needed; with a witness the end
    of it, too, is certain.

    Example: `handrail verify ledger.jsonl --witness checkpoints.jsonl`
    """
    from handrail.core import ledger
    from handrail.prove import open_witness, right

    read = _live if "://" in export else _file
    report, unsealed = read(export, workspace, _fingerprint(key))
    if witness:
        ledger.anchor(report, open_witness(witness).lines(), right, until=until)
    limits = ledger.limits(report)
    if unsealed:
        more = f"{unsealed:,} entries are chained, and no checkpoint covers them yet"
        limits = (*limits, f"{more}: `handrail ledger checkpoint`")
    if as_json:
        typer.echo(ledger.text(_plain(report, limits)))
    else:
        _tell(report, limits)
    if not report.verified:
        raise typer.Exit(NOT_VERIFIED)


def _live(url: str, workspace: str, key: str) -> tuple[Report, int]:
    """The ledger of a store as it is now, and how many entries no checkpoint covers yet."""
    from handrail.core import ledger
    from handrail.core.ledger.report import Finding
    from handrail.prove import export, right

    with wiring.ledger_of(url, workspace) as book:
        report = ledger.verify(export(book), right, key=key)
        unsealed, broken = book.tail()
    told = "the chain is broken after its last checkpoint"
    report.findings.extend(Finding(told, case=name) for name in broken)
    return report, unsealed


def _file(export: str, _: str, key: str) -> tuple[Report, int]:
    """The ledger of an export."""
    from handrail.core import ledger
    from handrail.prove import right

    with opened(export) as file:
        return ledger.verify(lines_of(file, export), right, key=key), 0


def opened(export: str) -> "nullcontext[BinaryIO] | BinaryIO":
    """An export, to be read. InputError when it cannot be."""
    if export == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(export).open("rb")
    except OSError as error:
        raise InputError(f"cannot read `{export}`: {error.strerror}") from error


def lines_of(file: BinaryIO, export: str) -> Iterator[bytes]:
    """The lines of an export, with their ends."""
    try:
        yield from file
    except OSError as error:
        raise InputError(f"cannot read `{export}`: {error.strerror}") from error


def _fingerprint(key: str) -> str:
    found = key.lower()
    if found and (len(found) != 64 or set(found) - set("0123456789abcdef")):
        raise InputError(f"`{key}` is no fingerprint of a key", hint="it has 64 hexadecimal digits")
    return found


def _instant(at: int) -> str:
    """An instant as people write it; what is no instant, as it stands."""
    try:
        return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(at)


def _shown(text: str) -> str:
    """A text of an export, which may be hostile to a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _tell(report: Report, limits: tuple[str, ...]) -> None:
    if report.verified:
        say(
            f"verified: workspace `{_shown(report.workspace)}`, to {_instant(report.at)}",
            fg="green",
        )
    else:
        count = counted(len(report.findings), "problem")
        say(f"not verified: {count} in workspace `{_shown(report.workspace)}`", fg="red")
    for found in report.findings[:_TOLD]:
        say(f"  wrong    {_shown(str(found))}")
    if len(report.findings) > _TOLD:
        say(f"  wrong    and {len(report.findings) - _TOLD:,} more; --json tells all")
    checkpoints = counted(len(report.points), "checkpoint")
    say(
        f"  read     {counted(report.cases, 'case')}, {report.entries:,} entries, {checkpoints}, "
        f"{counted(report.texts, 'text')}, {report.erased:,} erased"
    )
    for name in report.public:
        say(f"  key      {name}" + (" (signs)" if name == report.signer else ""))
    if report.last:
        say(f"  last     checkpoint {report.last}, {report.points[report.last]}")
    for limit in limits:
        say(f"  note     {limit}")


def _plain(report: Report, limits: tuple[str, ...]) -> dict[str, object]:
    return {
        "verified": report.verified,
        "workspace": report.workspace,
        "at": report.at,
        "findings": [one._asdict() for one in report.findings],
        "limits": limits,
        "cases": report.cases,
        "entries": report.entries,
        "texts": {"verified": report.texts, "erased": report.erased, "apart": report.apart},
        "checkpoints": len(report.points),
        "last": {"number": report.last, "digest": report.points.get(report.last, "")},
        "anchored": report.anchored,
        "keys": list(report.public),
        "signer": report.signer,
    }
