"""Who may do what, for the edges: what they write in their signatures."""

from handrail.adapters.sql.directory import Directory
from handrail.adapters.sql.gate import Gate

__all__ = ["Directory", "Gate"]
