"""Settings: one name each, three places, later over earlier, and errors with their place."""

import re
from pathlib import Path

import pytest

from handrail import config
from handrail.config import LIVE, Settings
from handrail.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "handrail.toml"
    file.write_text(text)
    return file


def test_flags_win_over_variables_and_these_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'port = 1\nhost = "a"\nrate = 5\n')
    said = {"HANDRAIL_PORT": "2", "HANDRAIL_HOST": "b"}
    found = config.load(file, said, {"port": 3, "host": None})
    assert (found.port, found.host, found.rate) == (3, "b", 5)


def test_nothing_said_is_a_store_in_the_data_folder_on_loopback() -> None:
    found = config.load(environment={})
    assert found.host == "127.0.0.1"
    assert found.port == 8177
    assert found.url == f"sqlite:///{found.data}/handrail.db"
    assert not found.shared


def test_the_data_folder_does_not_depend_on_where_the_program_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert config.data_home() == tmp_path / "handrail"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert config.data_home().is_absolute()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# one\n\nprot = 1\n", 3, "no setting `prot`; did you mean `port`?"),
        ('host = "x"\nport = 70000\n', 2, "`port` is wrong"),
        ("[port]\nx = 1\n", 1, "`port` is wrong"),
        ("port = 1\nport = 2\n", 2, "no TOML"),
        ("port = \n", 1, "no TOML"),
        ("a = [\n", 1, "no TOML"),
        ('log_level = "loud"\n', 1, "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(InputError) as found:
        config.load(file, {})
    assert said in str(found.value)
    assert (found.value.file, found.value.line) == (str(file), line)


def test_what_is_wrong_elsewhere_is_told_by_its_name_and_without_its_value() -> None:
    with pytest.raises(InputError, match="variable `HANDRAIL_PORT` is wrong"):
        config.load(environment={"HANDRAIL_PORT": "s3cret"})
    with pytest.raises(InputError, match="`--body-limit` is wrong") as found:
        config.load(environment={}, flags={"body_limit": -4711})
    assert "4711" not in str(found.value)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no settings file"):
        config.load(tmp_path / "none.toml", {})
    with pytest.raises(InputError, match="no settings file"):
        config.load(environment={"HANDRAIL_CONFIG": str(tmp_path / "none.toml")})


def test_secrets_are_not_shown() -> None:
    found = config.load(environment={"HANDRAIL_DATABASE_URL": "postgresql://u:hunter2@h/d"})
    assert found.url.endswith("hunter2@h/d")
    assert found.shared
    assert "hunter2" not in repr(found)
    assert "hunter2" not in found.model_dump_json()


def test_lists_in_the_environment_have_commas() -> None:
    found = config.load(environment={"HANDRAIL_PROXIES": "10.0.0.1, 10.0.0.2"})
    assert found.proxies == ("10.0.0.1", "10.0.0.2")


def test_what_a_cluster_sets_by_itself_is_no_setting() -> None:
    said = {
        "HANDRAIL_PORT": "tcp://10.0.0.1:8177",
        "HANDRAIL_SERVICE_HOST": "10.0.0.1",
        "HANDRAIL_PORT_8177_TCP": "tcp://10.0.0.1:8177",
    }
    assert config.load(environment=said).port == 8177
    assert config.strangers(said) == []
    assert config.strangers({"HANDRAIL_PROT": "1"}) == ["HANDRAIL_PROT"]


def test_what_is_live_changes_and_the_rest_waits() -> None:
    before = Settings()
    after = before.model_copy(update={"rate": 9, "port": 9})
    now, live, later = config.changed(before, after)
    assert (now.rate, now.port) == (9, before.port)
    assert (live, later) == (["rate"], ["port"])


def test_the_reference_lists_every_setting_with_its_default_and_what_it_does() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    rows = {
        found[1]: (found[2], found[3], found[4])
        for found in re.finditer(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    }
    assert list(rows) == list(Settings.model_fields)
    for name, one in Settings.model_fields.items():
        default, live, told = rows[name]
        assert (live == "yes") == (name in LIVE)
        assert told == (one.description or "").removesuffix(" Live.")
        if name != "data":
            assert default == config.shown(one.default)
