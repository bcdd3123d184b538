"""Webhooks of real processes, one of which is killed while it sends."""

import signal
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from adapters.hooking import BY, LOOPBACK, receiver
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.hooks import Hooks
from postgres import drop_database, fresh_database, server_or_skip
from web.rig import Process, until

QUICK = """
import sys
sys.path.insert(0, {tests!r})
from handrail.adapters.sql import hooks
hooks.LEASE = 1_000  # a test does not wait for half a minute
from web import tiny
tiny.main()
"""
PROGRAM = ("-c", QUICK.format(tests=str(Path(__file__).resolve().parents[1])))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_killed_process_was_sending_is_sent_by_another_under_its_id(
    kind: str, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"port": 0, "private_hooks": LOOPBACK, "data": tmp_path / "data"}
    url = ""
    if kind == "postgresql":
        settings["database_url"] = url = fresh_database(server_or_skip())
    processes = [Process(PROGRAM, **settings)]
    store = SqlStore(url or f"sqlite:///{tmp_path / 'data' / 'handrail.db'}")
    hooks = Hooks(store, LOOPBACK)
    killed, lock = threading.Event(), threading.Lock()

    def kill(_: BaseHTTPRequestHandler) -> bool:
        """The first request is not answered: whoever sent it is no more."""
        with lock:
            if killed.is_set():
                return False
            processes[0].process.kill()
            processes[0].process.wait(20)
            killed.set()
        return True

    try:
        with receiver() as there:
            there.act = kill
            made, secret = hooks.add(there.url, ["case.decision"], by=BY)
            processes[0].say("c1", "t1")
            until(killed.is_set)
            processes += [Process(PROGRAM, **settings) for _ in range(1 if not url else 2)]
            for number in range(2, 12):
                processes[1 + number % len(processes[1:])].say(f"c{number}", "t1")
            until(lambda: len(hooks.deliveries(made.id, status="sent").hooks) == 11)
            time.sleep(0.3)
            first = [got.id for got in there.got if got.event["subject"] == "c1"]
            assert len(first) == 2
            assert len(set(first)) == 1
            rest = [got.event["subject"] for got in there.got if got.event["subject"] != "c1"]
            assert sorted(rest) == sorted(f"c{number}" for number in range(2, 12))
            assert all(there.verify(secret, number) for number in range(len(there.got)))
    finally:
        store.close()
        for one in processes:
            one.end(signal.SIGKILL)
        if url:
            drop_database(url)
