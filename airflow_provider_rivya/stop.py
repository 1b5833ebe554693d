"""How a task that was asked to stop tells its waits, transfers and repeats to end at once."""

from __future__ import annotations

import time
from typing import Final, Protocol

SLICE: Final = 0.2
"""Seconds after which a wait looks whether it is to end."""


class Stop(Protocol):
    """What :class:`StopFlag` and :class:`threading.Event` have in common."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float, /) -> bool:
        """Wait so many seconds, or until it is set; return whether it is."""


class StopFlag:
    """
    A flag that a signal handler may set; :class:`threading.Event` may not be set there.

    An event takes a lock to be set, which the interrupted code may hold.
    """

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float, /) -> bool:
        """Wait so many seconds, or until it is set; return whether it is."""
        end = time.monotonic() + timeout
        while not self._set and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, SLICE))
        return self._set


class StopClock:
    """The module ``time``, but for a sleep that ends when the task is asked to stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        self._stop.wait(seconds)
