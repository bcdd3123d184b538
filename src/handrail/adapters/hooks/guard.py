"""Where a webhook may go: an address of the public internet, or of a range that was allowed.

Whoever may name an endpoint names what this service connects to, from within its own network. So a
name is resolved once, each address that it has is looked at, and the connection goes to the address
that was looked at: what the name says a moment later does not matter.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from handrail.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name, for a port. OSError when it has none."""

LONGEST = 2_000
_LOOK_UP = 5.0  # seconds
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # what stands for an address of IPv4 is not in it,
_NOT_PUBLIC = (
    tuple(  # but for the first two; lists of our own, as those of Python differ by version
        ipaddress.ip_network(one)
        for one in (
            *("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20"),
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        )
    )
)


class Barred(Exception):
    """A webhook may not go there, or nobody knows where that is. `args[0]` is a word for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The parts of the address of an endpoint."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the receiver is told that it was called."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """The parts of an address that people give. InputError for one that is none, or has what must
    not be there. It is read here only, so that nobody else reads it differently.
    """
    if len(url) > LONGEST or not re.fullmatch(r"[!-\[\]-~]+", url):
        raise InputError(
            f"the address is no URL of at most {LONGEST:,} plain characters",
            hint="write what is not ASCII as it goes over the wire: punycode, %-escapes",
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("the address is no URL", hint="write https://host/path") from None
    if parts.scheme not in _PORTS:
        raise InputError("the address is no HTTPS URL", hint="write https://host/path")
    if "@" in parts.netloc:
        raise InputError(
            "the address has a name or a password in it",
            hint="leave them out: the receiver knows us by the signature",
        )
    if "#" in url:
        raise InputError("the address has a fragment", hint="leave out `#` and what follows")
    if port == 0 or not (_is_address(host) or _HOST.fullmatch(host)):
        raise InputError("the address names no host that can be", hint="write https://host/path")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=path)


def check(url: str, allowed: Sequence[Network]) -> None:
    """InputError for an address that no webhook could ever go to, as far as it can be told before
    its name is resolved.
    """
    to = target(url)
    if to.scheme == "http" and not allowed:
        raise InputError(
            "the address is not HTTPS",
            hint="only what goes to a range of `private_hooks` may go in the clear",
        )
    if _is_address(to.host):
        try:
            addresses(to, allowed, lambda host, _: [host])
        except Barred:
            raise InputError(
                f"webhooks may not go to the address `{to.host}`",
                hint="allow its range in the setting `private_hooks`, if it is yours",
            ) from None


def networks(ranges: Sequence[str]) -> tuple[Network, ...]:
    """The ranges that a setting names. InputError for what is none."""
    try:
        return tuple(ipaddress.ip_network(one) for one in ranges)
    except ValueError as problem:
        raise InputError(f"`private_hooks` has what is no range: {problem}") from None


def public(address: Address) -> bool:
    """Whether that is an address of the public internet, and stands for no other."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return not any(address in one for one in _NOT_PUBLIC)


def addresses(to: Target, allowed: Sequence[Network], resolve: Resolve) -> list[str]:
    """The addresses that a webhook may go to, in the order in which to try them. Barred when there
    are none. In the clear it goes within allowed ranges only.
    """
    try:
        found = resolve(to.host, to.port)
    except (OSError, UnicodeError):
        raise Barred("unresolved") from None
    known = [ipaddress.ip_address(one.partition("%")[0]) for one in dict.fromkeys(found)]
    inside = [any(one in net for net in allowed if net.version == one.version) for one in known]
    fine = [
        str(one)
        for one, within in zip(known, inside, strict=True)
        if within or (public(one) and to.scheme == "https")
    ]
    if not fine:
        in_the_clear = to.scheme == "http" and any(map(public, known))
        raise Barred("http_refused" if in_the_clear else "address_refused")
    return fine


def look_up(host: str, port: int) -> list[str]:
    """Ask the system, for a few seconds: a server of names that hangs must not hold us up."""
    found: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([str(row[4][0]) for row in rows])
        except Exception as problem:  # noqa: BLE001  # it is raised where it is waited for
            found.put(problem)

    threading.Thread(target=ask, name="handrail-names", daemon=True).start()
    try:
        said = found.get(timeout=_LOOK_UP)
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(said, Exception):
        raise said
    return said


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host
