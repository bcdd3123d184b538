"""Stores in SQLite and PostgreSQL; see `store`."""

from handrail.adapters.sql.store import SqlStore

__all__ = ["SqlStore"]
