"""Step 2, Route: which queue and which person get a case, and how long that will take."""

from handrail.core.routing.callback import Callback, callback
from handrail.core.routing.forecast import Estimate, Staffing, staffing, wait
from handrail.core.routing.gaps import gaps
from handrail.core.routing.matrix import Match, match, written
from handrail.core.routing.nominate import Assignment, Nomination, assign, nominate
from handrail.core.routing.roster import (
    Absence,
    Availability,
    Away,
    Closure,
    Person,
    Roster,
    away,
    changed,
    stand_in,
)
from handrail.core.routing.route import Request, Route, opening, route
from handrail.core.routing.settings import ANY, MatrixRow, Queue

__all__ = [
    "ANY",
    "Absence",
    "Assignment",
    "Availability",
    "Away",
    "Callback",
    "Closure",
    "Estimate",
    "Match",
    "MatrixRow",
    "Nomination",
    "Person",
    "Queue",
    "Request",
    "Roster",
    "Route",
    "Staffing",
    "assign",
    "away",
    "callback",
    "changed",
    "gaps",
    "match",
    "nominate",
    "opening",
    "route",
    "staffing",
    "stand_in",
    "wait",
    "written",
]
