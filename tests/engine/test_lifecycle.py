"""Packs: submitted, checked, approved by another, in force, rolled back; and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine import policies as p
from engine.policies import ANA, BO, CI
from engine.world import ASK, DAY, NIGHT, World, human, with_people
from handrail.core.ownership import Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability
from handrail.engine.versions import Stage
from handrail.errors import Conflict, Forbidden, InputError, NotFound, PackError, Refused
from handrail.packs import loader
from handrail.wiring.policies import policies

BUSY = Availability.BUSY


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    p.quick(monkeypatch)


def test_a_pack_goes_from_draft_to_active_and_every_step_is_an_entry() -> None:
    world = World()
    made = p.begun(world)
    first = made.packs.overview().state.current
    digest = made.packs.submit(p.files("2"), ANA).digest
    assert made.packs.version(digest).stage is Stage.DRAFT
    assert made.packs.check(digest, CI).stage is Stage.SIMULATED
    assert made.packs.approve(digest, BO).approved_by == "human:bo"
    assert world.engine.deployment.digest == first
    assert made.packs.activate(digest, ANA).stage is Stage.ACTIVE
    assert world.engine.deployment.digest == digest
    assert made.packs.version(first).stage is Stage.APPROVED
    assert [(one.name, one.actor) for one in made.packs.history()] == [
        ("pack_installed", "human:ana"),
        ("pack_submitted", "human:ana"),
        ("pack_checked", "system:ci"),
        ("pack_approved", "human:bo"),
        ("pack_activated", "human:ana"),
    ]
    world.customer("Where is my order?")
    assert world.entries(name="decision")[0].body["record"].count(digest) == 1


def test_nobody_approves_their_own_pack_and_no_program_approves_any() -> None:
    made = p.begun(World())
    digest = made.packs.submit(p.files("2"), ANA).digest
    with pytest.raises(Refused, match="has not passed its checks"):
        made.packs.approve(digest, BO)
    made.packs.check(digest, ANA)
    for who in (CI, replace(CI, kind=ANA.kind, id="")):
        with pytest.raises(Forbidden, match="approved by a person"):
            made.packs.approve(digest, who)
    with pytest.raises(Forbidden, match="`ana` submitted this pack"):
        made.packs.approve(digest, ANA)
    made.packs.submit(p.files("2"), BO)  # who submits it too cannot approve it either
    made.packs.check(digest, BO)
    with pytest.raises(Forbidden, match="`bo` submitted"):
        made.packs.approve(digest, BO)
    with pytest.raises(Refused, match="is simulated"):
        made.packs.activate(digest, BO)


def test_one_person_alone_is_marked_and_does_not_outlast_the_mode() -> None:
    made = p.begun(World())
    made.packs.mode(ANA, single=True)
    digest = made.packs.submit(p.files("2"), ANA).digest
    made.packs.check(digest, ANA)
    assert made.packs.approve(digest, ANA).single
    made.packs.mode(ANA, single=False)
    with pytest.raises(Refused, match="one person alone"):
        made.packs.activate(digest, ANA)
    made.packs.mode(ANA, single=True)
    made.packs.activate(digest, ANA)
    marked = [one.name for one in made.packs.history() if one.body.get("single_person")]
    assert marked == ["pack_mode", "pack_approved", "pack_mode", "pack_activated"]
    made.packs.mode(ANA, single=False)
    p.approved(made, p.files("3"))
    with pytest.raises(Refused, match="two people"):
        made.packs.mode(ANA, single=True)


def test_what_fails_its_checks_is_not_approved() -> None:
    world = World()
    made = p.begun(world)
    wrong = p.files(
        "2",
        (
            "cases:\n",
            (
                "cases:\n  - {name: wrong, workflow: support, turns: [{customer: hello}], "
                "expect: {outcome: handoff}}\n"
            ),
        ),
    )
    digest = made.packs.submit(wrong, ANA).digest
    checked = made.packs.check(digest, ANA)
    assert (checked.stage, checked.checked["failed"]) == (Stage.DRAFT, 1)
    with pytest.raises(Refused, match="1 of its cases fail"):
        made.packs.approve(digest, BO)
    made.packs.submit(p.files("2"), ANA)  # the same rules, other cases: checked anew
    assert made.packs.check(digest, ANA).stage is Stage.SIMULATED
    law = policies(world.store, None, lambda _: {"ok": False, "worlds": 1})
    law.force.registry = made.force.registry
    assert law.packs.check(digest, ANA).stage is Stage.DRAFT
    with pytest.raises(Refused, match="a law did not hold"):
        made.packs.approve(digest, BO)


def test_a_step_that_was_taken_already_is_a_conflict() -> None:
    made = p.begun(World())
    with pytest.raises(Conflict, match="in force already"):
        made.packs.install(p.files("2"), p.people(), ANA)
    digest = p.approved(made, p.files("2"))
    with pytest.raises(Conflict, match="approved already, approved by human:bo"):
        made.packs.approve(digest, BO)
    with pytest.raises(Conflict, match="is there, and approved"):
        made.packs.submit(p.files("2"), ANA)
    made.packs.activate(digest, ANA)
    with pytest.raises(Conflict, match="in force already"):
        made.packs.activate(digest, BO)
    with pytest.raises(Refused, match="in force"):
        made.packs.retire(digest, BO)
    with pytest.raises(NotFound, match="no pack"):
        made.packs.activate("sha256:0000000", BO)


def test_roll_back_goes_to_the_pack_before_and_is_reviewed_by_another() -> None:
    world = World()
    made = p.begun(world)
    one = made.packs.overview().state.current
    two, three = (p.approved(made, p.files(name)) for name in "23")
    made.packs.activate(two, BO)
    made.packs.activate(three, BO)
    assert made.packs.roll_back(ANA).digest == two
    assert made.packs.overview().state.review == len(made.packs.history())
    assert made.packs.history()[-1].body["review"] == "open"
    with pytest.raises(Forbidden, match="cannot review"):
        made.packs.review(ANA)
    made.packs.review(BO)
    assert made.packs.overview().state.review == 0
    assert made.packs.roll_back(CI).digest == one
    assert world.engine.deployment.digest == one
    with pytest.raises(Refused, match="no pack to go back to"):
        made.packs.roll_back(ANA)
    made.packs.activate(three, BO)
    made.packs.retire(one, BO)
    with pytest.raises(Refused, match="no pack to go back to"):
        made.packs.roll_back(ANA)
    with pytest.raises(Refused, match="retired"):
        made.packs.activate(one, BO)


def test_a_ramp_is_sticky_grows_and_is_of_the_share_that_was_said() -> None:
    world = World()
    made = p.begun(world)
    first = made.packs.overview().state.current
    digest = p.approved(made, p.files("2"))
    names = [f"c{number}" for number in range(2000)]

    def under() -> set[str]:
        on = world.engine.deployment
        return {name for name in names if on.of(name).digest == digest}

    assert made.packs.activate(digest, BO, 10).stage is Stage.RAMPED
    ten = under()
    assert 150 <= len(ten) <= 250  # 200 ± 13 by chance
    made.packs.activate(digest, BO, 40)
    assert ten < under()
    assert 710 <= len(under()) <= 890
    ours, theirs = min(under()), min(set(names) - under())
    for name in (ours, theirs):
        world.customer("Where is my order?", name)
        world.customer("And when?", name)
    for name, by in ((ours, digest), (theirs, first)):
        assert all(by in one.body["record"] for one in world.entries(name, "decision"))
    with pytest.raises(Conflict, match="for 40 % already"):
        made.packs.activate(digest, BO, 40)
    assert made.packs.roll_back(ANA).digest == first
    assert under() == set()
    assert made.packs.version(digest).stage is Stage.APPROVED
    made.packs.activate(digest, BO, 99)
    made.packs.activate(digest, BO)
    assert under() == set(names)
    with pytest.raises(InputError, match="no share"):
        made.packs.activate(first, BO, 0)


def _queued(world: World) -> None:
    """Everybody is busy when the customer asks."""
    on = world.engine.deployment
    world.engine.deployment = with_people(on, lambda one: replace(one, availability=BUSY))
    world.customer(ASK)


def _fallback(world: World) -> None:
    world.now = NIGHT
    world.customer(ASK)
    for _ in range(40):
        if world.own().status is Status.FALLBACK:
            return
        if world.own().status is Status.PROPOSED:
            world.act(c.Decline, human(world.own().human))
        else:
            world.wait(60_000 * 15)


STATES: dict[Status, Callable[[World], Any]] = {
    Status.QUEUED: _queued,
    Status.PROPOSED: lambda world: world.customer(ASK),
    Status.HELD: lambda world: world.held(),
    Status.DELEGATED: lambda world: world.delegated(),
    Status.FALLBACK: _fallback,
}
MERGED = """  frontline:
    steward: support-lead
    merged_into: front-desk
  out-of-hours:
    steward: support-lead
    merged_into: night-desk
  vip-desk:
    steward"""
RENAMED = (("frontline", "front-desk"), ("out-of-hours", "night-desk"))


@pytest.mark.parametrize("status", STATES, ids=str)
def test_a_pack_without_a_place_for_an_open_case_is_refused_and_merging_gives_one(
    status: Status,
) -> None:
    world = World()
    made = p.begun(world)
    STATES[status](world)
    assert world.own().status is status
    before, first = world.own(), world.engine.deployment.digest
    gone = p.approved(made, p.files("2", *RENAMED))
    with pytest.raises(Refused, match=r"1 unclosed cases .*: `c1` \(") as refused:
        made.packs.activate(gone, BO)
    assert f"keep the queue `{before.queue}`, with `merged_into`" in refused.value.hint
    assert world.engine.deployment.digest == first
    assert world.own() == before
    merged = p.approved(made, p.files("3", *RENAMED, ("  vip-desk:\n    steward", MERGED)))
    made.packs.activate(merged, BO)
    assert world.engine.deployment.digest == merged
    assert world.own().status is not Status.CLOSED
    world.wait(DAY, step=60_000 * 30)
    if world.own().status in {Status.QUEUED, Status.PROPOSED}:
        assert world.own().queue not in {"frontline", "out-of-hours"}
    assert world.own().status is Status.CLOSED or world.deadlines()


@pytest.mark.parametrize("status", STATES, ids=str)
def test_a_roll_back_is_never_refused_and_every_case_stays_owned(status: Status) -> None:
    world = World()
    made = p.begun(world)
    first = made.packs.overview().state.current
    tree = p.people()
    for own in tree["people"].values():
        names = {"frontline": "front-desk", "out-of-hours": "night-desk"}
        own["queues"] = [*own["queues"], *(names[one] for one in own["queues"] if one in names)]
    renamed = p.approved(made, p.files("2", *RENAMED))
    made.roster.set(tree, BO)  # names the queues of a pack that is approved already
    made.packs.activate(renamed, BO)
    STATES[status](world)
    assert world.own().status is status
    made.packs.roll_back(ANA)
    told = made.packs.history()[-1].body
    assert (told["moved"], told["cases"]) == (1, ["c1"])
    assert world.engine.deployment.digest == first
    world.wait(DAY, step=60_000 * 30)
    if world.own().status in {Status.QUEUED, Status.PROPOSED, Status.FALLBACK}:
        assert world.own().queue in world.engine.deployment.queues
    assert world.own().status is Status.CLOSED or world.deadlines()


def test_a_ramp_with_other_workflows_is_refused() -> None:
    world = World()
    made = p.begun(world)
    name = world.engine.deployment.pack.workflows[0].name
    digest = p.approved(
        made, p.files("2", (f"  {name}:\n", "  other:\n"), (f"workflow: {name}", "workflow: other"))
    )
    with pytest.raises(Refused, match=f"the workflow `{name}`, `other`|`other`, `{name}`"):
        made.packs.activate(digest, BO, 10)
    made.packs.activate(digest, BO)


def test_two_engines_on_one_store_see_what_the_other_does() -> None:
    world = World()
    made = p.begun(world)
    other = p.again(world, made)
    assert other.force.engine is not None
    digest = p.approved(made, p.files("2"))
    made.packs.activate(digest, BO)
    assert other.force.refresh()
    assert other.force.engine.deployment.digest == digest
    assert not other.force.refresh()
    other.roster.remove("ana", BO)
    assert made.force.refresh()
    found = world.engine.deployment.roster.person("ana")
    assert found is not None
    assert found.left


def test_of_two_who_activate_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = p.begun(world)
    two, three = (p.approved(made, p.files(name)) for name in "23")
    other = p.again(world, made)
    wanted = other.packs._wanted

    def late(*given: Any) -> Any:
        """When this one has looked what is in force, the other one is quicker."""
        found = wanted(*given)
        made.packs.activate(two, BO)
        return found

    monkeypatch.setattr(other.packs, "_wanted", late)
    with pytest.raises(Conflict, match="`support-chat` 2 was activated meanwhile"):
        other.packs.activate(three, ANA)
    assert made.packs.overview().state.current == two


def test_a_pack_that_extends_another_is_kept_whole(tmp_path: Any) -> None:
    world = World()
    made = p.begun(world)
    base = tmp_path / "base"
    base.mkdir()
    (base / "pack.yaml").write_text(p.files("7")[0][1], "utf-8")
    child = tmp_path / "pack.yaml"
    child.write_text('handrail: 1\nname: team\nversion: "1"\nextends: base/pack.yaml\n', "utf-8")
    expected = loader.load(child).pack
    digest = made.packs.submit(loader.gather(child), ANA).digest
    (base / "pack.yaml").unlink()
    assert made.packs.pack(digest) == expected
    starter = (("team.yaml", 'handrail: 1\nname: s\nversion: "1"\nextends: support-chat\n'),)
    kept = made.packs.stored(made.packs.submit(starter, ANA).digest).sources
    assert [name for name, _ in kept] == ["team.yaml", "support-chat.yaml"]
    assert kept[1][1] == p.text()
    for wrong in ("../../etc/passwd.yaml", "base/pack.yaml"):
        with pytest.raises(PackError, match="is not among the files"):
            made.packs.submit((("team.yaml", starter[0][1].replace("support-chat", wrong)),), ANA)


def test_what_differs_is_told_by_path() -> None:
    made = p.begun(World())
    new = p.files("2", ("  frontline:\n", "  frontline:\n    overflow: vip-desk\n"))
    if "overflow" in p.text().partition("  frontline:\n")[2].partition("  vip-desk")[0]:
        new = p.files("2")
    digest = made.packs.submit(new, ANA).digest
    found = {one.path: (one.before, one.after) for one in made.packs.diff("", digest)}
    assert found["version"] == ('"1.0.0"', '"2"')
    assert all(path.startswith(("version", "queues.frontline")) for path in found)
