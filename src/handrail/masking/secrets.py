"""Passwords, keys and tokens: by their own shape, or by the word that names them."""

from collections.abc import Iterator

from handrail.masking.patterns import anywhere, compiled, spans

# Shapes that issuers gave their keys so that they can be found. Case matters.
_SHAPES = compiled(
    r"\b(?:(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}"
    r"|gh[pousr]_[0-9A-Za-z]{20,}|github_pat_[0-9A-Za-z_]{20,}|glpat-[0-9A-Za-z_-]{16,}"
    r"|xox[abeoprs]-[0-9A-Za-z-]{10,}|xapp-[0-9A-Za-z-]{10,}"
    r"|(?:sk|rk|pk)[-_](?:live|test|proj|ant|or)?[-_]?[0-9A-Za-z_-]{16,}|whsec_[0-9A-Za-z]{16,}"
    r"|AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]{20,}|SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"
    r"|hf_[0-9A-Za-z]{20,}|npm_[0-9A-Za-z]{20,}|pypi-[0-9A-Za-z_-]{20,}|dop_v1_[0-9a-f]{32,}"
    r"|shpat_[0-9a-f]{20,}|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*)?)",
    fold=False,
)
_PRIVATE_KEY = compiled(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^\x1e]*?"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\x1e|\z)",
    fold=False,
)
_NAMED = (
    r"(?:pass ?word|passwd|pwd|pass ?phrase|pass ?code|contraseña|clave(?: secreta| de acceso)?|"
    r"secret(?:[ _-]?key)?|client[_-]?secret|api[ _-]?key|access[ _-]?key|private[ _-]?key|"
    r"auth(?:orization)?[ _-]?token|access[ _-]?token|refresh[ _-]?token|bearer[ _-]?token|token|"
    r"account ?key|pin(?: code)?|cvv2?|cvc2?|security code|código de seguridad|otp|"
    r"one[ -]time (?:code|password)|verification code|código de verificación)"
)
# `password: x`, `"api_key": "x"`, `pin = 1234`
_ASSIGNED = compiled(
    r"\b"
    + _NAMED
    + r"[\"'`]?\s{0,3}(?::=|=>|[:=])\s{0,3}(?:bearer )?[\"'`“]?([^\s\"'`”,;}\[]{3,200})"
)
# `my password is x`, `the code was x`: only what looks like no plain word
_TOLD = compiled(
    r"\b"
    + _NAMED
    + r"(?: for [\w .-]{1,30}?)?[\"'`]?,?\s+(?:is|was|es|era|será)(?: now| ahora)?:?\s+"
    r"[\"'`“]?([^\s\"'`”,;}\[]{3,200})"
)
_BARE = compiled(r"\b(?:pin|cvv2?|cvc2?|otp|pwd|passwd|password|contraseña)\s+(\d{3,8})\b")
_HEADER = compiled(r"\b(?:bearer|basic)\s+([0-9A-Za-z._~+/=-]{16,})")
_URL = compiled(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:([^\s/@]{1,200})@")
ANY = (
    f"{_SHAPES.pattern}|{_PRIVATE_KEY.pattern}|"
    f"(?i:{'|'.join(one.pattern for one in (_ASSIGNED, _TOLD, _BARE, _HEADER, _URL))})"
)
"""One look that tells whether the many are worth it: a pattern that minds the case."""
_ANY = anywhere(ANY)
_HINTS = ("pass", "pwd", "contrase", "clave", "secret", "key", "token", "pin", "cvv", "cvc",
          "otp", "code", "código", "bearer", "basic")  # fmt: skip


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where a secret stands."""
    if _ANY.match(text) is None:
        return
    yield from spans(_SHAPES, text)
    if "-----BEGIN" in text:
        yield from spans(_PRIVATE_KEY, text)
    if "://" in text:
        yield from spans(_URL, text, 1)
    low = text.lower()
    if not any(hint in low for hint in _HINTS):
        return
    for pattern in (_ASSIGNED, _BARE, _HEADER):
        yield from spans(pattern, text, 1)
    for start, end in spans(_TOLD, text, 1):
        if _is_odd(text[start:end].rstrip(".!?")):
            yield start, end


def _is_odd(word: str) -> bool:
    """Whether a word is none of the language: it has digits, signs or capitals inside."""
    signs = any(not one.isalpha() for one in word.replace("'", "").replace("-", ""))
    return signs or (word[1:] != word[1:].lower() and not word.isupper())
