"""Every finding is documented, with a pack that it is found in and the same pack mended."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from handrail.core.decision import Gate, ToolFailure
from handrail.core.lint import CODES, Finding, Severity, lint
from handrail.core.model import Outcome
from handrail.core.policy import Pack
from handrail.errors import PackError
from handrail.packs import loader
from handrail.packs.loader import loads
from handrail.packs.source import Source, parse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/findings.md").read_text(encoding="utf-8")
CLEAN = (ROOT / "tests/packs/clean.yaml").read_text(encoding="utf-8")
TREE = parse(CLEAN.encode(), "clean.yaml").tree
SECTIONS = {
    part.split(maxsplit=1)[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}


def overlaid(fragment: str) -> Pack:
    """The clean pack with the keys of a fragment; those of the workflow one level deeper."""
    change = parse(fragment.encode(), "fragment.yaml").tree
    own = change.get("workflows")
    if own:
        change["workflows"] = {"chat": {**TREE["workflows"]["chat"], **own["chat"]}}
    return loader._finish(Source("test.yaml", {**TREE, **change}, {}), None).pack


def codes(pack: Pack) -> set[str]:
    return {finding.code for finding in lint(pack)}


def examples(code: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", SECTIONS[code], flags=re.DOTALL)


def test_the_clean_pack_has_no_finding() -> None:
    assert lint(loads(CLEAN).pack) == ()


def test_every_code_is_documented_with_its_title_and_severity() -> None:
    assert list(SECTIONS) == sorted(CODES)
    for code, (severity, title) in CODES.items():
        first, _, rest = SECTIONS[code].partition("\n")
        assert first == f"{code} {title}"
        assert rest.strip().lower().startswith(f"{severity.value}.")
        assert "Fix:" in rest
        assert len(examples(code)) == 2, code


def test_every_code_is_found_by_some_room() -> None:
    rooms = (ROOT / "src/handrail/core/lint").glob("*.py")
    used = {
        code
        for room in rooms
        if room.name != "finding.py"
        for code in re.findall(r'"(HR\d+)"', room.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)


@pytest.mark.parametrize("code", sorted(set(CODES) - {"HR105", "HR106", "HR301"}))
def test_the_first_example_has_the_finding_and_the_second_has_not(code: str) -> None:
    hurts, mended = examples(code)
    found = [finding for finding in lint(overlaid(hurts)) if finding.code == code]
    assert found
    for finding in found:
        assert finding.severity is CODES[code][0]
        assert finding.title == CODES[code][1]
        assert finding.message
        assert finding.fix
        assert finding.path == ".".join(finding.keys)
    assert code not in codes(overlaid(mended))


def test_a_relaxed_hard_trigger_is_refused_in_a_file_and_found_in_a_pack() -> None:
    hurts, mended = examples("HR301")
    with pytest.raises(PackError, match="a hard trigger has no exceptions"):
        overlaid(hurts)
    pack = overlaid(mended)
    assert "HR301" not in codes(pack)
    chat = pack.workflows[0]
    for rule in (
        {"missing_permission": Gate(hard=True, unless=("small_order",))},
        {"tool_failure": ToolFailure(hard=True, action=Outcome.OFFER)},
    ):
        own = replace(chat, rules=replace(chat.rules, **rule))
        found = [one for one in lint(replace(pack, workflows=(own,))) if one.code == "HR301"]
        assert [one.path for one in found] == [f"workflows.chat.triggers.{next(iter(rule))}"]


@pytest.mark.parametrize(
    ("code", "declared", "told"),
    [
        ("HR105", "tiers", "unknown tier `VIP`; did you mean `vip`?"),
        ("HR106", "stages", "unknown stage `closed`; did you mean `closing`?"),
    ],
)
def test_an_undeclared_name_is_refused_in_a_file_and_found_in_a_pack(
    code: str, declared: str, told: str
) -> None:
    hurts, mended = examples(code)
    with pytest.raises(PackError) as caught:
        overlaid(hurts)
    assert told in str(caught.value)
    pack = overlaid(mended)
    assert code not in codes(pack)
    assert code in codes(replace(pack, **{declared: ()}))


def test_a_soft_topic_marked_hard_is_found() -> None:
    pack = loads(CLEAN).pack
    chat = pack.workflows[0]
    topics = tuple(replace(one, action=Outcome.OFFER) for one in chat.rules.topics)
    own = replace(chat, rules=replace(chat.rules, topics=topics))
    found = [one for one in lint(replace(pack, workflows=(own,))) if one.code == "HR301"]
    assert [one.path for one in found] == ["workflows.chat.topics.security"]


def test_a_circle_of_three_is_told_once_with_its_way() -> None:
    queues = "".join(
        f"  {name}: {{steward: ana, hours: always, overflow: {to}}}\n"
        for name, to in (("b", "c"), ("c", "a"), ("a", "b"), ("x", "a"))
    )
    pack = overlaid(f"queues:\n{queues}matrix: [{{queue: x}}]\n")
    found = [one for one in lint(pack) if one.code == "HR112"]
    assert [one.message for one in found] == ["a case would go round: `a` → `b` → `c` → `a`"]


def test_a_circle_without_hours_ends_and_is_not_covered() -> None:
    pack = overlaid(
        "queues: {a: {steward: x, overflow: b}, b: {steward: x, overflow: a}}\n"
        "matrix: [{queue: a}]\n"
    )
    assert [one.path for one in lint(pack) if one.code == "HR111"] == ["queues.a", "queues.b"]


def test_a_hole_names_the_pair_that_is_missing() -> None:
    pack = overlaid(
        "matrix: [{topic: security, tier: vip, queue: night}, {tier: vip, queue: desk}]"
    )
    holes = [one.message for one in lint(pack) if one.code == "HR102"]
    assert holes == [
        "no row for topic `none` and tier `standard`",
        "no row for topic `security` and tier `none`",
        "no row for topic `security` and tier `standard`",
    ]
    assert "HR101" in codes(pack)


def test_a_threshold_at_the_highest_possible_score_can_be_reached() -> None:
    weights = "confidence: 0.3, sentiment: 0.25, value: 0, risk: 0.2, progress: 0.15"
    assert "HR202" not in codes(
        overlaid(f"workflows: {{chat: {{score: {{{weights}, handoff_at: 0.9}}}}}}")
    )
    assert "HR202" in codes(
        overlaid(f"workflows: {{chat: {{score: {{{weights}, handoff_at: 0.901}}}}}}")
    )


def test_errors_come_first_and_nothing_is_told_twice() -> None:
    pack = overlaid("owner: ''\nmatrix: []\ncases: []\nqueues: {desk: {}}\n")
    found = lint(pack)
    order = [list(Severity).index(one.severity) for one in found]
    assert order == sorted(order)
    assert len(set(found)) == len(found)
    assert isinstance(found[0], Finding)
    assert found[0].severity is Severity.ERROR


def test_an_empty_pack_is_linted_too() -> None:
    pack = loads('handrail: 1\nname: empty\nversion: "1"\n').pack
    assert codes(pack) == {"HR503", "HR504"}
