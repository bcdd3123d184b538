"""Step 3, Bundle: the context that is handed over with a case, every claim with its turns.

Extractive: it works without any model. A poor bundle is sent marked `degraded`; what is missing
is listed, and it never delays a transfer (law 9).
"""

from handrail.core.bundle.accept import accept
from handrail.core.bundle.assemble import assemble
from handrail.core.bundle.mask import Detector, Found, Mask
from handrail.core.bundle.material import HEAD, TAIL, Line, Material, line
from handrail.core.bundle.parts import (
    Action,
    Bundle,
    Claim,
    CustomerValue,
    Status,
    Step,
    Trend,
    TrendWay,
)
from handrail.core.bundle.seal import missing, problems, sealed
from handrail.core.bundle.settings import BundleField, BundleTemplate, Masked, PlaybookEntry
from handrail.core.bundle.stored import stored

__all__ = [
    "HEAD",
    "TAIL",
    "Action",
    "Bundle",
    "BundleField",
    "BundleTemplate",
    "Claim",
    "CustomerValue",
    "Detector",
    "Found",
    "Line",
    "Mask",
    "Masked",
    "Material",
    "PlaybookEntry",
    "Status",
    "Step",
    "Trend",
    "TrendWay",
    "accept",
    "assemble",
    "line",
    "missing",
    "problems",
    "sealed",
    "stored",
]
