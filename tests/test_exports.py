"""The public interface: exactly these names, each there, and nothing paid for at import."""

import subprocess
import sys
from importlib.resources import files
from types import ModuleType

import pytest

import handrail

PUBLIC = [
    "Attributes",
    "CaseState",
    "Context",
    "Decision",
    "Event",
    "Fault",
    "HandrailError",
    "Outcome",
    "Reason",
    "Role",
    "Rules",
    "Signals",
    "Trigger",
    "Turn",
    "decide",
    "flip",
    "observe",
    "start",
]
IMPORT_CPU_SECONDS = 0.1


def measured(code: str) -> str:
    """What a new interpreter prints that runs this code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_names_are_these() -> None:
    assert handrail.__all__ == PUBLIC
    assert dir(handrail) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name: str) -> None:
    value = getattr(handrail, name)
    assert not isinstance(value, ModuleType)
    assert value.__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="`nothing`"):
        _ = handrail.nothing


def test_import_costs_next_to_nothing() -> None:
    code = (
        "import time; begun = time.process_time(); import handrail; "
        "print(time.process_time() - begun)"
    )
    assert min(float(measured(code)) for _ in range(3)) <= IMPORT_CPU_SECONDS


def test_import_loads_no_other_package() -> None:
    code = (
        "import sys; import handrail; "
        "print(*sorted({'pydantic', 'typer', 'rich', 'orjson', 'ruamel', 're2', 'cel', 'numpy'}"
        " & set(sys.modules)))"
    )
    assert measured(code) == ""


def test_the_core_loads_no_other_package() -> None:
    code = (
        "import sys; from handrail import decide, flip, observe; "
        "foreign = {name.split('.')[0] for name, module in sys.modules.items()"
        " if 'site-packages' in (getattr(module, '__file__', None) or '')}; "
        "print('pydantic' in foreign, 'orjson' in foreign, 're2' in foreign)"
    )
    assert measured(code) == "False False False"


def test_the_package_is_marked_as_typed() -> None:
    assert files("handrail").joinpath("py.typed").is_file()
