"""A lock that is given in the order in which it was asked for.

A plain lock goes to whoever comes by first, which is mostly the thread that just let go of it: one
that writes all the time would keep the deadlines and the deliveries waiting for seconds.
"""

import threading
from collections import deque


class Turnstile:
    """Use it in a `with` block, once at a time in each thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._busy = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._busy:
                self._busy = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()  # released by whoever is before us
        except BaseException:
            with self._guard:
                ours = turn not in self._waiting
                if not ours:
                    self._waiting.remove(turn)
            if ours:
                self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()  # busy still: it is theirs now
            else:
                self._busy = False
