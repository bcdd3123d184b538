"""Streamed answers: a piece passes only while it is confirmed that the AI may still speak.

A piece passes when the last confirmation was asked for less than `FRESH` ago. Otherwise it waits
for the next, so no piece passes later than that after a change, however slow the service is.
"""

import time

from handrail.agents.answers import Standing, standing
from handrail.agents.calls import Got
from handrail.core.ownership import Epoch

FRESH = 0.25
"""Seconds for which a confirmation holds."""
POLL = 0.08
"""Seconds between two of them."""
PATIENCE = 5.0
"""Seconds without any after which the answer is cut."""


class Gate:
    """Whether the pieces of one answer may pass. `cut` says why not, once they may not."""

    def __init__(self, epoch: Epoch, asked: float) -> None:
        self.epoch, self.cut, self._fresh = epoch, "", asked

    def confirmed(self, got: Got, asked: float) -> None:
        """The service has said where the case is, asked at that time."""
        told = got.body
        if standing(told) is Standing.STOPPED:
            self.cut = "stopped"
        elif Epoch(*told["epoch"]) != self.epoch:
            self.cut = "stale_epoch"
        else:
            self._fresh = max(self._fresh, asked)

    def failed(self, why: str) -> None:
        """It can never be confirmed again."""
        self.cut = self.cut or why

    def passes(self) -> bool:
        """Whether a piece may pass now. False: wait for a confirmation, or `cut` says why."""
        since = time.monotonic() - self._fresh
        if since > PATIENCE:
            self.cut = self.cut or "pending"
        return not self.cut and since < FRESH
