"""Every example of every page runs; and the player is shown to see one that does not."""

from pathlib import Path

import pytest

from docs.pages import PAGES, blocks, name, play, shows

LANGUAGES = {"", "console", "ini", "json", "jsonl", "python", "sh", "text", "toml", "yaml"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    assert play(page.read_text("utf-8"), tmp_path) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_blocks_of_a_page_are_in_a_known_language(page: Path) -> None:
    found = blocks(page.read_text("utf-8"))
    assert {block.language for block in found} <= LANGUAGES
    assert page.read_text("utf-8").count("\n```") == 2 * len(found)  # none escapes the player


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```python\nassert 1 == 2\n```\n", "AssertionError"),
        ("```python\nimport none_such\n```\n", "ModuleNotFoundError"),
        ("```yaml\na: [\n```\n", "parsing"),
        ("```yaml\nhandrail: 1\nname: a\n```\n", "`version`|version"),
        ("```console\n$ handrail fly\n```\n", "ended with 2"),
        ("```console\n$ false\n```\n", "ended with 1"),
        ("```console\n$ echo yes\nno\n```\n", "does not show"),
        ("```sh\n$ echo yes\nno\n```\n", "does not show"),
        ("```console\n$ echo one; echo two\none\n```\n", "does not show"),
        ("<!-- merge: none.yaml -->\n```yaml\na: 1\n```\n", "none.yaml"),
        (
            (
                "```console\n$ handrail pack new p.yaml\n```\n<!-- merge: p.yaml -->\n"
                "```yaml\nworkflows: {support: {triggers: {vpi: on}}}\n```\n"
            ),
            "vpi",
        ),
    ],
)
def test_an_example_that_fails_is_seen(page: str, problem: str, tmp_path: Path) -> None:
    found = play(page, tmp_path)
    assert len(found) == 1
    assert any(word in found[0] for word in problem.split("|")), found[0]


def test_a_page_can_be_followed(tmp_path: Path) -> None:
    page = (
        "<!-- file: a.txt -->\n```text\nhello\n```\n"
        '```python\nfrom pathlib import Path\nassert Path("a.txt").read_text() == "hello\\n"\n```\n'
        "```console\n$ cat a.txt\nhello\n$ echo 1; \\\n> echo 2\n1\n...\n```\n"
    )
    assert [block.line for block in blocks(page)] == [1, 5, 9]
    assert play(page, tmp_path) == []


@pytest.mark.parametrize(
    ("pattern", "said", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a  \n\n", True),
        ("a\n", "b\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a b d\n", False),
        ("a\n...\nc\n", "a\nb\nb\nc\n", True),
        ("a\n...\nc\n", "a\nc\n", True),
        ("a\n...\nc\n", "a\nb\n", False),
        ("...\n", "", True),
        ("a.c\n", "abc\n", False),
    ],
)
def test_three_dots_stand_for_anything(pattern: str, said: str, same: bool) -> None:
    assert shows(pattern, said) is same
