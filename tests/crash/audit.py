"""What an auditor sees of a store that is at work: a checkpoint, and `handrail verify`."""

import subprocess
import sys
from pathlib import Path

from crash.place import Setup
from handrail.adapters.sql.book import seal
from handrail.errors import HandrailError
from handrail.prove import Keys, open_witness

_PATIENCE = 300  # seconds


class Auditor:
    """Has the keys of the checkpoints and the witness; `times` is how often it looked."""

    def __init__(self, made: Setup) -> None:
        self._made, self.times = made, 0
        folder = Path(made.folder)
        self._keys = Keys.create(folder / "keys", made.clock())
        self._witness = str(folder / "witness.jsonl")

    def look(self) -> list[str]:
        """Seal what there is and verify all of it in a process of its own; what was wrong."""
        self.times += 1
        store = self._made.store()
        try:
            point = seal(store, self._keys)
        except HandrailError as problem:
            return [f"no checkpoint could be taken: {problem}"]
        finally:
            store.close()
        if point is not None:
            open_witness(self._witness).put("default", point)
        asked = ("verify", self._made.url, "--witness", self._witness)
        done = subprocess.run(
            [sys.executable, "-m", "handrail.cli", *asked, "--key", self._keys.current.id],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode == 0:
            return []
        return [f"`handrail verify` ended with {done.returncode}: {done.stdout}{done.stderr}"]
