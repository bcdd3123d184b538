"""Webhooks, for the edges and for the service."""

import time
from collections.abc import Sequence

from handrail.adapters.hooks import guard
from handrail.adapters.hooks.courier import Courier, carry
from handrail.adapters.hooks.event import MEDIA, NAMES, PING, Event, Trial, kind
from handrail.adapters.hooks.sender import Sender
from handrail.adapters.sql.endpoints import OVERLAP, Endpoint
from handrail.adapters.sql.hookrows import Hook
from handrail.adapters.sql.hooks import Hooks

__all__ = [
    "MEDIA",
    "NAMES",
    "OVERLAP",
    "PING",
    "Courier",
    "Endpoint",
    "Event",
    "Hook",
    "Hooks",
    "Trial",
    "courier",
    "kind",
    "now",
]

_PATIENCE = 25.0  # seconds: longer than a try may take


def courier(hooks: Hooks, private: Sequence[str]) -> Courier:
    """What sends the webhooks of a workspace, to the public internet and to these ranges."""
    return Courier(hooks, Sender(guard.networks(private)), hooks.clock)


def now(hooks: Hooks, key: str, private: Sequence[str]) -> Hook:
    """Send one that is queued from here, or wait until whoever is at it already has tried it; the
    row as it is then.
    """
    job = hooks.take_one(key)
    if job is not None:
        carry(hooks, Sender(guard.networks(private)), job, hooks.clock)
    end = time.monotonic() + _PATIENCE
    while not (found := hooks.delivery(key)).tries and time.monotonic() < end:
        time.sleep(0.1)
    return found
