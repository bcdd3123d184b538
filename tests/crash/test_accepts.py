"""Law 13 with real processes: of 200 who accept at once one wins, the others are told who."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import postgres
from crash import place, rig
from handrail.core.model import Role, Turn
from handrail.core.ownership import Status
from handrail.engine import Engine

PROCESSES, PEOPLE, CASES = 4, 50, 2


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_of_200_who_accept_at_once_one_wins_and_the_rest_are_told_who(store: str) -> None:
    url = "" if store == "sqlite" else postgres.fresh_database(postgres.server_or_skip())
    with rig.stage(url, cases=CASES) as made:
        engine = Engine(made.store(), place.deployment(people=False))
        for case in made.names():
            turn = Turn(role=Role.CUSTOMER, text="I want to talk to a human.")
            assert engine.turn(case, turn, id="ask").status is Status.QUEUED
        told = _rush(Path(made.folder))
        assert [line for line in told if "error" in line] == []
        by_case: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in told:
            by_case[line["case"]].append(line)
        assert sorted(by_case) == made.names()
        for case, lines in by_case.items():
            assert len({line["who"] for line in lines}) == PROCESSES * PEOPLE
            winners = [line["who"] for line in lines if not line["why"]]
            assert len(winners) == 1, winners
            assert {line["why"] for line in lines if line["why"]} == {"already_held"}
            assert {line["told"] for line in lines if line["why"]} == set(winners)
            with engine.store.unit() as unit:
                entries = [one for one in unit.entries(case) if one.name == "accept"]
            assert [one.actor for one in entries] == [f"human:{winners[0]}"]
            assert engine.case(case).ownership.human == winners[0]
    if url:
        postgres.drop_database(url)


def _rush(folder: Path) -> list[dict[str, Any]]:
    running = [rig.spawn(folder, "accepts", folder, number, PEOPLE) for number in range(PROCESSES)]
    journals = [folder / f"accepts.{number}.journal" for number in range(PROCESSES)]
    try:
        rig.wait(lambda: all(one.exists() and one.stat().st_size for one in journals), "processes")
        (folder / "go").touch()
        assert [one.wait(120) for one in running] == [0] * PROCESSES
    finally:
        for one in running:
            one.kill()
            one.wait()
    return [line for one in journals for line in place.records(one) if "case" in line]
