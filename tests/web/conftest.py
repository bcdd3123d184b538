from collections.abc import Iterator
from pathlib import Path

import pytest

from web.house import House, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path / "data") as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that all tests of a module share."""
    with opened(tmp_path_factory.mktemp("house") / "data") as made:
        yield made
