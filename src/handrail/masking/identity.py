"""Cards, accounts and numbers of persons: digits whose check holds."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from handrail.masking.patterns import compiled, spans

_DIGITS = compiled(r"\d(?:[ .\-]{0,2}\d){11,80}")
_CARD = range(12, 20)
_IBAN = compiled(r"\b[A-Z]{2}[ -]?\d{2}(?:[ -]?[0-9A-Z]){11,40}")
# A check letter or signs that only this number has: no word before it is needed.
_SHAPED = (
    (compiled(r"\b\d{1,2}[. ]?\d{3}[. ]?\d{3}[ -]?[A-Z]\b|\b\d{8}[A-Z]\b"), ("es.dni",)),
    (compiled(r"\b[XYZ][ -]?\d{7}[ -]?[A-Z]\b"), ("es.nie",)),
    (compiled(r"\b\d{3}[- ]\d{2}[- ]\d{4}\b"), ("us.ssn",)),
    (compiled(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"), ("it.codicefiscale",)),
    (compiled(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), ("br.cpf",)),
    (compiled(r"\b[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]{2}\b"), ("mx.curp",)),
    (compiled(r"\b[A-Z]{5}\d{4}[A-Z]\b"), ("in_.pan",)),
    (compiled(r"\b\d{6}[-+A]\d{3}[0-9A-Z]\b"), ("fi.hetu", "se.personnummer", "dk.cpr")),
    (compiled(r"\b\d{1,2}\.?\d{3}\.?\d{3}-[0-9K]\b"), ("cl.rut",)),
    (compiled(r"\b\d{7}[A-W][ABWTXZ]?\b"), ("ie.pps",)),
    (compiled(r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b"), ("be.nn",)),
    (compiled(r"\b756\.\d{4}\.\d{4}\.\d{2}\b"), ("ch.ssn",)),
    (compiled(r"\b[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b"), ("fr.nir",)),
)
_NINO = compiled(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
# Plain digits: the word that names them is needed, else every order number would be hidden.
_NAMED = compiled(
    r"\b(?:ssn|social security(?: number| no\.?)?|national id(?:entity)?(?: number| card)?|"
    r"id card(?: number)?|tax(?:payer)? id(?:entification)?(?: number)?|tin|"
    r"passport(?: number| no\.?)?|"
    r"driver'?s licen[cs]e(?: number)?|nhs(?: number)?|aadhaar|pesel|bsn|cpf|nif|dni|nie|cuit|rut|"
    r"c[eé]dula|pasaporte|seguridad social|n[uú]mero fiscal|steuer-?id|personnummer)"
    r"\b[^\w\n]{0,4}(?:is|es|number|no\.?|n[uú]mero|:|#|=)?[^\w\n]{0,4}"
    r"((?:[A-Z]{1,3}[ .-]?)?\d(?:[ .-]?\d){4,14}(?:[ -]?[A-Z])?)\b"
)


_ANY_SHAPE = compiled("|".join(pattern.pattern for pattern, _ in _SHAPED))
_NAME = compiled(
    r"\b(?:ssn|social|national|id card|tax|tin|passport|driver|nhs|aadhaar|pesel|bsn|cpf|nif|dni|"
    r"nie|cuit|rut|c[eé]dula|pasaporte|seguridad|n[uú]mero fiscal|steuer|personnummer)"
)
"""One look each that tells whether the many are worth it."""
ANY = (
    r"\d(?:[ .\-]{0,2}\d){11}|\b[A-Z]{2}[ -]?\d{2}(?:[ -]?[0-9A-Z]){11}|"
    f"{_ANY_SHAPE.pattern}|{_NINO.pattern}|{_NAME.pattern}"
)
"""Whatever is found here has this in it, in either case: cards, accounts, shapes, names."""


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Where a card number stands: 12 to 19 digits that a network begins with, check digit right."""
    for start, end in spans(_DIGITS, text):
        yield from _cards(text, start, end)


def _cards(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The cards in a run of digits, which may have other numbers beside them."""
    places = [place for place in range(start, end) if text[place].isdigit()]
    heads = [n for n, place in enumerate(places) if n == 0 or places[n - 1] < place - 1]
    done = -1
    for head in heads:
        for length in reversed(_CARD):
            tail = head + length
            if head < done or tail > len(places):
                continue
            digits = "".join([text[place] for place in places[head:tail]])
            alone = _alone(text, places[head], places[tail - 1] + 1)
            if alone and digits[0] in "23456" and len(set(digits)) > 1 and _valid("luhn", digits):
                yield places[head], places[tail - 1] + 1
                done = tail
                break


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Where an international account number stands."""
    at = 0
    while (found := _IBAN.search(text, at)) is not None:
        start, end = found.span()
        at = start + 2  # whatever begins within the match is looked at too
        places = [place for place in range(start, end) if text[place].isalnum()]
        letters = "".join([text[place] for place in places]).upper()
        for length in range(min(34, len(letters)), 14, -1):
            if _valid("iban", letters[:length]):
                at = places[length - 1] + 1
                yield start, at
                break


def national_ids(text: str) -> Iterator[tuple[int, int]]:
    """Where the number of a person's document stands."""
    if _ANY_SHAPE.search(text) is not None:
        for pattern, names in _SHAPED:
            for start, end in spans(pattern, text):
                number = text[start:end].upper()
                if any(_valid(name, number) for name in names):
                    yield start, end
    yield from spans(_NINO, text)
    if _NAME.search(text) is not None:
        for start, end in spans(_NAMED, text, 1):
            if sum(one.isdigit() for one in text[start:end]) >= 5:
                yield start, end


def _alone(text: str, start: int, end: int) -> bool:
    """Whether a number is no part of a word, of a longer number or of a reference."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or before in {"_", "#"}) and not (after.isalnum() or after == "_")


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def _valid(name: str, number: str) -> bool:
    """Whether the check of a kind of number holds."""
    return bool(_module(name).is_valid(number))
