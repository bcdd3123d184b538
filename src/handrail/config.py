"""The settings of a service: each has one name, one type and one default, and they stand here only.

A setting `body_limit` is `body_limit = …` in `handrail.toml`, `HANDRAIL_BODY_LIMIT` in the
environment and `--body-limit` on the command line. The later of these wins over the earlier.
"""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from handrail.errors import InputError

FILE = "handrail.toml"
PREFIX = "HANDRAIL_"
_OTHERS = frozenset({"CONFIG", "URL", "KEY", "SEEDS", "SHARED_DATA", "TEST_POSTGRES"})
"""Variables of the same prefix that say something else."""


def data_home() -> Path:
    """The folder of who names none, the same wherever the program is started."""
    base = os.environ.get("XDG_DATA_HOME", "")
    if base and Path(base).is_absolute():
        return Path(base) / "handrail"
    try:
        return Path.home() / ".local" / "share" / "handrail"
    except RuntimeError:
        raise InputError("there is no home folder for the data", hint="give --data") from None


class Settings(BaseModel):
    """What a service may be told. Times are seconds, sizes are bytes, unless a line says more.

    What is marked as live takes effect on SIGHUP; the rest when the service starts again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Where it listens; `0.0.0.0` is everywhere.")
    port: int = Field(8177, ge=0, le=65535, description="The port; 0 is any that is free.")
    data: Path = Field(default_factory=data_home, description="The folder of the SQLite store.")
    database_url: SecretStr = Field(
        SecretStr(""), description="`postgresql://…`, for many processes; empty: SQLite in `data`."
    )
    durable: bool = Field(True, description="SQLite waits for the disk at each commit.")
    pool: int = Field(10, ge=2, le=200, description="Connections to the database, at the most.")
    pack: str = Field("support-chat", description="The pack that a new workspace begins with.")
    roster: str = Field("", description="Its roster; empty: that of the starter pack.")
    carriers: int = Field(4, ge=1, le=64, description="Deliveries at the same time.")
    threads: int = Field(40, ge=4, le=400, description="Requests that are worked on at once.")
    stop_within: float = Field(3.0, ge=0.5, le=600, description="Time for a clean stop.")
    proxies: tuple[str, ...] = Field(
        (), description="Addresses of proxies whose `X-Forwarded-*` headers are believed."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important line that is written. Live."
    )
    body_limit: int = Field(
        1_048_576, ge=16_384, le=67_108_864, description="The longest body of a request. Live."
    )
    text_limit: int = Field(
        100_000, ge=1_000, description="Characters of a turn; what is longer is cut. Live."
    )
    rate: int = Field(
        0, ge=0, description="Requests a minute for each key; 0: as many as it likes. Live."
    )
    heartbeat: float = Field(15.0, ge=0.1, le=120, description="Between signs of life. Live.")
    stream_buffer: int = Field(
        1_000, ge=10, le=100_000, description="Events that wait for a slow reader. Live."
    )
    stream_patience: float = Field(
        10.0, ge=0.1, le=600, description="How long a reader may take none. Live."
    )
    streams: int = Field(2_000, ge=1, description="Open streams of a process. Live.")

    signing_keys: Path | None = Field(
        None, description="The file of the keys that sign checkpoints."
    )
    witness: str = Field("", description="Where checkpoints are kept outside: a file or a URL.")
    checkpoint_every: int = Field(300, ge=10, description="Between two checkpoints.")

    session_hours: int = Field(12, ge=1, le=720, description="How long a sign-in lasts, in hours.")
    secure_cookies: bool = Field(True, description="Cookies over HTTPS only, except on loopback.")
    oidc_issuer: str = Field("", description="The OpenID provider that people sign in with.")
    oidc_client_id: str = Field("", description="What the provider knows this service by.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret of that client.")
    public_url: str = Field("", description="Where people and providers reach this service.")
    private_hooks: tuple[str, ...] = Field(
        (), description="Private ranges that webhooks may go to, as `10.1.0.0/16`."
    )

    otel: bool = Field(False, description="Spans by OpenTelemetry, to where OTEL_* says.")

    @field_validator("proxies", "private_hooks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """The environment has no lists: there, commas stand between."""
        if isinstance(value, str):
            return tuple(one.strip() for one in value.split(",") if one.strip())
        return value

    @field_validator("private_hooks")
    @classmethod
    def _ranges(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise ValueError("each is a range of addresses, as 10.1.0.0/16") from None
        return value

    @property
    def url(self) -> str:
        """The address of the store."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{self.data / 'handrail.db'}"

    @property
    def shared(self) -> bool:
        """Whether other processes work on the same store."""
        return not self.url.startswith("sqlite")


LIVE = frozenset(
    name for name, one in Settings.model_fields.items() if (one.description or "").endswith("Live.")
)
"""What may change while the service runs."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of a file, the environment and flags, each over the one before.

    `file` None: HANDRAIL_CONFIG, or `handrail.toml` here if there is one. InputError with the file,
    the line and the key of the first thing that is wrong, and how many more there are.
    """
    said = os.environ if environment is None else environment
    named = file or (Path(said[f"{PREFIX}CONFIG"]) if said.get(f"{PREFIX}CONFIG") else None)
    path = named or Path(FILE)
    text = _read(path, needed=named is not None)
    given = _toml(path, text)
    _no_strangers(given, path, text)
    from_file = dict(given)
    variables = {
        name: value
        for name in Settings.model_fields
        if (value := said.get(PREFIX + name.upper(), "")) and not _of_a_cluster(name, value)
    }
    told = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return Settings.model_validate({**from_file, **variables, **told})
    except ValidationError as problem:
        raise _clear(problem, path, text, variables, told) from None


def strangers(environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables that look like settings and are none: told when a service starts, not refused,
    because clusters set some by themselves (HANDRAIL_SERVICE_HOST).
    """
    said = os.environ if environment is None else environment
    known = {name.upper() for name in Settings.model_fields} | _OTHERS
    return sorted(
        name
        for name in said
        if name.startswith(PREFIX)
        and name.removeprefix(PREFIX) not in known
        and not name.startswith((f"{PREFIX}SERVICE_", f"{PREFIX}PORT_"))
    )


def changed(before: Settings, after: Settings) -> tuple[Settings, list[str], list[str]]:
    """What holds from now on: `before` with what is live of `after`; the names of what that
    changed, and of what waits until the service starts again.
    """
    names = [n for n in Settings.model_fields if getattr(before, n) != getattr(after, n)]
    live = [name for name in names if name in LIVE]
    update = {name: getattr(after, name) for name in live}
    return before.model_copy(update=update), live, [name for name in names if name not in LIVE]


def _of_a_cluster(name: str, value: str) -> bool:
    """Kubernetes sets HANDRAIL_PORT=tcp://… where a service is called `handrail`."""
    return name == "port" and "://" in value


def _read(path: Path, *, needed: bool) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        if needed:
            raise InputError(f"there is no settings file `{path}`") from None
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        said = getattr(problem, "strerror", "") or "it is not UTF-8"
        raise InputError(f"cannot read the settings file: {said}", file=str(path)) from None


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        message, _, place = str(problem).rpartition("(at line ")
        line = int(place.split(",")[0]) if place[:1].isdigit() else len(text.splitlines())
        said = (message.strip() or str(problem)).lower()
        raise InputError(f"this is no TOML: {said}", file=str(path), line=line) from None


def _no_strangers(given: Mapping[str, Any], path: Path, text: str) -> None:
    for name in given:
        if name not in Settings.model_fields:
            near = difflib.get_close_matches(name, Settings.model_fields, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`handrail serve --help` lists all"
            raise InputError(
                f"there is no setting `{name}`", hint=hint, file=str(path), line=_line(text, name)
            )


def _line(text: str, name: str) -> int:
    """The line of a key of the top level."""
    for number, line in enumerate(text.splitlines(), 1):
        key = line.partition("=")[0].strip(" \t[]\"'")
        if key == name:
            return number
    return 0


def _clear(
    problem: ValidationError,
    path: Path,
    text: str,
    variables: Mapping[str, str],
    told: Mapping[str, Any],
) -> InputError:
    """The first thing that is wrong, where it was said, without its value: it may be a secret."""
    found = problem.errors(include_url=False, include_input=False)
    name = str(found[0]["loc"][0])
    said = found[0]["msg"].replace("Input should be", "it should be").lower()
    more = f" ({len(found) - 1} more settings are wrong)" if len(found) > 1 else ""
    if name in told:
        return InputError(f"`--{name.replace('_', '-')}` is wrong: {said}{more}")
    if name in variables:
        return InputError(f"the variable `{PREFIX}{name.upper()}` is wrong: {said}{more}")
    return InputError(f"`{name}` is wrong: {said}{more}", file=str(path), line=_line(text, name))


def shown(default: Any) -> str:
    """A default as people read it."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default in {None, "", ()}:
        return "none"
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`"
