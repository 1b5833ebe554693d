"""The steps of a try of a batch, at each of which it may die or stand still; and time that costs nothing."""

from __future__ import annotations

import threading
import time


class Killed(BaseException):
    """The process of this try is no more."""


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._guard = threading.Lock()

    def time(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float, /) -> None:
        with self._guard:
            self._ahead += max(0.0, seconds)


class Stop:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float, /) -> bool:
        self._clock.sleep(timeout)
        return False


class Fuse:
    """
    Counts the steps of one try.

    :param kill: the step at which it dies; ``hold``: the one at which it stands still.
    """

    def __init__(self, kill: int | None = None, hold: int | None = None) -> None:
        self.steps = 0
        self._kill = kill
        self._hold = hold
        self._guard = threading.Lock()
        self.held, self.let_go = threading.Event(), threading.Event()

    def step(self, *, stands: bool = True) -> None:
        """
        Come to a step.

        :param stands: a try may stand still here; not between its last look at the ledger and the paid call,
            as nothing that is stored could tell what happens there.
        """
        with self._guard:
            self.steps += 1
            number = self.steps
        if self._kill is not None and number >= self._kill:
            raise Killed
        if stands and self._hold is not None and number >= self._hold and not self.let_go.is_set():
            self.held.set()
            assert self.let_go.wait(30)
