"""One process of a rush: many people accept the same cases at the same instant.

    python -m crash.accepts FOLDER NUMBER PEOPLE

It waits for a file `go`, then every person is a thread. What each was told goes to its journal.
"""

import sys
import threading
import time
from pathlib import Path

from crash import place
from crash.worker import Journal
from handrail.core.ownership import Accept, Actor, Party
from handrail.engine import Engine


def rush(folder: str, number: str, people: str) -> None:
    """Accept every case once for each person of this process."""
    setup = place.setup(folder)
    store, names = setup.store(), [f"p{number}.{n}" for n in range(int(people))]
    engine = Engine(store, place.deployment(people=False, crowd=names))
    journal = Journal(Path(folder), f"accepts.{number}")
    journal.write(ready=number)
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    for case in setup.names():
        gate = threading.Barrier(len(names))

        def accept(who: str, case: str = case, gate: threading.Barrier = gate) -> None:
            gate.wait()
            cmd = Accept(at=0, by=Actor(kind=Party.HUMAN, id=who))
            try:
                reply = engine.act(case, cmd, id=f"{case} {who}")
            except Exception as problem:  # noqa: BLE001  # the test wants to see what it was
                journal.write(case=case, who=who, error=f"{type(problem).__name__}: {problem}")
                return
            told = getattr(reply.refused, "who", "")
            journal.write(case=case, who=who, why=reply.why, told=told)

        threads = [threading.Thread(target=accept, args=(who,)) for who in names]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    store.close()


if __name__ == "__main__":
    rush(*sys.argv[1:])
