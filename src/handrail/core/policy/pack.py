"""Step 1, Define: one policy pack as data. What a file says, resolved: defaults are merged in.

Shares are thousandths, durations seconds (0 = none, unless said otherwise). What a file writes as
a map is a tuple here, sorted by name, so that equal policies are equal values.
"""

from dataclasses import dataclass

from handrail.core.bundle.settings import BundleTemplate
from handrail.core.decision.rules import Rules
from handrail.core.model import Mode, Strict
from handrail.core.ownership.settings import Fallback, Handback
from handrail.core.policy.example import Case
from handrail.core.policy.kinds import Kind, NoticeEvent, Speaker
from handrail.core.routing.settings import ANY, MatrixRow, Queue
from handrail.core.sla.settings import SlaPolicy

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicText(Strict):
    """How a sensitive topic is found in text: phrases by language, patterns in any language.

    `caller`: it is named by the caller or a classifier, and needs neither.
    """

    name: str
    phrases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    patterns: tuple[str, ...] = ()
    caller: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Strict):
    """What the customer is told at an event, in one language; `trigger` may be `*`."""

    event: NoticeEvent
    language: str
    text: str
    trigger: str = ANY
    speaker: Speaker = Speaker.AI


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Strict):
    """One kind of work of an agent, and the policy it is under.

    `percentage` is the share of cases that `mode` holds for; the others are observed.
    `transfer_tools` empty = the built-in list.
    """

    name: str
    rules: Rules
    kind: Kind = Kind.CONVERSATION
    mode: Mode = Mode.ENFORCE
    percentage: int = 100
    language: str = "en"
    topics: tuple[TopicText, ...] = ()
    offer_expires: int = 600
    reopen_window: int = 7 * DAY
    sla: str = ""
    bundle: str = ""
    fallback: Fallback | None = None
    handback: Handback = Handback()  # noqa: RUF009  # a frozen value
    transfer_tools: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics(Strict):
    """Targets of the KPIs: shares, and `time_to_human` in seconds. 0 = no target.

    Below `verdict_coverage` nothing is certified.
    """

    handoff_precision: int = 800
    time_to_human: int = 300
    post_handoff_resolution: int = 0
    context_completeness: int = 1000
    escalation_accuracy: int = 950
    verdict_coverage: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Strict):
    """A policy pack. `extends` is the base as written, `base` its digest.

    `defaults` is what a workflow that says nothing would be; a child's new workflows are held
    against that of its base.
    """

    name: str
    version: str
    defaults: Workflow
    handrail: int = 1
    description: str = ""
    owner: str = ""
    extends: str = ""
    base: str = ""
    single_person: bool = False
    languages: tuple[str, ...] = ("en",)
    tiers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    queues: tuple[Queue, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    sla: tuple[SlaPolicy, ...] = ()
    bundles: tuple[BundleTemplate, ...] = ()
    notices: tuple[Notice, ...] = ()
    metrics: Metrics = Metrics()
    cases: tuple[Case, ...] = ()
