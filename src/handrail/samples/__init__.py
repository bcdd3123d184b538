"""Sample conversations, shipped: support, sales and operations agents, with the
truth that their author, a language model, set. They go with
the starter packs `support-chat`, `sales-assist` and `ops-agent`.
"""

from collections.abc import Iterator
from pathlib import Path

from handrail import importers
from handrail.importers import Conversation

FILES = tuple(
    Path(__file__).with_name(name) for name in ("support.jsonl", "sales.jsonl", "ops.jsonl")
)


def read() -> Iterator[Conversation]:
    """All of them; `workflow` names the workflow of the starter pack that each goes with."""
    return importers.read(FILES, "uniform", strict=True)
