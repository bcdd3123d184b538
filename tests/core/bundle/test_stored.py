"""What is kept of a bundle is what the general writer of records gives, to the byte."""

import json

from hypothesis import given
from hypothesis import strategies as st

from handrail.core.bundle import Bundle, CustomerValue, Status, stored
from handrail.core.record import plain


def told(value: object) -> str:
    return json.dumps(value)


@given(st.from_type(Bundle))
def test_it_is_what_the_record_would_say(bundle: Bundle) -> None:
    assert told(stored(bundle)) == told(plain(bundle))


def test_a_part_that_is_there_is_told_though_all_in_it_is_default() -> None:
    bundle = Bundle(
        status=Status.COMPLETE, missing=(), language="en", customer_value=CustomerValue()
    )
    assert stored(bundle)["customer_value"] == {}
    assert told(stored(bundle)) == told(plain(bundle))
