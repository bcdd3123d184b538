"""The whole cases that the demo plays. Who says what is written here; what comes of it is not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handrail.cli.stage import Stage, human
from handrail.core.model import Role, ToolCall
from handrail.core.ownership import (
    Accept,
    Actor,
    Begin,
    Decline,
    Epoch,
    Handback,
    Party,
    PlanStep,
    Progress,
    Report,
    Resolve,
    Timing,
    Verdict,
)

_AI = Actor(kind=Party.AI)


@dataclass(frozen=True, slots=True)
class Story:
    """A whole case: its pack, the customer's tier, and how it is played."""

    pack: str
    tier: str
    play: Callable[[Stage], None]


def parcel(stage: Stage) -> None:
    """A parcel is late, the customer wants a person, and the AI finishes what the person plans."""
    begun = _parcel_begins(stage)

    stage.head("3. What the person gets: the bundle")
    stage.bundle()

    stage.head("4. A late answer of the AI, under the epoch that it began with")
    stage.later(2)
    stage.say("I can offer you a voucher instead!", epoch=begun)

    stage.head("5. One person declines, the next accepts and answers")
    stage.later(12)
    first = stage.case.ownership.human
    stage.act(Decline(at=0, by=human(first)), "declines")
    stage.asked()
    stage.later(25)
    holder = stage.case.ownership.human
    stage.act(Accept(at=0, by=human(holder)), "accepts")
    stage.where()
    stage.later(50)
    stage.say("A person here. It is lost; I refund it, and a new one leaves today.", by=holder)

    stage.head("6. Handback with a plan: the AI may do this, and nothing else")
    stage.later(30)
    plan = (PlanStep(id="1", action="issue_refund"), PlanStep(id="2", action="send_again"))
    stage.act(Handback(at=0, by=human(holder), steps=plan, expires=0), "plans: refund, send again")
    stage.where()
    for step in plan:
        stage.later(4)
        stage.act(Begin(at=0, by=_AI, step=step.id), f"begins step {step.id}")
        stage.admit(step.action)
        stage.later(3)
        done = Report(at=0, by=_AI, step=step.id, progress=Progress.DONE)
        stage.act(done, f"reports step {step.id} done")
    stage.where()
    stage.head("7. Closure, with a note and a verdict")
    _closure(stage, holder)


def _parcel_begins(stage: Stage) -> Epoch:
    """Until the transfer; the epoch that the AI saw."""
    stage.head("1. The AI has the case")
    stage.turn(Role.CUSTOMER, "My order 77120 was due last week, and nothing has come.")
    stage.later(6)
    call = ToolCall(name="track_parcel")
    begun = stage.turn(Role.AGENT, "Let me look.", confidence=0.93, tool_calls=(call,)).epoch
    stage.later(3)
    stage.turn(Role.TOOL, '{"status": "lost at the depot"}', tool="track_parcel", error=False)
    stage.later(5)
    stage.turn(Role.AGENT, "It should come on Friday.", confidence=0.7)

    stage.head("2. The customer asks for a person: decision and transfer, one act")
    stage.later(40)
    stage.turn(
        Role.CUSTOMER,
        "Friday is too late, and my card 4111 1111 1111 1111 was charged. Let me talk to a person.",
    )
    stage.where()
    stage.route()
    stage.asked()
    return begun


def approval(stage: Stage) -> None:
    """An approval that nobody gives: the agent is held, a person decides, the change is made."""
    change = {"job": "report", "machine": "large"}
    stage.head("1. The agent needs a yes that it does not get")
    stage.turn(Role.CUSTOMER, "Move the report job to the larger machine type, please.")
    stage.later(8)
    stage.turn(Role.AGENT, "This costs 140 a month more, so I ask first.", confidence=0.93)
    stage.later(2)
    asked = stage.engine.ask_approval("case-1", "resize", change, id="a1")
    minutes = (asked.expires - stage.now) // 60_000
    stage.line("approval", f"`{asked.tool}` with exactly these arguments; ends in {minutes} min")
    stage.admit("resize", args=change)

    stage.head("2. Half an hour later: blocked, which is hard; the case goes to people")
    stage.woke(30 * 60)
    stage.where()
    stage.route()
    stage.asked()

    stage.head("3. What the person gets: the bundle")
    stage.bundle()

    stage.head("4. A person takes it and decides")
    stage.later(40)
    holder = stage.case.ownership.human
    stage.act(Accept(at=0, by=human(holder)), "accepts")
    stage.later(90)
    answer = stage.engine.answer_approval("a1", holder, granted=True)
    stage.line(holder, f"says yes: the approval is {answer.status.value}")

    stage.head("5. Handback: one step, with that approval, once")
    stage.later(5)
    plan = (PlanStep(id="1", action="resize"),)
    stage.act(Handback(at=0, by=human(holder), steps=plan, expires=0), "plans: resize")
    stage.later(2)
    stage.act(Begin(at=0, by=_AI, step="1"), "begins step 1")
    stage.admit("resize", args={**change, "machine": "huge"}, approval="a1")
    stage.admit("resize", args=change, approval="a1")
    stage.admit("resize", args=change, approval="a1")
    stage.later(20)
    stage.act(Report(at=0, by=_AI, step="1", progress=Progress.DONE), "reports step 1 done")
    stage.where()
    stage.head("6. Closure, with a note and a verdict")
    _closure(stage, holder)


def _closure(stage: Stage, holder: str) -> None:
    stage.later(60)
    verdict = Verdict(helpful=True, right_reviewer=True, timing=Timing.RIGHT)
    with stage.engine.store.unit() as unit:
        unit.keep("", "note-1", "Done as planned; the customer was told.")
    closed = Resolve(at=0, by=human(holder), disposition="solved", note="note-1", verdict=verdict)
    stage.act(closed, "closes it: solved; helpful, the right reviewer, at the right time")
    stage.where()
    stage.head("The clocks that ran")
    stage.clocks()
    stage.head("The ledger of the case")
    stage.ledger()


STORIES: Mapping[str, Story] = {
    "A whole case: the parcel that never came": Story("support-chat", "standard", parcel),
    "A whole case: an approval that nobody gives": Story("ops-agent", "standard", approval),
}
