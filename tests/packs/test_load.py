"""A pack file: what it becomes, and what is said about one that is wrong."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handrail import packs
from handrail.core import policy
from handrail.core.decision import (
    AgentRequest,
    BlockedApproval,
    Condition,
    Gate,
    LateStage,
    LowConfidence,
    NoProgress,
    Offers,
    Rules,
    Score,
    Topic,
    Vip,
)
from handrail.core.lint import Severity, lint
from handrail.core.model import Mode, Outcome
from handrail.errors import NotFound, PackError
from handrail.packs import cases
from handrail.packs.loader import Loaded, load, loads

ROOT = Path(__file__).parents[2]
HEAD = 'handrail: 1\nname: x\nversion: "1"\n'
PAGE = (ROOT / "docs/reference/pack.md").read_text(encoding="utf-8")


def example() -> str:
    found = re.search(r"<!-- example: complete -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def problems(text: str) -> list[str]:
    with pytest.raises(PackError) as caught:
        loads(text, "p.yaml")
    return [str(problem) for problem in caught.value.problems]


def chat(text: str) -> policy.Workflow:
    """The workflow of a pack that has only this in it."""
    return loads(f"{HEAD}workflows:\n  chat: {{{text}}}\n").pack.workflows[0]


@pytest.fixture(scope="module")
def shop() -> Loaded:
    return loads(example())


def test_the_documented_example_becomes_the_documented_rules(shop: Loaded) -> None:
    first, second = shop.pack.workflows
    assert first.rules == Rules(
        topics=(
            Topic(name="security", reviewer_tag="security"),
            Topic(name="refund", risk=400, action=Outcome.CONTINUE, hard=False),
        ),
        low_confidence=LowConfidence(),
        vip=Vip(tiers=("vip",)),
        late_stage=LateStage(stages=("closing",), unless=("small_order",)),
        no_progress=NoProgress(turns=6, minutes=20),
        agent_request=AgentRequest(min_score=200),
        conditions=(
            Condition(name="large_order", when="order.amount >= 5000", action=Outcome.HANDOFF),
            Condition(name="small_order", when="order.amount < 50"),
        ),
        score=Score(
            progress_turns=6,
            offer_at=450,
            handoff_at=600,
            tier_values=(("standard", 200), ("vip", 1000)),
        ),
        offers=Offers(max_per_episode=2, cooldown_turns=4),
        max_wait=900,
    )
    assert second.kind is policy.Kind.OPERATIONS
    assert second.rules.blocked_approval == BlockedApproval(minutes=30)
    assert second.rules.negative_sentiment is None
    assert [topic.name for topic in second.rules.topics] == ["security", "refund"]
    assert second.sla == "normal"


def test_the_documented_example_has_no_finding_worth_a_warning_and_passes_its_cases(
    shop: Loaded,
) -> None:
    assert [one for one in lint(shop.pack) if one.severity is not Severity.INFO] == []
    results = cases.run(shop.pack)
    assert len(results) == 2
    assert all(result.passed for result in results)


@pytest.mark.parametrize("name", packs.starters())
def test_every_starter_pack_loads_lints_clean_and_passes_its_cases(name: str) -> None:
    pack = packs.load(name)
    assert [one for one in lint(pack) if one.severity is not Severity.INFO] == []
    results = cases.run(pack)
    assert len(results) >= 10
    assert [(result.name, result.differences) for result in results if not result.passed] == []


def test_what_a_workflow_does_not_say_holds_the_documented_default() -> None:
    own = chat("kind: conversation")
    assert own.rules == Rules()
    assert own.mode is Mode.ENFORCE
    assert own.percentage == 100
    assert own.reopen_window == 7 * 86_400
    assert own.offer_expires == 600
    assert own.handback == policy.Handback()


def test_the_documented_defaults_of_triggers_are_those_of_the_rules() -> None:
    rules = Rules()
    table = PAGE[PAGE.index("| Trigger | Default | Settings |") :].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        name, default, _ = (part.strip() for part in line.strip("|").split("|"))
        name = name.strip("`")
        if name == "sensitive_topic":
            continue
        rule = getattr(rules, name)
        assert default.startswith("off") == (rule is None), name
        if rule is not None:
            hard = getattr(rule, "hard", False)
            assert ("hard" in default) == hard, name
            assert ("offer" in default) == (rule.action is Outcome.OFFER), name


def test_a_share_is_exact_and_a_duration_is_seconds() -> None:
    own = chat("triggers: {low_confidence: {below: 0.001}}, max_wait: 1h 30m, reopen_window: 2d")
    assert own.rules.low_confidence == LowConfidence(below=1)
    assert own.rules.max_wait == 5400
    assert own.reopen_window == 172_800
    assert chat("score: {handoff_at: 0.29}").rules.score.handoff_at == 290  # 0.29 * 1000 < 290


def test_on_and_off_switch_a_trigger() -> None:
    rules = chat("triggers: {blocked_approval: on, missing_data: off, tool_failure: false}").rules
    assert rules.blocked_approval == BlockedApproval()
    assert rules.missing_data is None
    assert rules.tool_failure is None
    assert chat("triggers: {missing_permission: on}").rules.missing_permission == Gate(hard=True)


def test_hours_go_over_midnight_and_join() -> None:
    pack = loads(
        f"{HEAD}queues: {{q: {{hours: {{time_zone: UTC, weekly: "
        "{sun: 22:00-02:00, mon: [01:00-03:00, 09:00-24:00], fri-sat: 10:00-11:00}}}}\n"
    ).pack
    hours = pack.queues[0].hours
    assert hours is not None
    assert [(span.day, span.start, span.end) for span in hours.spans] == [
        (0, 0, 180),
        (0, 540, 1440),
        (4, 600, 660),
        (5, 600, 660),
        (6, 1320, 1440),
    ]


def test_an_error_names_file_line_column_and_path_and_suggests() -> None:
    text = f"{HEAD}workflows:\n  billing:\n    triggers:\n        low_confidnce: {{below: 0.6}}\n"
    assert problems(text) == [
        (
            "p.yaml:7:9 workflows.billing.triggers.low_confidnce - unknown key; "
            "did you mean `low_confidence`?"
        )
    ]


WRONG = {
    "triggers: {explicit_request: off}": "is always on and hard; it cannot be switched off",
    "triggers: {operator_takeover: {unless: [a]}}": "is always on and hard",
    "triggers: {sensitive_topic: off}": "is set under `topics`",
    "triggers: {no_progress: 3}": "should be `on`, `off` or settings, not `3`",
    "triggers: {no_progress: }": "is empty",
    "triggers: {low_confidence: {below: 60}}": "should be a share from 0 to 1, not `60`",
    "triggers: {low_confidence: {below: 0.5555}}": "at most three decimals, not `0.5555`",
    "triggers: {low_confidence: {below: true}}": "should be a share",
    'triggers: {low_confidence: {below: "0.5"}}': "should be a share",
    "triggers: {low_confidence: {below: .nan}}": "should be a share",
    "triggers: {low_confidence: {hard: true}}": "only a handoff is hard",
    "triggers: {missing_permission: {action: offer}}": "only a handoff is hard",
    "triggers: {agent_request: {hard: true}}": "unknown key",
    "triggers: {vip: {tiers: vip}}": "should be a list, not `vip`",
    "triggers: {vip: {unless: [a]}}": "unknown key",
    "triggers: {tool_failure: {consecutive: 0}}": "should be at least 1, not `0`",
    "triggers: {tool_failure: {consecutive: 1.5}}": "should be a whole number, not `1.5`",
    "triggers: {tool_failure: {unless: [a]}}": "unknown condition `a`",
    "triggers: {missing_data: {action: handof}}": "did you mean `handoff`?",
    "mode: enforced": "did you mean `enforce`?",
    "percentage: 101": "should be at most 100, not `101`",
    "max_wait: 30": "should be a duration with its unit",
    "max_wait: 30 minutes": "should be a duration with its unit",
    "reopen_window: 4000d": "should be at most 3650d",
    "language: de": "unknown language `de`",
    "language: English": "should be a language code",
    "sla: fast": "unknown SLA policy `fast`",
    "bundle: big": "unknown bundle template `big`",
    "fallback: call": "did you mean `callback`?",
    "handback: {max_bounces: 0}": "should be 1 or more, or `off`",
    "topics: {legal: {risk: 2}}": "should be a share from 0 to 1, not `2`",
    "topics: {legal: {action: offer, hard: true}}": "only a handoff is hard",
    "topics: {legal: {patterns: ['(a']}}": "is not a valid RE2 expression",
    "topics: {legal: {patterns: ['a*']}}": "matches the empty text",
    "topics: {legal: {phrases: {en: [...]}}}": "has no word in it",
    "topics: {legal: {phrases: {de: [recht]}}}": "unknown language `de`",
    "topics: {le gal: {}}": "should be a name",
    "topics: {legal: }": "is empty",
    "conditions: [{name: a}]": "required key is missing",
    "conditions: [{name: a, when: ordr.x > 1}]": "unknown variable `ordr`",
    "conditions: [{name: a, when: 'order.x.all(i, i > 1)'}]": "`all` is a loop",
    "conditions: [{name: a, when: 'open(1)'}]": "unknown function `open`",
    "conditions: [{name: a, when: order.x >}]": "a valid condition: at character 10, it ends",
    f"conditions: [{{name: a, when: '{'1 + ' * 60}1 > 0'}}]": "is longer than 200 characters",
    "conditions: [{name: a, when: 'true'}, {name: a, when: 'true'}]": "condition `a` already",
    "conditions: [{name: a, when: order.amount + 1}]": "gives a number, and a condition must",
    "triggers: {vip: {tiers: [gold]}}": "unknown tier `gold`; add it to `tiers`",
    "triggers: {late_stage: {stages: [won]}}": "unknown stage `won`; add it to `stages`",
    "score: {tiers: {gold: 1}}": "unknown tier `gold`; add it to `tiers`",
    "score: {tiers: {'': 1}}": "`` should be text without spaces around it",
    "score: {stages: {won: 1}}": "unknown stage `won`; add it to `stages`",
    "topics: {legal: {}, legal: {}}": "duplicate key; it is also in line 5",
    "notices: [{event: pase, text: {en: a}}]": "did you mean `pause`?",
    "notices: [{event: pause, trigger: vipp, text: {en: a}}]": "did you mean `vip`?",
    "notices: [{event: pause, text: {en: '{wiat}'}}]": "did you mean `wait`?",
    "notices: [{event: pause, text: {en: a}}, {event: pause, text: {en: b}}]": "such a notice",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_workflow_is_told_with_its_place(text: str) -> None:
    said = problems(f"{HEAD}workflows:\n  chat: {{{text}}}\n")
    assert any(WRONG[text] in one for one in said), said
    assert all(re.match(r"p\.yaml:[45]:\d+ workflows\.chat", one) for one in said), said


WRONG_PACKS = {
    "queues: {q: {hours: {time_zone: Europe/Madrd, weekly: {}}}}": "did you mean `Europe/Madrid`",
    "queues: {q: {hours: {time_zone: UTC, weekly: {mon: 9-17}}}}": "should be a span of time",
    "queues: {q: {hours: {time_zone: UTC, weekly: {mon: 09:00-09:00}}}}": "has no length",
    "queues: {q: {hours: {time_zone: UTC, weekly: {mo: 09:00-10:00}}}}": "should be days",
    "queues: {q: {overflow: r}}": "unknown queue `r`",
    "queues: {q: {merged_into: r}}": "unknown queue `r`",
    "queues: {q: {sla: r}}": "unknown SLA policy `r`",
    "queues: {q: {skills: {english: 11}}}": "should be at most 10, not `11`",
    "languages: [en, en]": "there is a language `en` already",
    "tiers: [vip, vip]": "there is a tier `vip` already",
    "stages: [won, lost, won]": "there is a stage `won` already",
    "tiers: ['']": "`` should be text without spaces around it",
    "tiers: [' ']": "should be text without spaces around it",
    "stages: ['']": "`` should be text without spaces around it",
    "tiers: [vip, ]\nmatrix: [{tier: VIP, queue: a}]": "unknown tier `VIP`; did you mean `vip`?",
    "matrix: [{tier: vip, queue: a}]": "unknown tier `vip`; add it to `tiers`",
    "matrix: [{topic: a}]": "required key is missing",
    "matrix: [{queue: a}]": "unknown queue `a`",
    "matrix: {queue: a}": "should be a list, not a map",
    "sla: {s: {escalation: [{after: 5m, to: boss}]}}": "unknown queue `boss`",
    "sla: {s: {escalation: [{after: 5m, to: steward}, {after: 0s, to: steward}]}}": "in the order",
    "bundles: {b: {required: [goals]}}": "did you mean `goal`?",
    "bundles: {b: {playbook: [{when: {}, steps: {en: [a]}}]}}": "names no trigger, topic or tool",
    "bundles: {b: {playbook: [{when: {topic: x}, steps: {en: [a]}}]}}": "unknown topic `x`",
    "bundles: {b: {playbook: [{when: {tool: x}, steps: {de: [a]}}]}}": "unknown language `de`",
    "bundles: {b: {playbook: [{when: {tool: x}, steps: {en: ['{tol}']}}]}}": "did you mean `tool`?",
    "bundles: {b: {playbook: [{when: {trigger: vipp}, steps: {en: [a]}}]}}": "did you mean `vip`?",
    "metrics: {handoff_precision: 80}": "should be a share",
    "languages: []": "should not be empty",
    "extends: ./nowhere.yaml": "no pack file `./nowhere.yaml`",
    "extends: suport-chat": "did you mean `support-chat`?",
    "cases: [{name: a, workflow: b, turns: [{customer: hi}], expect: {outcome: offer}}]":
        "unknown workflow `b`",
    "workflows: {b: {}}\ncases: [{name: a, workflow: b, turns: [], expect: {outcome: offer}}]":
        "should not be empty",
    "workflows: {b: {}}\n"
    "cases: [{name: a, workflow: b, turns: [{customer: a, agent: b}], expect: {outcome: offer}}]":
        "exactly one of",
    "queues: {q: {}, q: {}}": "duplicate key; it is also in line 4",
    "workflows: {b: {}}\n"
    "cases: [{name: a, workflow: b, tier: vip, turns: [{customer: a}], expect: {outcome: offer}}]":
        "unknown tier `vip`; add it to `tiers`",
    "workflows: {b: {}}\n"
    "cases: [{name: a, workflow: b, stage: won, turns: [{customer: a}], expect: {outcome: offer}}]":
        "unknown stage `won`; add it to `stages`",
    "workflows: {b: {}}\n"
    "cases: [{name: a, workflow: b, turns: [{tool: a, confidence: 1}], expect: {outcome: offer}}]":
        "only a turn of `agent` has `confidence`",
    "workflows: {b: {}}\n"
    "cases: [{name: a, workflow: b, turns: [{customer: a}], expect: {outcome: offer, at_turn: 2}}]":
        "the case has 1 turns",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG_PACKS)
def test_a_wrong_pack_is_told_with_its_place(text: str) -> None:
    said = problems(f"{HEAD}{text}\n")
    assert any(WRONG_PACKS[text] in one for one in said), said
    assert all(re.match(r"p\.yaml:[4-5]:\d+ ", one) for one in said), said


NO_YAML: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "p.yaml - is empty"),
    "only a comment": (b"# nothing\n", "p.yaml - is empty"),
    "a list": (b"- a\n", "p.yaml:1:1 - should be a map"),
    "a word": (b"pack\n", "p.yaml:1:1 - should be a map"),
    "tabs": (b"workflows:\n\tchat: {}\n", "p.yaml:2:1 - tab; indent with spaces"),
    "open quote": (b"name: 'x\n", "- not valid YAML: found unexpected end of stream"),
    "bad indent": (b"a: 1\n b: 2\n", "not valid YAML"),
    "two documents": (b"a: b\n---\nc: d\n", "p.yaml:2:1 - has a second document"),
    "latin-1": (
        "handrail: 1\nname: señal\n".encode("latin-1"),
        "p.yaml:2:9 - is not UTF-8 text; save the file",
    ),
    "UTF-16": ("handrail: 1\n".encode("utf-16"), "is not UTF-8"),
    "control character": (b'name: "\x00"\n', "p.yaml:1:1 - has a character that YAML"),
    "huge": (b"# " + b"x" * 1_000_000, "p.yaml - is larger than 1,000,000 bytes"),
    "deep": (b"a: " + b"[" * 5000, "is nested deeper than 30 levels"),
    "tag": (b"name: !!python/object:os.system x\n", "is not allowed; remove it"),
    "map as key": (b"? {a: b}\n: c\n", "a map or list cannot be a key"),
}


@pytest.mark.parametrize("kind", NO_YAML)
def test_a_file_that_is_no_pack_is_told_clearly(kind: str, tmp_path: Path) -> None:
    data, wanted = NO_YAML[kind]
    path = tmp_path / "p.yaml"
    path.write_bytes(data)
    with pytest.raises(PackError) as caught:
        load(path)
    assert wanted in str(caught.value)
    assert all(len(str(one)) < 300 for one in caught.value.problems)


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    path = tmp_path / "p.yaml"
    path.write_text("\n".join(lines))
    start = time.monotonic()
    with pytest.raises(PackError, match="alias `\\*a0` is not allowed"):
        load(path)
    assert time.monotonic() - start < 5


def test_a_duplicate_key_names_both_lines() -> None:
    assert problems(f"{HEAD}owner: a\nowner: b\n") == [
        "p.yaml:5:1 owner - duplicate key; it is also in line 4"
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "handrail: 2\nnme: x\nversion: 1.2\nowner: a\nowner: b\n"
        "workflows: {chat: {mode: on, triggers: {vip: }}}\n"
    )
    said = problems(text)
    assert [one.split(" - ")[0] for one in said] == [
        "p.yaml name",
        "p.yaml:1:1 handrail",
        "p.yaml:2:1 nme",
        "p.yaml:3:1 version",
        "p.yaml:5:1 owner",
        "p.yaml:6:20 workflows.chat.mode",
        "p.yaml:6:45 workflows.chat.triggers.vip",
    ]


def test_text_with_a_comma_in_braces_gets_the_hint_to_quote_it() -> None:
    said = problems(f"{HEAD}notices: [{{event: pause, text: {{en: wait, please}}}}]\n")
    assert "text with a comma needs quotes here" in said[0]


def test_words_that_old_yaml_converts_stay_text() -> None:
    pack = loads('handrail: 1\nname: no\nversion: 1:30\ntiers: [no, yes, on, "1"]\n').pack
    assert pack.name == "no"
    assert pack.version == "1:30"
    assert pack.tiers == ("1", "no", "on", "yes")


def test_a_missing_file_or_starter_is_not_found_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="check the path"):
        packs.load(tmp_path / "none.yaml")
    with pytest.raises(NotFound, match="did you mean `support-chat`"):
        packs.load("suport-chat")


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        packs.load(tmp_path)


def test_importing_handrail_and_its_packs_loads_no_yaml_reader_and_no_validator() -> None:
    code = (
        "import sys, handrail, handrail.packs, handrail.errors, handrail.core.lint\n"
        "heavy = {'pydantic', 'ruamel', 'ruamel.yaml', 'cel', 're2'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_pack_without_conditions_and_patterns_needs_neither_of_their_libraries() -> None:
    code = (
        "import sys\nfrom handrail.packs.loader import loads\n"
        f"loads({HEAD + 'workflows: {chat: {topics: {a: {phrases: {en: [b]}}}}}'!r})\n"
        "heavy = {'cel', 're2'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_place_of_a_finding_is_found_also_in_lists(shop: Loaded) -> None:
    lines = example().splitlines()
    for keys, text in (
        (("matrix", "*", "vip"), "tier: vip, queue: frontline"),
        (("workflows", "chat", "conditions", "large_order"), "name: large_order"),
        (("workflows", "chat", "triggers", "no_progress", "minutes"), "no_progress:"),
        (("workflows", "refunds", "topics", "security"), "    security:"),
        (("notices", "pause", "sensitive_topic"), "- event: pause"),
    ):
        file, line, _ = shop.place(keys).split(":")
        assert file == "pack.yaml"
        assert text in lines[int(line) - 1]
