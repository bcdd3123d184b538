"""The documentation is true: links lead somewhere, lists equal the code, examples run."""

import re
from pathlib import Path

import pytest

from handrail import Fault, Trigger

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
RECORDS = sorted(ROOT.glob("docs/decisions/0*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PARTS = ["Context", "Decision", "Consequences"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


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
    return re.findall(r"^\| `(\w+)`", section, re.MULTILINE)


def make_targets() -> set[str]:
    """What the Makefile can make by name."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def make_commands(text: str) -> list[str]:
    """The targets that a page tells to make, in its code."""
    code = "\n".join([body for _, body in FENCE.findall(text)] + re.findall(r"`(make \w+)`", text))
    return re.findall(r"\bmake ([a-z]+)\b", code)


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


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_commands_exist(page: Path) -> None:
    assert set(make_commands(page.read_text("utf-8"))) <= make_targets()


def test_the_readme_begins_with_the_two_commands() -> None:
    _, first = FENCE.findall((ROOT / "README.md").read_text("utf-8"))[0]
    assert make_commands(f"```\n{first}```\n") == ["demo", "test"]


def test_the_page_of_triggers_lists_them_in_order_of_precedence() -> None:
    page = (ROOT / "docs/reference/triggers.md").read_text("utf-8")
    assert first_column(page, "Trigger") == list(Trigger)
    assert first_column(page, "Fault") == list(Fault)


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_decision_has_its_three_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    assert text.startswith(f"# {record.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS


def examples() -> list[tuple[str, str]]:
    """The Python examples of all pages, with the name of their page."""
    return [
        (name(page), body)
        for page in PAGES
        for language, body in FENCE.findall(page.read_text("utf-8"))
        if language == "python"
    ]


def test_there_is_an_example_in_the_readme() -> None:
    assert "README.md" in {page for page, _ in examples()}


@pytest.mark.parametrize(("page", "code"), examples())
def test_examples_run(
    page: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page, "exec"), {"__name__": "example"})  # noqa: S102 (our own pages)


def test_the_lock_file_names_the_public_index_only() -> None:
    lock = (ROOT / "uv.lock").read_text("utf-8")
    hosts = set(re.findall(r"\b(\w+://[^/\"]*)", lock))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}
