"""What is hidden, and what looks like it and is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.bundle import Mask, Masked
from handrail.masking import _ANY_RARE, _DETECTORS, _RARE, detect

ALL = frozenset(Masked)
S, C, I, N = Masked.SECRET, Masked.CARD, Masked.IBAN, Masked.NATIONAL_ID  # noqa: E741
HIDDEN = [
    (C, "my card is 4111 1111 1111 1111, exp 12/28", "my card is [card], exp 12/28"),
    (C, "card 4111111111111111.", "card [card]."),
    (I, "gb82west12345698765432 gb82west12345698765432", "[iban] [iban]"),
    (C, "4111-1111-1111-1111 and 5500005555555559", "[card] and [card]"),
    (C, "\uff14\uff11\uff11\uff11" + " \uff11\uff11\uff11\uff11" * 3, "[card]"),
    (C, "4111\u00a01111\u00a01111\u00a01111", "[card]"),
    (C, "credit_card_7239357 4532 0151 1283 0366", "credit_card_7239357 [card]"),
    (I, "send it to ES91 2100 0418 4502 0005 1332 now", "send it to [iban] now"),
    (I, "gb82west12345698765432", "[iban]"),
    (N, "mi DNI 12345678Z, gracias", "mi DNI [national_id], gracias"),
    (N, "NIE X-1234567-L", "NIE [national_id]"),
    (N, "ssn 536-22-8726", "ssn [national_id]"),
    (N, "my social security number is 536228726", "my social security number is [national_id]"),
    (N, "passport no. AB1234567 please", "passport no. [national_id] please"),
    (N, "AB 12 34 56 C", "[national_id]"),
    (S, "my password is hunter2!", "my password is [secret]"),
    (S, "Password: correcthorse", "Password: [secret]"),
    (S, '{"api_key": "abcdEF123"}', '{"api_key": "[secret]"}'),
    (S, "mi contraseña es Gato77", "mi contraseña es [secret]"),
    (S, "the CVV is 123", "the CVV is [secret]"),
    (S, "PIN 4821", "PIN [secret]"),
    (S, "AKIAIOSFODNN7EXAMPLE", "[secret]"),
    (S, "Authorization: Bearer abcdefghij0123456789", "Authorization: Bearer [secret]"),
    (S, "postgres://app:s3cr3t@db/x", "postgres://app:[secret]@db/x"),
    (S, "-----BEGIN PRIVATE KEY-----\nMIIE\n\nabc", "[secret]"),
    (Masked.EMAIL, "write to ana.perez@example.com.", "write to [email]."),
    (Masked.EMAIL, "josé@correo.es", "[email]"),
    (Masked.PHONE, "call +34 612 345 678 or (415) 555-2671", "call [phone] or [phone]"),
    (Masked.IP, "from 203.0.113.77 and 2001:db8::7", "from [ip] and [ip]"),
]  # fmt: skip
PLAIN = [
    "order #W9284598 of 2024-05-24, reservation M05KNL, invoice 20481",
    "tracking 4111 1111 1111 1112",
    "password is not working, please reset my password",
    "the secret is out",
    "the meeting is at 12:30:45 and lasts 90 minutes",
    "version 3.11.2, ratio 16:9",
    "my password: ?",
]

# What the found ones are made of, so that generated texts come close to them.
PIECES = [piece for _, text, _ in HIDDEN for piece in (text, *text.split())]


@pytest.mark.parametrize(("kind", "text", "expected"), HIDDEN)
def test_it_is_hidden(kind: Masked, text: str, expected: str) -> None:
    assert Mask(detect, frozenset({kind}))(text) == expected


@pytest.mark.parametrize(("kind", "text", "expected"), HIDDEN)
def test_it_is_shown_where_the_pack_does_not_mask_it(
    kind: Masked, text: str, expected: str
) -> None:
    shown = Mask(detect, ALL - {kind})(text)
    assert f"[{kind.value}]" not in shown
    assert shown != expected


@pytest.mark.parametrize("text", PLAIN)
def test_business_data_stays(text: str) -> None:
    assert Mask(detect, ALL)(text) == text


@given(st.text(max_size=300), st.lists(st.sampled_from([text for _, text, _ in HIDDEN])))
def test_what_is_masked_once_stays_as_it_is(text: str, more: list[str]) -> None:
    mask = Mask(detect, ALL)
    once = mask(" ".join([text, *more]))
    assert not mask.failed
    twice = mask(once)
    assert mask(twice) == twice


@given(st.lists(st.text("0123456789 -.ABCDXZ:", max_size=20) | st.sampled_from(PIECES)))
def test_the_one_look_for_all_misses_nothing_that_one_of_them_finds(pieces: list[str]) -> None:
    text = "".join(pieces)
    if any(list(_DETECTORS[kind](text)) for kind in _RARE):
        assert _ANY_RARE.match(text) is not None


def test_the_one_look_finds_nothing_in_plain_talk() -> None:
    assert (
        _ANY_RARE.match("The order 4017, made on 12.5., has not come.\nIs it on its way? 3.50 EUR")
        is None
    )


@given(st.lists(st.text(max_size=40) | st.sampled_from([text for _, text, _ in HIDDEN])))
def test_texts_masked_together_are_masked_as_one_by_one(texts: list[str]) -> None:
    texts = [text.replace("\x1e", " ") for text in texts]
    assert Mask(detect, ALL).all(texts) == [Mask(detect, ALL)(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["4" * 50_000, "4 " * 25_000, "a" * 50_000, "pin " * 12_000, "A1-" * 15_000]
)
def test_hostile_text_costs_little(text: str) -> None:
    begun = time.process_time()
    detect(text, frozenset({S, C, I, N}))
    assert time.process_time() - begun < 5
