"""Who talks to the fleet: AI agents with their customers, people, and the channel to customers.

Each is a thread that goes on until it is told to stop. They know of the service what it answers.
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import httpx

from fleet.caller import Call, Caller, Journal

ASK = "I want to talk to a human."
CASES = 6  # that an agent works on at a time
_DAY = 86_400_000


class Client(threading.Thread):
    """Takes one step after another. What it cannot cope with is wrong."""

    def __init__(self, caller: Caller, ending: threading.Event, seed: object) -> None:
        super().__init__(name=caller.name, daemon=True)
        self.caller, self.ending = caller, ending
        self.random = Random(f"{seed}/{caller.name}")  # nothing secret

    def run(self) -> None:
        """Until the end."""
        try:
            while not self.ending.is_set():
                self.step()
                time.sleep(self.random.random() * 0.1)
        except TimeoutError:
            pass  # the journal has it
        except Exception as problem:  # noqa: BLE001  # whatever it is, the run has failed
            self.caller.journal.wrong(f"{self.name}: {type(problem).__name__}: {problem}")
        finally:
            self.caller.close()

    def step(self) -> None:
        """What it does next."""
        raise NotImplementedError


class Agent(Client):
    """An AI agent, and the customers who talk to it."""

    def __init__(self, caller: Caller, ending: threading.Event, seed: object) -> None:
        super().__init__(caller, ending, seed)
        self._begun = 0
        self._cases: dict[str, dict[str, Any]] = {}
        self._old: dict[str, list[int]] = {}

    def step(self) -> None:
        """A turn of a case, or a step of a plan."""
        while len(self._cases) < CASES:
            self._begun += 1
            self._cases[f"{self.name}-c{self._begun}"] = {}
        case = self.random.choice(list(self._cases))
        known = self._cases[case]
        chance = self.random.random()
        if not known or chance < 0.3:
            text = ASK if known and chance < 0.12 else "My parcel has not come yet."
            made = self._said(case, "customer", text)
        elif chance < 0.4:
            made = self.caller.get(f"/cases/{case}")
        elif known["status"] == "delegated" and chance < 0.8:
            made = self._plan(case)
        else:
            epoch = self._old.get(case) if chance > 0.85 else None
            made = self._said(case, "agent", "It is on its way.", epoch or known["epoch"])
        self._learn(case, made)

    def _said(self, case: str, role: str, text: str, epoch: list[int] | None = None) -> Call:
        name = self.caller.next_id()
        turn: dict[str, Any] = {"role": role, "text": f"{text} ({name})"}
        body: dict[str, Any] = {"turn": turn}
        if epoch is not None:
            turn["confidence"] = 0.95
            body |= {"epoch": epoch, "deliver": True}
        return self.caller.post(f"/cases/{case}/turns", body, name)

    def _plan(self, case: str) -> Call:
        steps = (self.caller.get(f"/cases/{case}").told.get("mandate") or {}).get("steps", [])
        open_ = [one for one in steps if one.get("progress", "pending") not in {"done", "failed"}]
        if not open_:
            return self.caller.get(f"/cases/{case}")
        begun = open_[0].get("progress", "pending") != "pending"
        body = {"command": "report" if begun else "begin", "step": open_[0]["id"]}
        if begun:
            body["progress"] = "done"
        return self.caller.post(f"/cases/{case}/agent-commands", body)

    def _learn(self, case: str, made: Call) -> None:
        told = made.told.get("case") if made.status == 409 else made.told
        if not isinstance(told, dict):
            return
        before = self._cases[case]
        if before and before["epoch"] != told["epoch"]:
            self._old[case] = before["epoch"]
        self._cases[case] = {"status": told["status"], "epoch": told["epoch"]}
        if told["status"] == "closed" and self.random.random() < 0.7:
            del self._cases[case]


class Person(Client):
    """A human agent: accepts, answers, hands back, closes."""

    def step(self) -> None:
        """One of the cases that are theirs, or that they are asked to take."""
        page = self.caller.get("/cases?mine=true&limit=50").told
        mine = [one for one in page.get("items", []) if one["status"] in {"proposed", "held"}]
        if not mine:
            time.sleep(0.2)
            return
        case = self.random.choice(mine)
        chance = self.random.random()
        if case["status"] == "proposed":
            self._act(case, "decline" if chance < 0.1 else "accept")
        elif chance < 0.5:
            name = self.caller.next_id()
            body = {"text": f"Let me see. ({name})"}
            self.caller.post(f"/cases/{case['case']}/messages", body, name)
        elif chance < 0.75:
            self._act(case, "handback", steps=[{"id": self.caller.next_id(), "action": "refund"}])
        elif chance < 0.85:
            self._act(case, "release")
        else:
            self._act(case, "resolve", disposition="solved", note="Done.")

    def _act(self, case: dict[str, Any], command: str, **more: Any) -> None:
        name = self.caller.next_id()
        body = {"command": command, "reason": name, **more}
        self.caller.post(f"/cases/{case['case']}/commands", body, name)


class Watcher(threading.Thread):
    """Reads the stream of changes; comes back with the last id whenever it breaks."""

    def __init__(self, url: str, key: str, journal: Journal, told: Callable[[str], None]) -> None:
        super().__init__(name="watcher", daemon=True)
        self._url, self._key, self._journal, self._told = url, key, journal, told
        self.seen: list[tuple[str, int]] = []
        self.last, self.breaks, self.ending = "", 0, False

    def run(self) -> None:
        """Until the end."""
        while not self.ending:
            with contextlib.suppress(httpx.TransportError):
                self._read()
            self.breaks += not self.ending
            time.sleep(0.1)

    def _read(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        name, mark = "", ""
        timeout = httpx.Timeout(20, connect=2)
        with httpx.stream("GET", f"{self._url}/v1/events", headers=headers, timeout=timeout) as got:
            if got.status_code != 200:
                if got.status_code not in {502, 503, 504}:
                    self._journal.wrong(f"the stream answers {got.status_code}")
                return
            for line in got.iter_lines():
                key, _, value = line.partition(": ")
                if key == "id":
                    mark = value
                elif key == "event":
                    name = value
                elif key == "data" and name not in {"", "ready", "gone", "reset"}:
                    self._event(name, json.loads(value))
                elif key == "data" and name == "reset":
                    self._journal.wrong("the stream was reset")
                elif not line:
                    self.last, name = mark or self.last, ""
                if self.ending:
                    return

    def _event(self, name: str, data: dict[str, Any]) -> None:
        if data["case"].startswith("@"):
            return  # of a book, not of a case
        self.seen.append((data["case"], data["number"]))
        if name == "delivery":
            self._told(data["case"])


class Channel(threading.Thread):
    """Brings to the customers what stands ready, and reports it. `delivered` is what they got: the
    key, and when it was asked whether it may still leave.
    """

    def __init__(self, caller: Caller) -> None:
        super().__init__(name="channel", daemon=True)
        self.caller = caller
        self.cases: queue.Queue[str] = queue.Queue()
        self.delivered: dict[str, float] = {}
        self.withheld: dict[str, str] = {}
        self.ending = False

    def run(self) -> None:
        """Until the end, and until nothing is left to be done."""
        try:
            while not (self.ending and self.cases.empty()):
                try:
                    found = {self.cases.get(timeout=0.2)}
                except queue.Empty:
                    continue
                while not self.cases.empty():
                    found.add(self.cases.get())
                for case in found:
                    self._bring(case)
        except Exception as problem:  # noqa: BLE001  # whatever it is, the run has failed
            self.caller.journal.wrong(f"channel: {type(problem).__name__}: {problem}")
        finally:
            self.caller.close()

    def _bring(self, case: str) -> None:
        asked = time.monotonic()
        for one in self.caller.get(f"/cases/{case}/effects").told["items"]:
            if one["late"]:
                self.withheld[one["key"]] = one["late"]
            elif one["status"] == "accepted" and one["key"] not in self.delivered:
                self.delivered[one["key"]] = asked
                number = one["key"].rpartition("/")[2]
                path = f"/cases/{case}/effects/{number}/delivery"
                self.caller.ask("POST", path, {"status": "sent"})
