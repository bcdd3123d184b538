"""The house that the fleet serves: a pack that is always open, people who are there, keys.

`python -m fleet.house URL AGENTS` invites everybody, with the program that it is run by, and prints
their keys.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from fleet.servers import Setting
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.directory import Directory
from handrail.adapters.sql.store import wall_clock
from handrail.core.access import Grant, Kind, Role
from handrail.packs import find
from handrail.prove import Keys

PEOPLE = ("ana", "luis", "marta", "support-lead", "shift-lead")


def furnish(setting: Setting) -> None:
    """The starter pack for chat, without closing times, and its roster, in files."""
    pack = find.existing("support-chat")
    text = re.sub(r"hours: \{.*\}", "hours: always", pack.read_text("utf-8"))
    (setting.folder / "fleet.yaml").write_text(text, "utf-8")
    people = "".join(
        f"  {name}:\n    queues: [frontline, vip-desk, specialists, out-of-hours]\n"
        "    skills: {support: 9}\n    tags: [pricing, security, legal, compliance, safety]\n"
        "    languages: [en, es]\n    capacity: 60\n"
        for name in (*PEOPLE, "risk-lead", "counsel", "privacy-officer")
    )
    roster = f"handrail: 1\nversion: 1\ntime_zone: Europe/Madrid\n\npeople:\n{people}"
    (setting.folder / "fleet.roster.yaml").write_text(roster, "utf-8")
    Keys.create(setting.folder / "keys", wall_clock())


def invite(url: str, agents: int) -> dict[str, str]:
    """Keys of the agents, the people, the channel and the auditor, by name; makes the tables."""
    store = SqlStore(url)
    directory = Directory(store)
    directory.first_admin("admin")
    made: dict[str, str] = {}
    for name, kind, role in (
        *((f"agent{number}", Kind.PROGRAM, Role.AGENT) for number in range(agents)),
        ("channel", Kind.PROGRAM, Role.AGENT),
        ("watcher", Kind.PROGRAM, Role.AUDITOR),
        *((name, Kind.PERSON, Role.HUMAN) for name in PEOPLE),
    ):
        directory.add_identity(name, kind)
        directory.grant(name, Grant(role=role))
        made[name] = directory.make_token(name)
    store.close()
    return made


def keys(setting: Setting, agents: int) -> dict[str, str]:
    """As `invite`, by the program of the setting, whose tables they are."""
    environment = setting.environment()
    environment["PYTHONPATH"] += f":{Path(__file__).resolve().parent.parent}"
    done = subprocess.run(
        [sys.executable, "-m", "fleet.house", setting.url, str(agents)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def folder(path: Path, url: str) -> Setting:
    """A furnished folder."""
    setting = Setting(folder=path, url=url)
    furnish(setting)
    return setting


if __name__ == "__main__":
    sys.stdout.write(json.dumps(invite(sys.argv[1], int(sys.argv[2]))))
