"""Finds secrets and personal data in text, for the masking of bundles. Patterns run in linear time.

A stretch of digits is hidden only if its check digits hold; a secret by its own shape, or by the
word before it. Detection is best effort: it hides what it knows.
"""

import unicodedata
from collections.abc import Callable, Iterator

from handrail.core.bundle.mask import Found
from handrail.core.bundle.settings import Masked
from handrail.masking import contact, identity, secrets
from handrail.masking.patterns import anywhere

_DETECTORS: dict[Masked, Callable[[str], Iterator[tuple[int, int]]]] = {
    Masked.SECRET: secrets.secrets,
    Masked.CARD: identity.cards,
    Masked.IBAN: identity.ibans,
    Masked.NATIONAL_ID: identity.national_ids,
    Masked.EMAIL: contact.emails,
    Masked.PHONE: contact.phones,
    Masked.IP: contact.addresses,
}
_RARE = frozenset({Masked.SECRET, Masked.CARD, Masked.IBAN, Masked.NATIONAL_ID})
_ANY_RARE = anywhere(f"{secrets.ANY}|(?i:{identity.ANY})")
"""One look for all of these: most texts have none, and each look costs the same."""
_PLAIN = bytes(range(128))


def detect(text: str, classes: frozenset[Masked]) -> list[Found]:
    """What is to be hidden in a text, in the order of the text."""
    read = text if text.isascii() else _ascii(text)
    if classes & _RARE and _ANY_RARE.match(read) is None:
        classes -= _RARE
    return sorted(
        [
            Found(start, end, kind)
            for kind in Masked
            if kind in classes
            for start, end in _DETECTORS[kind](read)
        ]
    )


def _ascii(text: str) -> str:
    """The same length, with digits, spaces and dashes of any script as their plain ones."""
    others = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
    for one in set(others.decode("utf-8", "surrogatepass")):
        if (plain := _sign(one)) != one:
            text = text.replace(one, plain)
    return text


def _sign(one: str) -> str:
    digit = unicodedata.decimal(one, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(one)
    if kind in {"Zs", "Cf"}:
        return " "
    if kind == "Pd":
        return "-"
    if kind in {"Pi", "Pf"}:
        return '"'
    if one == "\u2026":
        return "."
    wide = unicodedata.normalize("NFKC", one) if "\uff00" <= one <= "\uff5f" else one
    return wide if len(wide) == 1 else one
