"""A child pack tightens its base and never relaxes it."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import strategies
from handrail.core import case, policy
from handrail.core.decision import (
    AgentRequest,
    BlockedApproval,
    Condition,
    Gate,
    LateStage,
    LowConfidence,
    NegativeSentiment,
    NoProgress,
    Offers,
    Rules,
    Score,
    ToolFailure,
    Topic,
    Vip,
    decide,
)
from handrail.core.model import Attributes, Context, Forecast, Mode, Outcome, Role, Signals
from handrail.core.policy import order, tighten
from handrail.core.policy.tighten import relaxed
from handrail.errors import PackError
from handrail.packs.build_rules import KINDS
from handrail.packs.loader import Loaded, load, loads

BASE = """\
handrail: 1
name: base
version: "1"
owner: board
tiers: [vip, gold]
defaults:
  fallback: ticket
  sla: normal
  bundle: full
  handback: {max_bounces: 2, cooldown_turns: 2, plan_expires: 24h}
  triggers:
    low_confidence: {below: 0.6, below_high_risk: 0.8, high_risk: 0.7}
    negative_sentiment: {level: 0.5, stall_turns: 2, escalating: 0.25}
    vip: {tiers: [vip, gold]}
    blocked_approval: {minutes: 30}
    no_progress: {turns: 6}
    tool_failure: {consecutive: 3, unless: [small]}
    agent_request: {min_score: 0.2}
  topics:
    legal: {risk: 0.8, reviewer_tag: legal, phrases: {en: [lawyer, sue you]}, patterns: [court]}
  conditions:
    - {name: small, when: order.amount < 50}
    - {name: large, when: order.amount > 5000, action: handoff}
  score: {confidence: 0.3, progress_turns: 6, offer_at: 0.4, handoff_at: 0.6, tiers: {vip: 1}}
  offers: {max_per_episode: 2, cooldown_turns: 3}
  max_wait: 10m
workflows:
  chat: {mode: enforce, percentage: 50}
queues:
  desk: {steward: ana, hours: always}
matrix:
  - {topic: legal, queue: desk, tags: [legal]}
  - {queue: desk}
sla:
  normal: {time_to_accept: 5m, clock: calendar, warn_at: 0.8}
  slow: {time_to_accept: 1h, clock: calendar}
bundles:
  full: {required: [goal, summary], masked: [secret, card]}
  thin: {required: [goal], masked: [secret, card]}
metrics: {handoff_precision: 0.8, time_to_human: 5m}
"""
CHILD = 'handrail: 1\nname: child\nversion: "1"\nextends: ./base.yaml\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("packs")
    (found / "base.yaml").write_text(BASE)
    return found


def child(folder: Path, text: str) -> Loaded:
    return loads(f"{CHILD}{text}\n", "child.yaml", folder)


TIGHTER = {
    "nothing": "",
    "thresholds": "defaults: {triggers: {low_confidence: {below: 0.7, high_risk: 0.6}}}",
    "hard": "workflows: {chat: {triggers: {no_progress: {hard: true, turns: 4, minutes: 30}}}}",
    "no exception": "workflows: {chat: {triggers: {tool_failure: {unless: []}}}}",
    "a trigger on": "workflows: {chat: {triggers: {late_stage: {stages: [x]}}}}\nstages: [x]",
    "risk": "defaults: {topics: {legal: {risk: 1.0}}}",
    "phrases": "defaults: {topics: {legal: {phrases: {en: [attorney]}}, pricing: {}}}",
    "score": "workflows: {chat: {score: {confidence: 0.4, offer_at: 0.3, tiers: {gold: 1}}}}",
    "offers": "workflows: {chat: {offers: {max_per_episode: 3, cooldown_turns: 1}}}",
    "no waiting": "workflows: {chat: {max_wait: off}}",
    "waiting longer": "workflows: {chat: {max_wait: 20m}}",
    "handback": "workflows: {chat: {handback: {max_bounces: 1, plan_expires: 1h}}}",
    "bundle": "bundles: {full: {required: [goal, summary, transcript]}}",
    "sla": "sla: {normal: {time_to_accept: 1m, first_response: 2m, warn_at: 0.5}}",
    "silence": "sla: {normal: {ai_silence: 4m, holder_silence: 1h, check_back: 6h}}",
    "mode": "workflows: {chat: {percentage: 100}}",
    "new workflow": "workflows: {mail: {mode: observe, percentage: 5}}",
    "row": "matrix: [{topic: legal, tier: vip, queue: desk, tags: [legal, senior]}]",
    "tiers": "tiers: [silver]",
}


@pytest.mark.parametrize("kind", TIGHTER)
def test_a_child_may_tighten(kind: str, folder: Path) -> None:
    pack = child(folder, TIGHTER[kind]).pack
    assert pack.base == policy.digest(load(folder / "base.yaml").pack)
    assert "chat" in [own.name for own in pack.workflows]


def test_the_playbook_of_a_child_adds_to_that_of_its_base(folder: Path) -> None:
    steps = "bundles: {full: {playbook: [{when: {tool: %s}, steps: {en: [do it]}}]}}"
    (folder / "booked.yaml").write_text(BASE.replace("bundles:\n  full: {", "bundles:\n  full: {"
        "playbook: [{when: {tool: pay}, steps: {en: [pay it]}}], "))  # fmt: skip
    text = CHILD.replace("base.yaml", "booked.yaml") + steps % "send"
    pack = loads(f"{text}\n", "child.yaml", folder).pack
    assert [one.tool for one in policy.bundle(pack, "chat").playbook] == ["pay", "send"]


LOOSER = {
    "workflows: {chat: {triggers: {low_confidence: off}}}": "`low_confidence` is off",
    "workflows: {chat: {triggers: {low_confidence: {below: 0.5}}}}":
        "`below` is `0.5`, and should be at least `0.6`",
    "workflows: {chat: {triggers: {low_confidence: {high_risk: 0.8}}}}":
        "`high_risk` is `0.8`, and should be at most `0.7`",
    "workflows: {chat: {triggers: {policy_violation: {hard: false}}}}":
        "`hard` is `false`, and should be at least `true`",
    "workflows: {chat: {triggers: {no_progress: {action: offer}}}}":
        "`action` is `offer`, and should be at least `handoff`",
    "workflows: {chat: {triggers: {no_progress: {turns: 0, minutes: 5}}}}":
        "`turns` is `off`, and should be at most `6`",
    "workflows: {chat: {triggers: {no_progress: {unless: [small]}}}}":
        "`unless` is `[small]`, and should be only some of `[]`",
    "workflows: {chat: {triggers: {blocked_approval: {minutes: 31}}}}": "at most `30`",
    "workflows: {chat: {triggers: {agent_request: {min_score: 0.3}}}}": "at most `0.2`",
    "workflows: {chat: {triggers: {vip: {tiers: [vip]}}}}": "all of `[gold, vip]`",
    "workflows: {chat: {triggers: {vip: {first_touch: false}}}}": "at least `true`",
    "workflows: {chat: {triggers: {negative_sentiment: {stall_turns: 3}}}}": "at most `2`",
    "defaults: {triggers: {tool_failure: {consecutive: 4}}}": "at most `3`",
    "workflows: {chat: {topics: {legal: off}}}": "`legal` is gone",
    "workflows: {chat: {topics: {legal: {risk: 0.7}}}}": "at least `0.8`",
    "workflows: {chat: {topics: {legal: {action: score}}}}": "`action` is `continue`",
    "workflows: {chat: {topics: {legal: {reviewer_tag: other}}}}": "`reviewer_tag` is `other`",
    "defaults: {conditions: [{name: large, when: order.amount > 9000}]}": "`when` is",
    "defaults: {conditions: [{name: large, action: offer}]}": "`action` is `offer`",
    "workflows: {chat: {score: {handoff_at: off}}}": "`handoff_at` is `off`, and should be at most",
    "workflows: {chat: {score: {confidence: 0.2}}}": "at least `0.3`",
    "workflows: {chat: {score: {tiers: {vip: 0.5}}}}": "`[vip: 0.5]`, and should be each at least",
    "workflows: {chat: {offers: {max_per_episode: 1}}}": "at least `2`",
    "workflows: {chat: {max_wait: 5m}}": "`max_wait` is `5m`, and should be at least `10m`",
    "workflows: {chat: {handback: {max_bounces: off}}}": "`max_bounces` is `off`",
    "workflows: {chat: {handback: {plan_expires: 2d}}}": "`plan_expires` is `2d`",
    "workflows: {chat: {reopen_window: 1d}}": "at least `7d`",
    "workflows: {chat: {transfer_tools: [x]}}": "an empty list is the built-in one",
    "workflows: {chat: {mode: advise}}": "`mode` is `advise`, and should be at least `enforce`",
    "workflows: {chat: {percentage: 10}}": "`percentage` is `10`",
    "workflows: {mail: {triggers: {low_confidence: off}}}": "`low_confidence` is off",
    "workflows: {chat: {bundle: thin}}": "`required` is `[goal]`",
    "bundles: {full: {required: [goal]}}": "`required` is `[goal]`",
    "bundles: {full: {masked: [card]}}": "`masked` is `[card]`",
    "sla: {normal: {time_to_accept: 6m}}": "`time_to_accept` is `6m`, and should be at most `5m`",
    "sla: {normal: {clock: business}}": "`clock` is `business`",
    "workflows: {chat: {sla: slow}}": "`time_to_accept` is `1h`",
    "queues: {desk: {sla: slow}}": "`time_to_accept` is `1h`",
    "matrix: [{topic: legal, tags: []}]": "reviewers need no tag `legal`",
    "matrix: [{topic: legal, tier: vip, queue: desk}]": "reviewers need no tag `legal`",
    "metrics: {handoff_precision: 0.7}": "at least `0.8`",
    "single_person: true": "`single_person` is `true`",
}  # fmt: skip


@pytest.mark.parametrize("text", LOOSER)
def test_a_child_may_not_relax_and_both_places_are_told(text: str, folder: Path) -> None:
    with pytest.raises(PackError) as caught:
        child(folder, text)
    said = [str(problem) for problem in caught.value.problems]
    assert any(LOOSER[text] in one for one in said), said
    for one in said:
        assert one.startswith(("child.yaml:5:", "base.yaml:")), one
        assert "relaxes the base pack" in one
        assert "; the base is at base.yaml" in one


def test_a_base_with_errors_is_told_by_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE.replace("fallback: ticket", "fallback: tickets"))
    with pytest.raises(PackError, match=r"^base\.yaml:7:3 defaults\.fallback"):
        child(tmp_path, "")


def test_packs_that_extend_one_another_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(CHILD.replace("base.yaml", "other.yaml"))
    (tmp_path / "other.yaml").write_text(CHILD)
    with pytest.raises(PackError, match=r"other\.yaml:4:1 extends - .* in a circle"):
        load(tmp_path / "base.yaml")


def test_a_grandchild_is_held_against_all_above_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "team.yaml").write_text(
        f"{CHILD}defaults: {{triggers: {{no_progress: {{turns: 4}}}}}}"
    )
    text = CHILD.replace("base.yaml", "team.yaml")
    loads(f"{text}workflows: {{chat: {{triggers: {{no_progress: {{turns: 3}}}}}}}}", "c", tmp_path)
    with pytest.raises(PackError, match="at most `4`"):
        loads(
            f"{text}workflows: {{chat: {{triggers: {{no_progress: {{turns: 5}}}}}}}}", "c", tmp_path
        )


def test_lists_merge_by_what_identifies_their_entries(folder: Path) -> None:
    pack = child(
        folder,
        "matrix: [{topic: legal, reviewers: [mei]}, {topic: legal, tier: vip, queue: desk,\n"
        "          tags: [legal]}]\n"
        "defaults:\n  topics: {legal: {phrases: {en: [attorney]}, patterns: [judge]}}",
    ).pack
    assert [(row.topic, row.tier, row.reviewers, row.tags) for row in pack.matrix] == [
        ("*", "*", (), ()),
        ("legal", "*", ("mei",), ("legal",)),
        ("legal", "vip", (), ("legal",)),
    ]
    text = pack.workflows[0].topics[0]
    assert text.phrases == (("en", ("attorney", "lawyer", "sue you")),)
    assert text.patterns == ("court", "judge")


def test_the_defaults_of_a_child_reach_the_workflows_of_its_base(folder: Path) -> None:
    pack = child(folder, "defaults: {triggers: {no_progress: {turns: 4}}}").pack
    rule = policy.workflow(pack, "chat").rules.no_progress
    assert rule is not None
    assert rule.turns == 4


def packed(rules: Rules) -> policy.Pack:
    own = policy.Workflow(name="w", rules=rules)
    return policy.Pack(name="p", version="1", defaults=replace(own, name=""), workflows=(own,))


def values(name: str, value: Any) -> list[Any]:
    """Other values of a setting: the nearest ones and the extremes."""
    if isinstance(value, Outcome):
        return [one for one in Outcome if one is not value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [one for one in (0, 1, value - 1, value + 1, 500, 1000) if one >= 0]
    if name == "unless":
        return [(), strategies.CONDITIONS]
    menus = {"tiers": strategies.TIERS, "stages": strategies.STAGES}
    if name in menus:
        return [(), *((one,) for one in menus[name]), menus[name]]
    if name in {"tier_values", "stage_values"}:
        return [(), tuple((one, 1000) for one in (*strategies.TIERS, *strategies.STAGES))]
    return []


def changed(rule: Any) -> Iterator[Any]:
    """A rule with one setting changed, in every way."""
    for item in fields(rule):
        if item.name not in {"name", "when", "reviewer_tag"}:
            for value in values(item.name, getattr(rule, item.name)):
                yield replace(rule, **{item.name: value})


def neighbours(base: Rules) -> Iterator[Rules]:
    """The rules with one setting changed, tighter or looser, or one rule switched."""
    for name in (*tighten._TRIGGERS, "score", "offers"):
        rule = getattr(base, name)
        if rule is None:
            yield replace(base, **{name: KINDS[name]()})
            continue
        if name in tighten._TRIGGERS:
            yield replace(base, **{name: None})
        yield from (replace(base, **{name: one}) for one in changed(rule))
    for name in ("topics", "conditions"):
        rules = getattr(base, name)
        for place, rule in enumerate(rules):
            rest = (*rules[:place], *rules[place + 1 :])
            yield replace(base, **{name: rest})
            yield from (replace(base, **{name: (*rest, one)}) for one in changed(rule))
    yield from (replace(base, max_wait=value) for value in values("", base.max_wait))


def judged(world: strategies.World, rules: Rules) -> tuple[Outcome, set[str]]:
    decision = decide(rules, world.state, world.signals, world.context)
    return decision.outcome, {str(one.trigger) for one in decision.reasons if one.hard}


@given(strategies.worlds())
def test_what_is_no_relaxation_never_cools_a_decision_and_keeps_what_is_hard(
    world: strategies.World,
) -> None:
    outcome, hard = judged(world, world.rules)
    for rules in neighbours(world.rules):
        now, kept = judged(world, rules)
        if now < outcome or not hard <= kept:
            assert relaxed(packed(world.rules), packed(rules)), rules


OFF = Rules(**dict.fromkeys(tighten._TRIGGERS))
TRUE = Context(
    attributes=Attributes(tier="gold", stage="closing"),
    conditions=tuple((name, True) for name in strategies.CONDITIONS),
)
LEGAL = Topic(name="legal", risk=700)
QUIET = replace(LEGAL, action=Outcome.CONTINUE, hard=False)
NOW = strategies.START
# Evidence that is exactly at the line of one rule, so that any step of it is seen.
SHARP = {
    "below": (
        replace(OFF, low_confidence=LowConfidence()), {}, {"role": Role.AGENT, "confidence": 599}
    ),
    "high risk": (
        replace(OFF, low_confidence=LowConfidence(), topics=(QUIET,)),
        {"topics": ("legal",)},
        {"role": Role.AGENT, "confidence": 799},
    ),
    "stall": (
        replace(OFF, negative_sentiment=NegativeSentiment()),
        {"sentiment_known": True, "level": 500, "no_progress_turns": 2},
        {},
    ),
    "escalating": (
        replace(OFF, negative_sentiment=NegativeSentiment()),
        {"sentiment_known": True, "level": 500, "run_start": 250, "sentiment_run": 1},
        {},
    ),
    "turns": (replace(OFF, no_progress=NoProgress(turns=4)), {"no_progress_turns": 4}, {}),
    "minutes": (
        replace(OFF, no_progress=NoProgress(turns=0, minutes=5)),
        {"now": NOW + 300_000, "progress_at": NOW},
        {},
    ),
    "repeats": (replace(OFF, no_progress=NoProgress(turns=0, repeats=2)), {"repeats": 2}, {}),
    "tools": (replace(OFF, tool_failure=ToolFailure()), {"tool_failures": 3}, {}),
    "approval": (
        replace(OFF, blocked_approval=BlockedApproval(minutes=5)),
        {"now": NOW + 300_000, "approvals_open": 1, "approval_since": NOW},
        {},
    ),
    "violation": (
        replace(OFF, policy_violation=Gate(hard=True)), {}, {"policy_violation": True}
    ),
    "permission": (replace(OFF, missing_permission=Gate()), {}, {"permission_missing": True}),
    "expired": (replace(OFF, approval_expired=Gate()), {}, {"approval_expired": True}),
    "data": (
        replace(OFF, missing_data=Gate(action=Outcome.OFFER)), {}, {"data_missing": True}
    ),
    "first touch": (replace(OFF, vip=Vip(tiers=("gold",))), {"customer_turns": 1}, {}),
    "vip on a topic": (
        replace(OFF, vip=Vip(tiers=("gold",)), topics=(QUIET,)), {"topics": ("legal",)}, {}
    ),
    "vip": (replace(OFF, vip=Vip(tiers=("gold",))), {}, {}),
    "stage": (replace(OFF, late_stage=LateStage(stages=("closing",))), {}, {}),
    "wish": (
        replace(
            OFF, agent_request=AgentRequest(min_score=200), topics=(replace(QUIET, risk=1000),)
        ),
        {"topics": ("legal",)},
        {"role": Role.AGENT, "agent_request": True},
    ),
    "topic": (replace(OFF, topics=(LEGAL,)), {"topics": ("legal",)}, {}),
    "condition": (
        replace(
            OFF,
            conditions=(
                Condition(name="big_order", when="true", action=Outcome.HANDOFF, hard=True),
            ),
        ),
        {},
        {},
    ),
    "score": (
        replace(
            OFF,
            score=Score(handoff_at=1000, value=100, tier_values=(("gold", 1000),)),
            topics=(replace(QUIET, risk=1000),),
        ),
        {
            "topics": ("legal",), "confidence": 0, "sentiment_known": True, "level": 1000,
            "no_progress_turns": 8,
        },
        {},
    ),
    "offering score": (
        replace(OFF, score=Score(value=500, offer_at=500, stage_values=(("closing", 1000),))),
        {},
        {},
    ),
    "offers": (
        replace(OFF, vip=Vip(tiers=("gold",)), offers=Offers(max_per_episode=2)),
        {"offers": 1, "turns_since_offer": 3},
        {},
    ),
}  # fmt: skip


def hardened(rules: Rules) -> Rules:
    """The rules with every trigger that can be a hard handoff being one."""
    for name in tighten._TRIGGERS:
        rule = getattr(rules, name)
        if hasattr(rule, "hard"):
            rules = replace(
                rules, **{name: replace(rule, hard=True, action=Outcome.HANDOFF, unless=())}
            )
    return rules


@pytest.mark.parametrize("firm", [False, True])
@pytest.mark.parametrize("kind", SHARP)
def test_no_single_step_that_cools_a_decision_passes_as_tightening(
    kind: str, *, firm: bool
) -> None:
    rules, state, signals = SHARP[kind]
    rules = hardened(rules) if firm else rules
    for max_wait, wait in ((0, None), (0, 600), (700, 700)):
        world = strategies.World(
            replace(rules, max_wait=max_wait),
            replace(case.start(), **{"customer_turns": 2, **state}),
            Signals(**{"role": Role.CUSTOMER, **signals}),
            replace(TRUE, forecast=Forecast(wait=wait)),
        )
        outcome, hard = judged(world, world.rules)
        assert outcome > Outcome.CONTINUE
        cooled = 0
        for other in neighbours(world.rules):
            now, kept = judged(world, other)
            if now < outcome or not hard <= kept:
                cooled += 1
                assert relaxed(packed(world.rules), packed(other)), other
        assert cooled


def test_the_table_knows_every_setting_of_every_rule() -> None:
    apart = {
        policy.TopicText: {"name", "phrases", "caller"},
        policy.BundleTemplate: {"name", "playbook"},  # advice: nothing that could be relaxed
        policy.Workflow: {item.name for item in fields(policy.Workflow)},
        policy.Pack: {item.name for item in fields(policy.Pack)},
        Rules: {item.name for item in fields(Rules)},
    }
    for kind, orders in order.TABLE.items():
        known = {item.name for item in fields(kind)}
        assert set(orders) <= known, kind
        free = apart.get(kind, {"name", "escalation"})
        assert known - set(orders) <= free, kind
    assert set(tighten._TRIGGERS) | {
        "topics", "conditions", "score", "offers", "max_wait", "digest",
    } == {item.name for item in fields(Rules)}  # fmt: skip


def test_a_new_workflow_may_start_cool_and_an_old_one_may_not_cool_down(folder: Path) -> None:
    pack = child(folder, "workflows: {mail: {mode: advise}}").pack
    assert policy.workflow(pack, "mail").mode is Mode.ADVISE
    assert policy.workflow(pack, "mail").rules == policy.workflow(pack, "chat").rules
    assert policy.workflow(pack, "mail").rules.conditions[0].action is Outcome.HANDOFF
