"""Mail addresses, telephone numbers and network addresses."""

import ipaddress
from collections.abc import Iterator

from handrail.masking.patterns import compiled, spans

_EMAIL = compiled(
    r"[0-9A-Za-z\pL._%+'-]{1,64}@(?:[0-9A-Za-z\pL](?:[0-9A-Za-z\pL-]{0,62})\.)+[A-Za-z\pL]{2,24}"
)
_PHONE = compiled(r"(?:\+|\b00)?[(]?\d(?:[ ().\-/]{0,3}\d){6,16}")
_DATE = compiled(r"^\d{4}-\d{2}-\d{2}|^\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_IP4 = compiled(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_IP6 = compiled(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}")
_REGIONS = ("US", "ES", "GB", "MX", "DE", "FR", "IT", "AR", "CO", "BR")
_LEAST = 7


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Where a mail address stands."""
    if "@" in text:
        yield from spans(_EMAIL, text)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Where a telephone number stands that one of the larger regions dials, or any with a `+`."""
    for start, end in spans(_PHONE, text):
        said = text[start:end]
        joined = text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()
        if not joined and not _DATE.search(said) and _dialled(said):
            yield start, end


def _dialled(said: str) -> bool:
    import phonenumbers

    if said.startswith("00"):
        said = f"+{said[2:]}"
    for region in (None,) if said.startswith("+") else _REGIONS:
        try:
            number = phonenumbers.parse(said, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    # A number with a country's code is hidden even where no such one is given out.
    return said.startswith("+") and sum(one.isdigit() for one in said) >= _LEAST


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where an address of the internet protocol stands."""
    for pattern, sign in ((_IP4, "."), (_IP6, ":")):
        if sign not in text:
            continue
        for start, end in spans(pattern, text):
            if _is_address(text[start:end]):
                yield start, end


def _is_address(said: str) -> bool:
    try:
        ipaddress.ip_address(said)
    except ValueError:
        return False
    return said not in {"::", "::1", "127.0.0.1", "0.0.0.0"}  # noqa: S104  # nosec B104
