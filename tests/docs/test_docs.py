"""The documentation is true: links lead somewhere, and lists equal the code."""

import importlib.util
import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

from docs.pages import FENCE, PAGES, ROOT, blocks, name
from handrail import (
    Attributes,
    Context,
    Event,
    Fault,
    Outcome,
    Role,
    Rules,
    Signals,
    Trigger,
    Turn,
    decide,
    errors,
    missed,
    observe,
    outbox,
    start,
)
from handrail.core.decision import Score, Topic

RECORDS = sorted(ROOT.glob("docs/decisions/0*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PARTS = ["Context", "Decision", "Consequences"]


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a page, as the usual hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets(page: Path, text: str) -> list[tuple[str, Path, str]]:
    """Links of a page that stay in the repository: as written, file, anchor."""
    found = []
    for link in LINK.findall(FENCE.sub("", text)):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            found.append((link, (page.parent / file).resolve() if file else page, anchor))
    return found


def broken(page: Path, text: str) -> list[str]:
    """Links that lead to no file, or to no heading of it."""
    return [
        link
        for link, file, anchor in targets(page, text)
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8")))
    ]


def first_column(text: str, heading: str) -> list[str]:
    """The names in backticks that begin the rows of the first table under a heading."""
    section = text.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [
        found
        for row in section.splitlines()[2:]
        for found in re.findall(r"`(\w+)`", row.split("|")[1])
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, page.read_text("utf-8")) == []


def test_a_broken_link_is_seen() -> None:
    assert broken(ROOT / "README.md", "[a](none.md) [b](LICENSE) [c](#none)") == [
        "none.md",
        "#none",
    ]


def test_every_page_is_reached_from_the_index() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "docs" / "index.md", ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            todo += [file for _, file, _ in targets(page, page.read_text("utf-8"))]
    assert sorted(map(name, set(PAGES) - seen)) == []


def gaps(text: str) -> list[str]:
    """Places that were left to be filled in: a line of nothing but capitals."""
    return re.findall(r"^[A-Z][A-Z_]+$", FENCE.sub("", text), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_nothing_was_left_to_be_filled_in(page: Path) -> None:
    assert gaps(page.read_text("utf-8")) == []


def test_a_gap_is_seen() -> None:
    assert gaps("One two.\n\nRESULTS\n\n```\nGET\n```\n") == ["RESULTS"]


# Commands of the Makefile.


def make_targets() -> set[str]:
    """What the Makefile can make by name."""
    return set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))


def make_commands(text: str) -> list[str]:
    """The targets that a page tells to make, in its code."""
    code = "\n".join([body for _, body in FENCE.findall(text)] + re.findall(r"`(make \w+)`", text))
    return re.findall(r"\bmake ([a-z]+)\b", code)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_commands_exist(page: Path) -> None:
    assert set(make_commands(page.read_text("utf-8"))) <= make_targets()


def test_the_readme_begins_with_the_two_commands() -> None:
    assert make_commands(f"```\n{blocks(read('README.md'))[0].body}```\n") == ["demo", "test"]


def test_there_is_an_example_in_the_readme() -> None:
    assert "python" in {block.language for block in blocks(read("README.md"))}


# Lists that the code knows.


@pytest.mark.parametrize(
    ("page", "heading", "wanted"),
    [
        ("docs/reference/triggers.md", "Trigger", [*Trigger]),
        ("docs/reference/triggers.md", "Fault", [*Fault]),
        ("docs/reference/events.md", "Role", [*Role]),
        ("docs/reference/events.md", "Event", [*Event]),
        ("docs/reference/events.md", "Field", [field.name for field in fields(Turn)]),
        ("docs/reference/events.md", "Outcome", [outcome.code for outcome in Outcome]),
        ("docs/reference/signals.md", "Signal", [field.name for field in fields(Signals)]),
        (
            "docs/reference/pack.md",
            "Trigger",
            [trigger for trigger in Trigger if hasattr(Rules(), trigger)]
            + [Trigger.SENSITIVE_TOPIC],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_lists_what_the_code_knows(page: str, heading: str, wanted: list[str]) -> None:
    found = first_column(read(page), heading)
    if page.endswith("pack.md"):  # `sensitive_topic` has its settings elsewhere, and its place here
        found.sort(), wanted.sort()
    assert found == wanted


def test_the_fields_of_a_reply_and_of_a_bundle_are_told() -> None:
    from handrail.core.bundle import Bundle
    from handrail.engine import Reply

    replies = first_column(read("docs/reference/replies.md"), "Reply")
    assert sorted(replies) == sorted(field.name for field in fields(Reply))
    bundle = first_column(read("docs/reference/bundle.md"), "Field")
    assert sorted(bundle) == sorted(field.name for field in fields(Bundle))


def test_what_leaves_and_what_the_ledger_holds_is_told() -> None:
    """By the calls in the source that write an effect or an entry."""
    source = "\n".join(path.read_text("utf-8") for path in ROOT.glob("src/handrail/engine/*.py"))
    page = read("docs/reference/replies.md")
    kinds = set(re.findall(r"\.effect\(\s*\"(\w+)\"", source))
    kinds |= {missed.SUMMARY, outbox.UNDELIVERED}  # of no case; of what has failed
    assert kinds == set(first_column(page, "Effect"))
    entries = set(re.findall(r"\.entry\(\s*\"(\w+)\"", source))
    entries |= {"admitted", "barred", "delivery"}  # one is chosen between, one is of the outbox
    entries |= {"erased", "legal_hold", "read"}  # of the store, and of the API
    assert entries == set(first_column(page, "Entry"))
    caught = set(re.findall(r"caught\.append\(\"(\w+)\"\)", source))
    assert caught == set(first_column(page, "Caught"))


def test_a_row_that_is_missing_is_seen() -> None:
    page = "\n| Role | Who |\n| --- | --- |\n| `agent` | `x` |\n\n| `tool` |\n"
    assert first_column(page, "Role") == ["agent"]


def test_every_part_of_the_score_is_told() -> None:
    """All parts of one decision in which each gives something."""
    rules = Rules(topics=(Topic(name="legal"),), score=Score(tier_values=(("vip", 1000),)))
    turn = Signals(role=Role.CUSTOMER, dissatisfaction=900, topics=("legal",))
    state = observe(observe(start(), Signals(role=Role.AGENT, confidence=100)), turn)
    decision = decide(rules, state, turn, Context(attributes=Attributes(tier="vip")))
    parts = [part.part for part in decision.contributions]
    assert len(parts) == 5
    assert first_column(read("docs/reference/triggers.md"), "Part") == parts


def test_the_events_of_a_case_in_a_pack_are_all_told() -> None:
    told = read("docs/reference/pack.md").split("\nEvents: ", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"`(\w+)`", told) == [*Event]


def test_what_a_classifier_may_give_is_told() -> None:
    from handrail.signals.classifier import FLAGS

    section = read("docs/reference/signals.md").split("## Your own classifier", 1)[1]
    told = set(re.findall(r"`(\w+)`", section.split("```", 1)[0]))
    assert told - {"classifier_failed"} == FLAGS | {"confidence", "sentiment", "topics"}


def test_the_formats_of_transcripts_are_told() -> None:
    from handrail.importers import FORMATS

    assert first_column(read("docs/guides/replay.md"), "Format") == list(FORMATS)


def test_every_finding_of_the_linter_is_told_in_order() -> None:
    from handrail.core.lint import CODES

    headings = re.findall(r"^## (HR\d+)", read("docs/reference/findings.md"), re.MULTILINE)
    assert headings == list(CODES)


# Generated parts.


def generator() -> ModuleType:
    """The script that generates them."""
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_up_to_date() -> None:
    assert generator().stale() == []


def test_a_generated_part_that_is_out_of_date_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = generator()
    monkeypatch.setattr(made, "ROOT", tmp_path)
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    for page, _ in made.PARTS.values():
        (tmp_path / page).write_text(read(page).replace("exit", "exlt"), "utf-8")
    assert made.stale() == ["docs/reference/cli.md"]
    (tmp_path / "docs/reference/errors.md").write_text("no table\n", "utf-8")
    assert made.stale() == ["docs/reference/cli.md", "docs/reference/errors.md"]


def test_help_is_the_same_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    made = generator()
    wide = made.cli()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert made.cli() == wide
    assert "\x1b" not in wide
    assert max(map(len, wide.splitlines())) <= made.WIDTH


def test_each_error_has_a_section_of_its_own() -> None:
    codes = {kind.code for kind in generator().tree(errors.HandrailError)}
    headings = re.findall(r"^## (.+)$", read("docs/reference/errors.md"), re.MULTILINE)
    assert len(headings) == len(codes)
    assert set(headings) == codes


def test_errors_that_nothing_raises_are_said_to_be_so() -> None:
    source = "\n".join(path.read_text("utf-8") for path in ROOT.glob("src/**/*.py"))
    page = read("docs/reference/errors.md")
    for kind in generator().tree(errors.HandrailError):
        section = page.split(f"\n## {kind.code}\n", 1)[1].split("\n## ", 1)[0]
        codes = [other for other in generator().tree(kind) if other.code == kind.code]
        raised = any(re.search(rf"raise {other.__name__}\b", source) for other in codes)
        assert ("Nothing in this version raises it" in section) is not raised, kind


# Decisions.


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_decision_has_its_three_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    assert text.startswith(f"# {record.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS


def test_the_lock_file_names_the_public_index_only() -> None:
    hosts = set(re.findall(r"\b(\w+://[^/\"]*)", read("uv.lock")))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}
