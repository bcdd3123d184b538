"""What every test may use. Hypothesis: 100 examples at the desk, in CI as many, always the same,
1,000 in the long profile.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from handrail.adapters.sql import SqlStore

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("dev", max_examples=100, deadline=None)
for name, examples in (("ci", 100), ("long", 1000)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],  # a shared machine may be slow; not a fault
    )
settings.register_profile(  # many mutants: few examples each, always the same, not made smaller
    "mutation",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded conversations, which is not part of the repository."""
    named = os.environ.get("HANDRAIL_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no recorded conversations: name their folder in HANDRAIL_SHARED_DATA")
    return folder


@pytest.fixture(autouse=True)
def _every_store_is_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test opens is closed when it ends, however it ends: what is not would be told as
    a warning in the middle of another test.
    """
    opened: list[SqlStore] = []
    begin = SqlStore.__init__

    def init(self: SqlStore, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        opened.append(self)

    monkeypatch.setattr(SqlStore, "__init__", init)
    yield
    for store in opened:
        store.close()
