"""PostgreSQL goes away under load, and comes back: clear errors, then everything goes on."""

import time
from pathlib import Path

import pytest

import postgres
from crash import rig

TIMES = 2
PAUSE = 2.0  # seconds without a server


def test_workers_recover_by_themselves_when_the_server_was_restarted() -> None:
    if not postgres.programs():
        pytest.skip(postgres.MISSING)
    server = postgres.own()
    figures = rig.Figures(store="postgresql", seed=5)
    try:
        with rig.stage(postgres.fresh_database(server.url), cases=60) as made:
            folder = Path(made.folder)
            workers = [rig.Process(folder, number, 5) for number in range(3)]
            try:
                rig.wait(lambda: all(one.answered() > 5 for one in workers), "the workers")
                for _ in range(TIMES):
                    server.restart("immediate", pause=PAUSE)
                    before = [one.answered() for one in workers]
                    rig.wait(
                        lambda before=before: all(
                            one.answered() > count + 3
                            for one, count in zip(workers, before, strict=True)
                        ),
                        "the workers after the restart",
                        seconds=20,
                    )
                time.sleep(1)
                assert [one.running.poll() for one in workers] == [None] * 3, "nobody gave up"
                rig._finish(folder, workers, figures)
            finally:
                for one in workers:
                    one.kill()
            rig.judge(made, [], figures)
    finally:
        server.leave()
    assert figures.wrong == []
    assert figures.acknowledged > 30
    assert figures.errors, "the server was away, and nobody noticed"
    for told in figures.errors:
        assert told.startswith("Unavailable: the database cannot be reached"), told
        assert "safe to repeat" in told
