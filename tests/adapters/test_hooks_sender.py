"""A webhook goes where it may and nowhere else, and nothing that a receiver does holds us up."""

import datetime as dt
import ipaddress
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.hooking import LOOPBACK, Receiver, receiver
from handrail.adapters.hooks import guard, sender
from handrail.adapters.hooks.guard import Barred, Target, networks
from handrail.adapters.hooks.sender import Answer, Sender
from handrail.errors import InputError

INSIDE = networks(LOOPBACK)
BODY = b'{"a":1}'
Send = Callable[..., Answer]


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def names(*found: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A server of names that answers so, one after the other."""
    answers = iter(found)
    return lambda _host, _port: next(answers)


def send(url: str, **more: object) -> Answer:
    return Sender(INSIDE, **more).send(url, {"webhook-id": "msg_1"}, BODY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.3", "0.0.0.0", "10.0.0.1", "172.16.9.9", "192.168.1.1"),  # noqa: S104
        *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:7f00:1"),
        *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1"),
        *("100::1", "fe80::1%eth0"),
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Barred, match="address_refused"):
        guard.addresses(guard.target("https://a.example"), (), names([address]))
    assert Sender(resolve=names([address])).send("https://a.example", {}, BODY) == Answer(
        error="address_refused"
    )


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "1.1.1.1"])
def test_what_is_public_is_not(address: str) -> None:
    found = guard.addresses(guard.target("https://a.example"), (), names([address]))
    assert found == [address]


def test_a_range_that_is_allowed_opens_that_range_only() -> None:
    to = guard.target("https://a.example")
    allowed = networks(["10.1.0.0/16", "fd00::/8"])
    for address in ("10.1.2.3", "fd00::7"):
        assert guard.addresses(to, allowed, names([address])) == [address]
    for address in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::a01:203"):
        with pytest.raises(Barred):
            guard.addresses(to, allowed, names([address]))


def test_of_several_addresses_only_those_that_may_be_are_called(there: Receiver) -> None:
    url = f"http://several.example:{there.port}/"
    found = send(url, resolve=names(["10.0.0.5", "169.254.169.254", "127.0.0.1", "127.0.0.1"]))
    assert found == Answer(http=204)
    assert len(there.got) == 1


def test_in_the_clear_nothing_leaves_the_ranges_that_are_allowed() -> None:
    assert send("http://a.example/", resolve=names(["93.184.216.34"])).error == "http_refused"


def test_a_name_that_says_something_else_the_second_time_changes_nothing(
    there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with socket.socket() as trap:
        trap.bind(("127.0.0.2", there.port))
        trap.listen()
        trap.settimeout(0.2)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://rebind.example:{there.port}/x?y=1"
        only = Sender(networks(["127.0.0.1/32"]))
        assert only.send(url, {}, BODY) == Answer(http=204)
        with pytest.raises(TimeoutError):
            trap.accept()
        assert asked == ["rebind.example"]
        assert only.send(url, {}, BODY) == Answer(error="address_refused")
    assert [got.path for got in there.got] == ["/x?y=1"]
    assert there.got[0].headers["host"] == f"rebind.example:{there.port}"


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "127.0.0.1"]
)
def test_other_ways_to_write_this_machine_are_no_way_around(there: Receiver, host: str) -> None:
    found = Sender().send(f"https://{host}:{there.port}/", {}, BODY)
    assert found.error in {"address_refused", "unresolved"}
    assert there.got == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(there: Receiver, status: int) -> None:
    with receiver() as inside:
        there.status, there.headers = status, {"location": inside.url}
        found = send(there.url)
        assert (found.http, found.error) == (status, f"http_{status}")
        assert inside.got == []


def test_proxies_of_the_environment_are_not_used(
    there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(there.url) == Answer(http=204)
        assert (len(there.got), proxy.got) == (1, [])


def test_a_server_of_names_that_hangs_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_LOOK_UP", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.6) or [])
    begun = time.monotonic()
    assert Sender().send("https://hangs.example", {}, BODY) == Answer(error="unresolved")
    assert time.monotonic() - begun < 0.5
    time.sleep(0.6)


def quiet(handler: BaseHTTPRequestHandler) -> bool:
    time.sleep(1.0)
    handler.close_connection = True
    return True


def drip_headers(handler: BaseHTTPRequestHandler) -> bool:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(60):
        handler.wfile.write(b"a")
        time.sleep(0.03)
    return True


def drip_body(handler: BaseHTTPRequestHandler) -> bool:
    handler.wfile.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\nso it began ")
    for _ in range(60):
        handler.wfile.write(b"a")
        time.sleep(0.03)
    return True


def endless(handler: BaseHTTPRequestHandler) -> bool:
    handler.wfile.write(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100_000):
        handler.wfile.write(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")
    return True


def long_header(handler: BaseHTTPRequestHandler) -> bool:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(1_000):
        handler.wfile.write(b"a" * 0x10000)
    return True


def reset(handler: BaseHTTPRequestHandler) -> bool:
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def noise(handler: BaseHTTPRequestHandler) -> bool:
    handler.wfile.write(b"\x00\xff\xfenothing like HTTP\r\n\r\n")
    return True


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (quiet, "timeout"),
        (drip_headers, "timeout"),
        (drip_body, "http_500"),
        (endless, "http_500"),
        (long_header, "broken_off"),
        (reset, "broken_off"),
        (noise, "broken_off"),
    ],
)
def test_whatever_a_receiver_does_is_bounded(
    there: Receiver,
    act: Callable[[BaseHTTPRequestHandler], bool],
    error: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "_SAY", 0.2)
    there.act = act
    begun = time.monotonic()
    found = send(there.url, total=0.5)
    assert found.error == error
    assert time.monotonic() - begun < 0.9
    assert len(found.said) <= 200


def test_a_compressed_answer_is_not_unpacked(there: Receiver) -> None:
    there.status, there.headers, there.body = 500, {"content-encoding": "gzip"}, b"\x1f\x8b bomb"
    assert "bomb" in send(there.url).said
    assert there.got[0].headers["accept-encoding"] == "identity"


def test_nobody_there_is_told_in_a_word() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        assert send(f"http://127.0.0.1:{port}/") == Answer(error="unreachable")
    assert send("https://none.invalid/").error == "unresolved"
    assert send("nonsense").error == "InputError"


def test_an_address_that_does_not_answer_leaves_the_next_one_its_turn(there: Receiver) -> None:
    url = f"http://several.example:{there.port}/"
    assert send(url, resolve=names(["127.0.0.9", "127.0.0.1"])) == Answer(http=204)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate of `hooks.example.test` with its key, and who believes in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("hooks.example.test"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.3")),
                ]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path, ssl.create_default_context(cafile=str(path))


def test_the_certificate_must_be_that_of_the_name_though_the_address_is_called(
    trusted: tuple[Path, ssl.SSLContext],
) -> None:
    path, believes = trusted
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    seen: list[str | None] = []
    context.sni_callback = lambda _, name, __: seen.append(name)
    with receiver(context=context) as there:

        def to(host: str, verify: ssl.SSLContext | None = believes) -> Answer:
            url = f"https://{host}:{there.port}/"
            return send(url, resolve=names(["127.0.0.1"]), verify=verify)

        assert to("hooks.example.test") == Answer(http=204)
        assert seen == ["hooks.example.test"]
        assert there.got[0].headers["host"] == f"hooks.example.test:{there.port}"
        assert to("127.0.0.3") == Answer(http=204)
        assert to("other.example.test").error == "tls"
        assert to("127.0.0.1").error == "tls"
        assert to("hooks.example.test", None).error == "tls"  # nobody else believes in it
        assert len(there.got) == 2


def test_a_receiver_without_tls_gets_nothing_where_tls_was_promised(there: Receiver) -> None:
    found = send(f"https://127.0.0.1:{there.port}/")
    assert found.error == "tls"
    assert there.got == []


def test_the_parts_of_an_address_are_those_that_are_sent() -> None:
    found = guard.target("https://Hooks.Example.com:8443/a%20b/../c?x=1&y=//z")
    assert found == Target(
        scheme="https", host="hooks.example.com", port=8443, path="/a%20b/../c?x=1&y=//z"
    )
    assert found.authority == "hooks.example.com:8443"
    assert guard.target("https://example.com?x").path == "/?x"
    assert guard.target("https://[2606:2800::1]/").authority == "[2606:2800::1]"


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(InputError, match=r"install `handrail\[server\]`"):
        send("https://a.example/")
