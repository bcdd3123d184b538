"""Witnesses: what is put there can be read back, and what is not certain is an error."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from handrail.core import ledger
from handrail.core.ledger import lines
from handrail.errors import AdapterError, InputError
from handrail.prove import FileWitness, HttpWitness, open_witness, right
from prove.ledgers import WORKSPACE, small, small_book

POINTS = list(small_book().checkpoints())
KEPT = [lines.witnessed(WORKSPACE, one) for one in POINTS]


def test_a_file_gets_one_line_a_checkpoint_and_gives_them_back(tmp_path: Path) -> None:
    path = tmp_path / "witness.jsonl"
    for one in POINTS:
        FileWitness(path).put(WORKSPACE, one)
    assert list(FileWitness(path).lines()) == KEPT
    FileWitness(path).put(WORKSPACE, POINTS[1])
    assert path.read_bytes() == b"".join([*KEPT, KEPT[1]])


def test_a_line_that_was_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "witness.jsonl"
    path.write_bytes(KEPT[0] + KEPT[1][:20])
    FileWitness(path).put(WORKSPACE, POINTS[1])
    assert path.read_bytes() == KEPT[0] + KEPT[1][:20] + b"\n" + KEPT[1]
    report = ledger.verify(small(), right)
    ledger.anchor(report, FileWitness(path).lines(), right)
    assert report.anchored == 2
    assert [str(one) for one in report.findings] == [
        "line 2 of the witness is broken: not JSON in UTF-8"
    ]


def test_a_file_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="cannot write to the witness"):
        FileWitness(tmp_path / "no" / "witness").put(WORKSPACE, POINTS[0])
    with pytest.raises(InputError, match="cannot read the witness"):
        list(FileWitness(tmp_path / "none").lines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(AdapterError, match="No space left"):
        FileWitness(Path("/dev/full")).put(WORKSPACE, POINTS[0])


class Service(HTTPServer):
    """A witness as others would write it. `code` is what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.code, self.kept, self.asked = 200, list[bytes](), list[dict[str, str]]()
        self.url = f"http://127.0.0.1:{self.server_port}/checkpoints"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.code == 200:
            self.server.kept.append(body)
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(b"".join(self.server.kept))

    def _answer(self, body: bytes) -> None:
        self.server.asked.append(dict(self.headers))
        self.send_response(self.server.code)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_a_service_gets_each_line_posted_and_gives_all_of_them_back(service: Service) -> None:
    witness = HttpWitness(service.url, headers={"Authorization": "Bearer x"}, timeout=5)
    for one in POINTS:
        witness.put(WORKSPACE, one)
    assert service.kept == KEPT
    assert list(witness.lines()) == KEPT
    assert {one["Content-Type"] for one in service.asked} == {"application/x-ndjson"}
    assert {one["Authorization"] for one in service.asked} == {"Bearer x"}


@pytest.mark.parametrize("code", [302, 307, 404, 500])
def test_a_service_that_does_not_keep_it_is_an_error(service: Service, code: int) -> None:
    service.code = code
    with pytest.raises(AdapterError, match=f"answered {code}"):
        HttpWitness(service.url, timeout=5).put(WORKSPACE, POINTS[0])
    with pytest.raises(AdapterError, match=f"answered {code}"):
        list(HttpWitness(service.url, timeout=5).lines())


def test_a_service_that_is_not_there_or_does_not_answer_is_an_error() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(AdapterError, match="cannot be reached"):
            HttpWitness(url, timeout=5).put(WORKSPACE, POINTS[0])
        taken.listen()
        with pytest.raises(AdapterError, match="cannot be reached: timed out"):
            HttpWitness(url, timeout=0.2).put(WORKSPACE, POINTS[0])


def test_an_address_says_which_kind_of_witness_it_is(tmp_path: Path) -> None:
    assert isinstance(open_witness("https://witness.example/x"), HttpWitness)
    found = open_witness(str(tmp_path / "w"))
    assert isinstance(found, FileWitness)
    assert found.path == tmp_path / "w"
    for bad in ("ftp://x", "file:///etc/passwd"):
        with pytest.raises(InputError, match="no witness of kind"):
            open_witness(bad)
        with pytest.raises(InputError, match="not at an address"):
            HttpWitness(bad)
