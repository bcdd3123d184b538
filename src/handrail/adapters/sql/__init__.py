"""Stores in SQLite and PostgreSQL; see `store`."""

from handrail.adapters.sql import house
from handrail.adapters.sql.store import SqlStore

__all__ = ["SqlStore", "house"]
