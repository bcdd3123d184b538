"""What is written is chained, sealed and signed, so that whoever changes it is found out.

`seal` hashes an entry onto the chain of its case, `commit` binds it to a text that can be erased,
a `Checkpoint` covers all cases at one instant.
"""

from handrail.core.ledger.anchor import anchor
from handrail.core.ledger.canonical import Uncanonical, canonical, text
from handrail.core.ledger.chain import (
    SALT_BYTES,
    commit,
    entry_body,
    entry_text,
    genesis,
    seal,
    seal_text,
)
from handrail.core.ledger.checkpoint import (
    Checkpoint,
    Introduction,
    Seal,
    digest,
    fingerprint,
    message,
    root,
    start,
)
from handrail.core.ledger.lines import Payload, Sealed, Signed, SignedKey
from handrail.core.ledger.report import Finding, Report, limits
from handrail.core.ledger.story import commitments
from handrail.core.ledger.verify import verify

__all__ = [
    "SALT_BYTES",
    "Checkpoint",
    "Finding",
    "Introduction",
    "Payload",
    "Report",
    "Seal",
    "Sealed",
    "Signed",
    "SignedKey",
    "Uncanonical",
    "anchor",
    "canonical",
    "commit",
    "commitments",
    "digest",
    "entry_body",
    "entry_text",
    "fingerprint",
    "genesis",
    "limits",
    "message",
    "root",
    "seal",
    "seal_text",
    "start",
    "text",
    "verify",
]
