"""The digest: equal for equal policies, different for different ones, the same for ever."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from handrail.core import policy
from handrail.core.decision import (
    AgentRequest,
    BlockedApproval,
    Gate,
    LateStage,
    LowConfidence,
    NegativeSentiment,
    NoProgress,
    Rules,
    ToolFailure,
    Topic,
    Vip,
)
from handrail.packs.loader import load, loads

CLEAN = Path(__file__).parent / "clean.yaml"
HEAD = 'handrail: 1\nname: x\nversion: "1"\n'
BLOCK = f"""{HEAD}# a comment
tiers: [vip, gold]
workflows:
  chat:
    triggers:
      vip:
        tiers: [gold, vip]
      low_confidence: on
    topics:
      legal: {{phrases: {{en: [sue, lawyer]}}}}
      money: {{phrases: {{en: [refund]}}}}
  mail: {{max_wait: 90s}}
"""
FLOW = (
    'version: "1"\nname: x\nhandrail: 1\ntiers: [gold, vip]\n'
    "workflows: {mail: {max_wait: 1m 30s}, chat: {topics: {money: {phrases: {en: [refund]}}, "
    "legal: {phrases: {en: [lawyer, sue]}}}, "
    "triggers: {low_confidence: {below: 0.60}, vip: {tiers: ['vip', \"gold\"]}}}}\n"
)


def digest(text: str) -> str:
    return policy.digest(loads(text).pack)


def test_key_order_comments_and_yaml_style_do_not_change_it() -> None:
    assert digest(BLOCK) == digest(FLOW)


def test_cases_do_not_change_it() -> None:
    case = "cases: [{name: a, workflow: chat, turns: [{customer: a}], expect: {outcome: offer}}]\n"
    assert digest(BLOCK + case) == digest(BLOCK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("90s", "91s"),
        ("[gold, vip]", "[vip]"),
        ("low_confidence: on", "low_confidence: {below: 0.601}"),
        ("low_confidence: on", "missing_data: off"),
        ("sue, lawyer", "sue"),
        ("name: x", "name: y"),
        ('"1"', '"2"'),
        ("mail: {", "mail: {mode: advise, "),
    ],
)
def test_whatever_decides_changes_it(old: str, new: str) -> None:
    assert old in BLOCK
    assert digest(BLOCK.replace(old, new)) != digest(BLOCK)


def test_the_rules_of_a_workflow_carry_it() -> None:
    pack = load(CLEAN).pack
    made = policy.rules(pack, "chat")
    assert made.digest == policy.digest(pack)
    assert made.digest.startswith("sha256:")
    assert len(made.digest) == 71
    stamped = policy.Pack(
        **{name: getattr(pack, name) for name in pack.__slots__ if name != "workflows"},
        workflows=tuple(
            policy.Workflow(
                **{
                    **{name: getattr(own, name) for name in own.__slots__ if name != "rules"},
                    "rules": policy.rules(pack, own.name),
                }
            )
            for own in pack.workflows
        ),
    )
    assert policy.digest(stamped) == policy.digest(pack)


def test_it_is_the_hash_of_the_canonical_text_and_never_changes() -> None:
    pack = loads(f"{HEAD}owner: Señora\n").pack
    text = '{"defaults":{"name":"","rules":{}},"name":"x","owner":"Señora","version":"1"}'
    assert policy.digest(pack) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_the_defaults_that_a_digest_leaves_out_never_change() -> None:
    """A changed default would change what old digests mean: give it a new format version."""
    parts = (
        Rules(), AgentRequest(), BlockedApproval(), Gate(), LateStage(), LowConfidence(),
        NegativeSentiment(), NoProgress(), ToolFailure(), Topic(name="t"), Vip(),
        policy.Workflow(name="w", rules=Rules()), policy.Queue(name="q"),
        policy.MatrixRow(queue="q"), policy.SlaPolicy(name="s"), policy.BundleTemplate(),
        policy.Metrics(), policy.Hours(),
        policy.Notice(event=policy.NoticeEvent.PAUSE, language="en", text="t"),
    )  # fmt: skip
    text = json.dumps([asdict(part) for part in parts], sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == DEFAULTS


DEFAULTS = "2a44862e5b6e1ffd677b96260524b76109de6813a6b131a7153e3070704db2bb"
