"""Servers that die, or are upgraded, under load behind a proxy.

`python -m tests.fleet --seconds 300` kills one each ten seconds. `--upgrade` replaces them one by
one by a rehearsal of the next version; with `--source OLD/src`, those of an old one by this one.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fleet import rig, upgrade  # the folder of the tests must be known first


def main() -> int:
    """Run the fleet as asked; 1 when anything was wrong."""
    asked = argparse.ArgumentParser(prog="python -m tests.fleet", description=__doc__)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--every", type=float, default=10, help="seconds between two kills")
    asked.add_argument("--servers", type=int, default=3)
    asked.add_argument("--agents", type=int, default=6)
    asked.add_argument("--proxy", choices=("auto", "nginx", "own"), default="auto")
    asked.add_argument("--seed", default="1")
    asked.add_argument("--upgrade", action="store_true", help="replace the servers, kill none")
    asked.add_argument("--source", default="", help="the `src` folder of another version")
    given = asked.parse_args()
    common = {
        "servers": given.servers,
        "agents": given.agents,
        "seed": given.seed,
        "kind": given.proxy,
    }
    if given.upgrade:
        figures = upgrade.rolls(old=given.source, **common)
    else:
        figures = rig.kills(seconds=given.seconds, every=given.every, source=given.source, **common)
    sys.stdout.write(json.dumps(asdict(figures), indent=2) + "\n")
    return int(bool(figures.wrong))


if __name__ == "__main__":
    sys.exit(main())
