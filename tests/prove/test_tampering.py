"""Whatever is changed in an export is found, and what is not changed is verified."""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import prove
from handrail.core import ledger
from prove import oracle
from prove.ledgers import finished, large, small

FLIPS = (0x01, 0x20, 0x80)
SMALL, LARGE = small(), large()
right = cache(prove.right)  # most signatures are the same ones again


def problems(lines: Sequence[bytes]) -> list[str]:
    """What is wrong, in words. Lines are cut anew, as a file is read."""
    return [str(one) for one in ledger.verify(cut(b"".join(lines)), right).findings]


def cut(data: bytes) -> list[bytes]:
    """The lines of a file; nothing but a line feed ends one."""
    return list(BytesIO(data))


@pytest.mark.parametrize("lines", [SMALL, LARGE], ids=["small", "large"])
def test_what_nobody_changed_is_verified(lines: Sequence[bytes]) -> None:
    assert problems(lines) == []
    assert oracle.good(b"".join(lines))
    assert finished(lines) == list(lines)


def test_every_change_of_every_byte_of_a_small_ledger_is_found() -> None:
    data = b"".join(SMALL)
    missed = [
        (place, flip)
        for place in range(len(data))
        for flip in FLIPS
        if not ledger.verify(cut(_flipped(data, place, flip)), right).findings
    ]
    assert missed == []


def _flipped(data: bytes, place: int, flip: int) -> bytes:
    return data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]


def test_every_change_is_found_also_when_the_end_is_made_to_fit_it() -> None:
    """Then no digest of the whole helps: chain, seals and signatures alone must find it."""
    missed = []
    for number, line in enumerate(SMALL[:-1]):
        for place in range(len(line) - 1):
            lines = [*SMALL]
            lines[number] = _flipped(line, place, 1 << place % 6)
            if not problems(finished(lines)):
                missed.append((number, place))
    assert missed == []


def test_sampled_changes_of_a_large_ledger_are_found() -> None:
    chance = random.Random(1)
    data = b"".join(LARGE)
    for _ in range(150):
        place, flip = chance.randrange(len(data)), chance.choice(FLIPS)
        assert ledger.verify(cut(_flipped(data, place, flip)), right).findings, (place, flip)


def test_sampled_changes_of_a_large_ledger_with_a_new_end_are_found() -> None:
    chance = random.Random(2)
    for _ in range(150):
        number = chance.randrange(len(LARGE) - 1)
        place = chance.randrange(len(LARGE[number]) - 1)
        lines = [*LARGE]
        lines[number] = _flipped(lines[number], place, chance.choice(FLIPS))
        assert problems(finished(lines)), (number, place)


def dropped(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    for number in range(len(lines)):
        yield [*lines[:number], *lines[number + 1 :]]


def doubled(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    for number, line in enumerate(lines):
        yield [*lines[: number + 1], line, *lines[number + 1 :]]
        yield [*lines, line]


def swapped(lines: Sequence[bytes], pairs: Sequence[tuple[int, int]]) -> Iterator[list[bytes]]:
    for a, b in pairs:
        other = [*lines]
        other[a], other[b] = other[b], other[a]
        yield other


def shortened(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    for number in range(len(lines)):
        yield [*lines[:number]]
        yield [*lines[:number], lines[number][:-1]]


def reordered(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    yield from dropped(lines)
    yield from doubled(lines)
    yield from shortened(lines)


@pytest.mark.parametrize("end", ["the old end", "an end that fits"])
def test_every_line_dropped_doubled_swapped_or_cut_off_in_a_small_ledger_is_found(end: str) -> None:
    pairs = list(combinations(range(len(SMALL)), 2))
    for lines in (*reordered(SMALL), *swapped(SMALL, pairs)):
        again = finished(lines) if lines and end != "the old end" else lines
        if again != SMALL:
            assert problems(again), lines


@pytest.mark.parametrize("end", ["the old end", "an end that fits"])
def test_every_line_dropped_doubled_or_swapped_in_a_large_ledger_is_found(end: str) -> None:
    near = list(pairwise(range(len(LARGE))))
    for count, lines in enumerate((*dropped(LARGE), *doubled(LARGE), *swapped(LARGE, near))):
        again = finished(lines) if end != "the old end" else lines
        if count % 4 == 0 and again != [*LARGE]:
            assert problems(again), count


def test_a_case_cut_out_whole_is_found() -> None:
    for case in (b"case-0", b"case-3", "case-é".encode()):
        lines = [one for one in LARGE if b'"kind":"checkpoint"' in one or case not in one]
        assert len(lines) < len(LARGE)
        assert any("the whole case is missing" in one for one in problems(finished(lines)))


@given(st.data())
def test_the_oracle_says_the_same_of_any_change(data: st.DataObject) -> None:
    lines = [*SMALL]
    for _ in range(data.draw(st.integers(1, 2))):
        number = data.draw(st.integers(0, len(lines) - 1))
        what = data.draw(st.sampled_from(["flip", "drop", "double", "swap", "splice"]))
        if what == "flip":
            place = data.draw(st.integers(0, len(lines[number]) - 2))
            lines[number] = _flipped(lines[number], place, data.draw(st.sampled_from(FLIPS)))
        elif what == "drop" and len(lines) > 1:
            del lines[number]
        elif what == "double":
            lines.insert(number, lines[number])
        elif what == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[number], lines[other] = lines[other], lines[number]
        else:
            place = data.draw(st.integers(0, len(lines[number])))
            cut_out = data.draw(st.integers(0, 3))
            new = data.draw(st.binary(max_size=3))
            lines[number] = lines[number][:place] + new + lines[number][place + cut_out :]
    again = finished(lines) if data.draw(st.booleans()) else lines
    assert oracle.good(b"".join(again)) is (problems(again) == [])
    if again != SMALL:
        assert problems(again)
