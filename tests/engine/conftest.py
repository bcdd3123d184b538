"""Every test of the engine runs on every store."""

from collections.abc import Iterator

import pytest

from engine import world
from stores import KINDS


@pytest.fixture(params=KINDS, autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    kind: str = request.param
    token = world.STORE.set(kind)
    yield kind
    world.STORE.reset(token)
