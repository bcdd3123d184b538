"""What makes the ledger worth something to who does not trust us: keys that sign checkpoints,
witnesses that keep them outside, exports that anybody can verify.
"""

from handrail.prove.book import Book
from handrail.prove.export import Source, export, write
from handrail.prove.keys import Keys, checkpoint, right
from handrail.prove.witness import FileWitness, HttpWitness, Witness, open_witness

__all__ = [
    "Book",
    "FileWitness",
    "HttpWitness",
    "Keys",
    "Source",
    "Witness",
    "checkpoint",
    "export",
    "open_witness",
    "right",
    "write",
]
