"""What the client adds to a turn on an engine of its own process.

    python -m bench.client

The same turns on the same store, by the engine and by the client, in turns.
"""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from bench.durable import ROUNDS, opened, said
from bench.timing import quiet

from handrail.agents.client import Client

TURNS = 200


def main() -> None:
    """Measure, and print it."""
    added, plain = [], []
    with (
        opened(durable=False) as (_, engine),
        tempfile.TemporaryDirectory() as folder,
        Client(engine=engine, spool=Path(folder)) as client,
        quiet(),
    ):
        for each in range(ROUNDS):
            begun = perf_counter_ns()
            for number in range(TURNS):
                name = f"e{each}-{number // 20}"
                engine.turn(name, said(2 * number), id=str(number))
            middle = perf_counter_ns()
            for number in range(TURNS):
                if number % 20 == 0:
                    case = client.case(f"c{each}-{number // 20}")
                case.told(said(2 * number), id=str(number))
            ended = perf_counter_ns()
            plain.append((middle - begun) / TURNS / 1e6)
            added.append((ended - middle) / TURNS / 1e6 - plain[-1])
    print(
        f"a turn by the engine {median(plain):.3f} ms; "
        f"the client adds {median(added):.3f} ms (bar 0.2)"
    )


if __name__ == "__main__":
    main()
