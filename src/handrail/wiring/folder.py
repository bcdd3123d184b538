"""The data folder of a service that keeps its store in SQLite: private, and of one process."""

import os
from pathlib import Path
from typing import IO

from handrail.errors import InputError, Unavailable

_LOCK = "serve.lock"


def take(folder: Path) -> IO[bytes]:
    """Make the folder, for its owner only, and keep other services out of it until the file that is
    given back is closed, or the process ends, however it does.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / _LOCK).open("ab")
    except OSError as problem:
        said = (problem.strerror or str(problem)).lower()
        raise InputError(
            f"cannot use the data folder `{folder}`: {said}", hint="name another with --data"
        ) from None
    if os.name != "posix":
        return file
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Unavailable(
            f"another service has the data folder `{folder}`",
            hint="end it, or name another folder with --data; many processes need --database-url",
        ) from None
    return file
