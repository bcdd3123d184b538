"""What a finding is, and the closed list of them. `docs/reference/findings.md` explains each."""

from dataclasses import dataclass
from enum import StrEnum

KeyPath = tuple[str, ...]


class Severity(StrEnum):
    """Error: do not activate. Warning: it will hurt somebody. Info: worth a look."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


CODES: dict[str, tuple[Severity, str]] = {
    "HR101": (Severity.ERROR, "trigger without a destination"),
    "HR102": (Severity.ERROR, "hole in the reviewer matrix"),
    "HR103": (Severity.ERROR, "duplicate row in the matrix"),
    "HR104": (Severity.ERROR, "matrix names a topic that does not exist"),
    "HR105": (Severity.ERROR, "tier that is not declared"),
    "HR106": (Severity.ERROR, "stage that is not declared"),
    "HR110": (Severity.ERROR, "queue without steward"),
    "HR111": (Severity.ERROR, "queue without covered hours"),
    "HR112": (Severity.ERROR, "overflow in a circle"),
    "HR113": (Severity.WARNING, "queue that nothing leads to"),
    "HR114": (Severity.ERROR, "queue that goes away and is still used"),
    "HR115": (Severity.WARNING, "handoff without SLA policy"),
    "HR116": (Severity.WARNING, "SLA policy whose breach nobody hears of"),
    "HR201": (Severity.WARNING, "offer threshold that is never reached first"),
    "HR202": (Severity.WARNING, "score threshold that can never be reached"),
    "HR203": (Severity.WARNING, "confidence threshold that can never fire"),
    "HR204": (Severity.WARNING, "topic that nothing can find"),
    "HR205": (Severity.WARNING, "topic without phrases in a language"),
    "HR206": (Severity.WARNING, "trigger without the names it waits for"),
    "HR207": (Severity.WARNING, "no-progress trigger without a measure"),
    "HR208": (Severity.WARNING, "high-risk confidence that has no effect"),
    "HR209": (Severity.WARNING, "agent's wish that is always held back"),
    "HR210": (Severity.INFO, "condition that is never used"),
    "HR211": (Severity.WARNING, "offer that is never made"),
    "HR301": (Severity.ERROR, "hard trigger that something relaxes"),
    "HR302": (Severity.WARNING, "safety trigger that is soft or off"),
    "HR303": (Severity.ERROR, "explicit request that can be blocked"),
    "HR304": (Severity.INFO, "mode that acts on no request"),
    "HR305": (Severity.ERROR, "possible ping-pong loop"),
    "HR306": (Severity.ERROR, "enforced workflow without fallback"),
    "HR307": (Severity.WARNING, "bundle that asks for too little"),
    "HR308": (Severity.WARNING, "secrets that are not masked"),
    "HR401": (Severity.WARNING, "missing notice"),
    "HR402": (Severity.WARNING, "notice missing in a language"),
    "HR403": (Severity.INFO, "notice for a trigger that is off"),
    "HR501": (Severity.WARNING, "workflow without test cases"),
    "HR502": (Severity.INFO, "trigger that no test case expects"),
    "HR503": (Severity.INFO, "pack without workflows"),
    "HR504": (Severity.WARNING, "pack without owner"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a pack that would hurt. `keys` lead to it in the file, list entries by name."""

    code: str
    keys: KeyPath
    message: str
    fix: str

    @property
    def severity(self) -> Severity:
        """How bad it is; the same for all findings of a code."""
        return CODES[self.code][0]

    @property
    def title(self) -> str:
        """What all findings of the code have in common."""
        return CODES[self.code][1]

    @property
    def path(self) -> str:
        """The keys as messages write them."""
        return ".".join(self.keys)
