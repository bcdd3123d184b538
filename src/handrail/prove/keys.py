"""The keys that sign checkpoints: Ed25519, in a file that only its owner can read.

The file has every public key that was ever used, each introduced by the one before it, and the
private key of the last one only: what is gone cannot be stolen.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from handrail.core import ledger
from handrail.core.ledger import Checkpoint, Introduction, Seal, Signed, SignedKey
from handrail.errors import InputError

_OTHERS = 0o077


def right(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is of that message, by the owner of that public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Keys:
    """The keys of an installation, of which the last one signs.

    A server that runs on keeps the key that it has read; read the file again after a rotation.
    """

    def __init__(self, history: tuple[SignedKey, ...], private: Ed25519PrivateKey) -> None:
        self.history = history
        self._private = private

    @property
    def current(self) -> Introduction:
        """The key that signs now."""
        return self.history[-1].introduction

    def sign(self, message: bytes) -> str:
        """The signature of the current key, in hexadecimal."""
        return self._private.sign(message).hex()

    @classmethod
    def create(cls, path: Path, at: int) -> "Keys":
        """A first key, in a new file. InputError when the file is there already."""
        made = _new(at, None)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise InputError(f"the key file `{path}` is there already", hint="rotate it") from None
        except OSError as error:
            raise _cannot("write", path, error) from None
        made.save(path)
        return made

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """The keys of a file. InputError when it is none, or when others can read it."""
        try:
            if os.name == "posix" and path.stat().st_mode & _OTHERS:
                raise InputError(f"others can read the key file `{path}`", hint="chmod 600 it")
            data = json.loads(path.read_bytes())
            history = tuple(_read(one) for one in data["keys"])
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(data["private"]))
            public = history[-1].introduction.public
        except OSError as error:
            raise _cannot("read", path, error) from None
        except (ValueError, KeyError, TypeError, IndexError):
            raise InputError(f"`{path}` is no key file") from None
        if public != private.public_key().public_bytes_raw().hex():
            raise InputError(f"the private key in `{path}` is not that of its last key")
        return cls(history, private)

    def rotate(self, path: Path, at: int) -> "Keys":
        """A new key from now on, which the old one introduces; the file is replaced whole, and the
        old private key is gone.
        """
        made = _new(max(at, self.current.at), self)
        made.save(path)
        return made

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        data = {
            "keys": [
                {"at": one.introduction.at, "previous": one.introduction.previous}
                | {"public": one.introduction.public, "signature": one.signature}
                for one in self.history
            ],
            "private": self._private.private_bytes_raw().hex(),
        }
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # nobody else's
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(ledger.canonical(data) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _cannot("write", path, error) from None


def _cannot(what: str, path: Path, error: OSError) -> InputError:
    return InputError(f"cannot {what} the key file `{path}`: {error.strerror}")


def _read(data: dict[str, Any]) -> SignedKey:
    return SignedKey(
        introduction=Introduction(public=data["public"], at=data["at"], previous=data["previous"]),
        signature=data["signature"],
    )


def _new(at: int, before: Keys | None) -> Keys:
    """A new key, introduced by the one before it, or by itself."""
    private = Ed25519PrivateKey.generate()
    made = Introduction(
        public=private.public_key().public_bytes_raw().hex(),
        at=at,
        previous=before.current.id if before else "",
    )
    said = ledger.message(made)
    signature = before.sign(said) if before else private.sign(said).hex()
    return Keys(
        (*(before.history if before else ()), SignedKey(introduction=made, signature=signature)),
        private,
    )


def checkpoint(
    keys: Keys,
    workspace: str,
    before: Checkpoint | None,
    seals: Iterable[Seal],
    *,
    at: int,
    cases: int,
    entries: int,
    incarnation: int = 0,
) -> Signed:
    """The next checkpoint, signed. `seals` are of the cases that changed since the one before;
    `cases` and `entries` count the whole workspace. Time never runs backwards.
    """
    listed = tuple(sorted(seals))
    made = Checkpoint(
        number=before.number + 1 if before else 1,
        at=max(at, keys.current.at, before.at if before else 0),
        incarnation=incarnation,
        previous=ledger.digest(before) if before else ledger.start(workspace),
        cases=cases,
        entries=entries,
        root=ledger.root(listed),
        key=keys.current.id,
    )
    return Signed(checkpoint=made, seals=listed, signature=keys.sign(ledger.message(made)))
