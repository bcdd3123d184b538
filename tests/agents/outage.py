"""The service is away while agents talk: what passes, what is lost, what is handed off twice.

    python -m agents.outage --agents 50 --seconds 60

Every agent is a thread with a customer of its own. What customers said and saw is held against
what the service has afterwards. Ends with 1 when anything is wrong.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from agents.rig import Server
from handrail.agents.answers import Standing
from handrail.agents.client import Client

ASK = "Let me talk to a real person, please."
AROUND = 3.0  # seconds of talk before the service goes, and after it is back


@dataclass
class Agent:
    """One conversation: what was said and shown in it."""

    client: Client
    name: str
    seed: int
    said: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    held: int = 0
    wrong: list[str] = field(default_factory=list)

    def talk(self, away: threading.Event, ended: threading.Event) -> None:
        """Until the end; once, while the service is away, the customer asks for a person."""
        case, dice, number, asked = self.client.case(self.name), Random(self.seed), 0, False
        while not ended.is_set():
            number += 1
            text = f"And what about item {number}?"
            if away.is_set() and not asked and dice.random() < 0.3:
                text, asked = ASK, True
            answer = case.heard(text, id=f"{self.name}-{number}")
            self.said.append(text)
            self.held += answer.pending
            if answer.pending and answer.ai_may_speak:
                self.wrong.append("the AI may speak though nothing is confirmed")
            if answer.ai_may_speak:
                case.say(f"Item {number} is fine.", confidence=0.95)
            for line in case.read():
                if line.by == "agent":
                    self.passed.append(line.text)
                    if away.is_set() and case.answer.pending:
                        self.wrong.append(f"`{line.text}` passed while the service was away")
            time.sleep(dice.uniform(0.02, 0.2))
        if not asked:
            case.heard(ASK, id=f"{self.name}-ask")
            self.said.append(ASK)
        if case.answer.standing not in {Standing.HANDED_OFF, Standing.PENDING}:
            self.wrong.append(f"a person was asked for, and the case is {case.answer.standing}")


def run(agents: int, seconds: float, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Figures, and what was wrong."""
    server = Server(folder)
    server.start()
    key = server.add("bot", "program", "agent")
    server.add("lead", "person", "supervisor")
    away, ended = threading.Event(), threading.Event()
    with Client(server.url, key, spool=folder / "spool") as client:
        some = [Agent(client, f"c{number}", number) for number in range(agents)]
        threads = [threading.Thread(target=one.talk, args=(away, ended)) for one in some]
        for thread in threads:
            thread.start()
        time.sleep(AROUND)
        away.set()
        server.kill()
        time.sleep(seconds)
        server.start()
        away.clear()
        time.sleep(AROUND)
        ended.set()
        for thread in threads:
            thread.join()
        until = time.monotonic() + 120
        while client.flush() and time.monotonic() < until:
            time.sleep(0.2)
        wrong = [f"{one.name}: {what}" for one in some for what in one.wrong]
        wrong += [f"set aside: {one.problem}" for one in client.refused()]
    for one in some:
        wrong += [f"{one.name}: {what}" for what in check(server, one)]
    server.end()
    figures = {
        "agents": agents,
        "turns": sum(len(one.said) for one in some),
        "held": sum(one.held for one in some),
        "passed": sum(len(one.passed) for one in some),
        "handoffs": sum(one.said.count(ASK) > 0 for one in some),
    }
    return figures, wrong


def check(server: Server, agent: Agent) -> list[str]:
    """What the service has of a case, against what happened."""
    wrong, turns, first = [], [], 1
    while True:
        page = server.ask("lead", "GET", f"/cases/{agent.name}/transcript?first={first}&limit=500")
        turns += [one["turn"] for one in page["items"]]
        if not page["next"]:
            break
        first = int(page["next"])
    heard = [one["text"] for one in turns if one["role"] == "customer"]
    if heard != agent.said:
        wrong.append(f"{len(agent.said)} turns were said, {len(heard)} are known, or not in order")
    told = {one["text"] for one in turns if one["role"] == "agent"}
    wrong += [f"`{text}` passed and is no turn" for text in agent.passed if text not in told]
    handoffs = server.ask("lead", "GET", f"/cases/{agent.name}")["handoffs"]
    if handoffs != 1:
        wrong.append(f"handed off {handoffs} times")
    return wrong


def main() -> int:
    """As asked on the command line."""
    parser = argparse.ArgumentParser(prog="python -m agents.outage", description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="handrail-outage-") as folder:
        figures, wrong = run(given.agents, given.seconds, Path(folder))
    if given.json:
        sys.stdout.write(json.dumps(figures))
    else:
        sys.stdout.write(
            f"{figures['agents']} agents, the service away for {given.seconds:g} s: "
            f"{figures['turns']:,} customers' turns, {figures['held']:,} of them held; "
            f"{figures['passed']:,} answers passed; {figures['handoffs']} cases handed off once\n"
        )
    for one in wrong[:20]:
        sys.stderr.write(f"{one}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
