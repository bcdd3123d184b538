"""The chain of a case: each entry is hashed together with the hash of the one before it.

The first has `genesis` before it, which names workspace and case, so that an entry fits one place
only. What is personal is not in the chain, only a salted commitment to it: when text and salt are
erased, nothing can be read from what stays, and the chain still holds.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from handrail.core.ledger.canonical import Uncanonical, canonical, text, whole

GENESIS = "handrail ledger"
SALT_BYTES = 16
_PREFIX = "sha256:"
_name = lru_cache(maxsize=4096)(text)  # this is done on every turn
_digits = int.__repr__  # refuses a float


def genesis(workspace: str, case: str) -> str:
    """What stands before the first entry of a case: 64 hexadecimal digits."""
    return sha256(canonical([GENESIS, workspace, case])).hexdigest()


def entry_body(
    case: str,
    number: int,
    at: int,
    name: str,
    actor: str,
    epoch: tuple[int, int],
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """An entry as data, which is what is hashed. `epoch` is incarnation and number."""
    return {
        "actor": actor,
        "at": at,
        "body": body,
        "case": case,
        "epoch": [*epoch],
        "name": name,
        "number": number,
    }


def entry_text(
    *,
    case: str,
    number: int,
    at: int,
    name: str,
    actor: str,
    epoch: tuple[int, int],
    body: Mapping[str, Any] | str,
) -> str:
    """The canonical JSON of an entry. A `body` of type str is canonical JSON already."""
    inside = body if isinstance(body, str) else text(body)
    try:
        return (
            f'{{"actor":{_name(actor)},"at":{_digits(at)},"body":{inside},"case":{_name(case)},'
            f'"epoch":[{_digits(epoch[0])},{_digits(epoch[1])}],"name":{_name(name)},'
            f'"number":{_digits(number)}}}'
        )
    except TypeError as error:
        raise Uncanonical(f"entry {number} of case `{case}`: {error}") from None


def seal(
    previous: str,
    *,
    case: str,
    number: int,
    at: int,
    name: str,
    actor: str,
    epoch: tuple[int, int],
    body: Mapping[str, Any] | str,
) -> str:
    """The hash of an entry that follows the one of hash `previous`: 64 hexadecimal digits.

    Raises `Uncanonical` for what has no canonical form.
    """
    line = entry_text(
        case=case, number=number, at=at, name=name, actor=actor, epoch=epoch, body=body
    )
    return seal_text(previous, line)


def seal_text(previous: str, entry: str) -> str:
    """The same of an entry that is canonical JSON already."""
    return sha256(f"{previous}\n{entry}".encode()).hexdigest()


def commit(salt: bytes, words: str) -> str:
    """What binds the ledger to a text without telling anything of it, as long as nobody knows the
    salt: `sha256:` and the hash of salt and text.
    """
    try:
        data = words.encode()
    except UnicodeEncodeError:  # half a character stands as the three bytes it would have
        data = whole(words).encode("utf-8", "surrogatepass")
    return _PREFIX + sha256(salt + data).hexdigest()
