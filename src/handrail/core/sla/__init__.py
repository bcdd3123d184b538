"""The clocks of a case and what is due when.

`on` after every event of a case, `fire` for what has fallen due; both are pure.
"""

from handrail.core.sla.clocks import Result, Settled, Update, on
from handrail.core.sla.deadline import Deadline, Kind
from handrail.core.sla.fire import Firing, Happened, fire
from handrail.core.sla.settings import STEWARD, Clock, Level, SlaPolicy
from handrail.core.sla.table import TABLE, Event, Row

__all__ = [
    "STEWARD",
    "TABLE",
    "Clock",
    "Deadline",
    "Event",
    "Firing",
    "Happened",
    "Kind",
    "Level",
    "Result",
    "Row",
    "Settled",
    "SlaPolicy",
    "Update",
    "fire",
    "on",
]
