"""Kill -9 under load, many times, with the figures: `python -m tests.crash --kills 100`."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from crash import rig  # the folder of the tests must be known first

LIMIT = 10_000  # milliseconds until the work of a dead process is taken over


def main() -> int:
    """Run the rig as asked; 1 when anything was wrong."""
    asked = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    asked.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="both")
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--cases", type=int, default=200)
    given = asked.parse_args()
    stores = ("sqlite", "postgresql") if given.store == "both" else (given.store,)
    failed = False
    for store in stores:
        figures = rig.run(store, kills=given.kills, seed=given.seed, cases=given.cases)
        slow = [
            one
            for one in figures.effects_after + figures.clocks_after + figures.jobs_after
            if one > LIMIT
        ]
        if slow:
            figures.wrong.append(f"taken over only after {max(slow)} ms, {len(slow)} times")
        failed = failed or bool(figures.wrong)
        sys.stdout.write(json.dumps(figures.told(), indent=2) + "\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
