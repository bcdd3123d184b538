"""Recorded conversations decided turn by turn as if live, and what that comes to."""

from handrail.replay.output import Output, open_output
from handrail.replay.run import Record, Session, Step, replay, run
from handrail.replay.tally import Tally

__all__ = ["Output", "Record", "Session", "Step", "Tally", "open_output", "replay", "run"]
