"""Salts of what the ledger says of a text: without one nothing can be guessed from it."""

import secrets


def salt() -> bytes:
    """Sixteen bytes that nobody can guess."""
    return secrets.token_bytes(16)
