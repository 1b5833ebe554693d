"""Faults of a try of a batch: its process dies at a named moment; its waits take no time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission.identity import new_holder
from tests.sandbox_process import SandboxProcess

Moment = Literal["row", "plan", "create", "created", "write", "look", "download", "success"]
"""A row is read, a plan is to stand, a request is to be sent, its answer has come, a segment is to be
written, a generation is to be looked at, a file is to be fetched, ``_SUCCESS`` is to be made."""

QUICKLY: Final = 0.01


class Killed(BaseException):
    """The process of this try is no more."""


class FaultInjector:
    """
    Lets a try die at a chosen moment, or does something else there.

    :param moment: at which kind of moment; ``None``: nothing happens.
    :param number: at the how-manieth of them.
    :param instead: is called then, once.
    :param answered: they count from when so many requests were answered.
    """

    def __init__(
        self,
        moment: Moment | None = None,
        number: int = 1,
        instead: Callable[[], Any] | None = None,
        answered: int = 0,
    ) -> None:
        self._moment = moment
        self._left = number
        self._instead = instead
        self._unanswered = answered
        self._guard = threading.Lock()
        self.dead = False

    def at(self, moment: Moment) -> None:
        with self._guard:
            self._unanswered -= moment == "created"
            if moment == self._moment and self._unanswered <= 0:
                self._left -= 1
                if self._left == 0 and self._instead is not None:
                    self._instead()
                self.dead = self.dead or (self._left <= 0 and self._instead is None)
            if self.dead:
                raise Killed(moment)


class SharedClock:
    """Time that passes when somebody waits, at the gateway too."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox
        self._ahead = 0.0
        self._guard = threading.Lock()

    def time(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float, /) -> None:
        if seconds > QUICKLY:
            with self._guard:
                self._sandbox.advance(seconds)
                self._ahead += seconds


class Stop(StopFlag):
    """A flag whose waits take no time."""

    def __init__(self, clock: SharedClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float, /) -> bool:
        if not self.is_set():
            self._clock.sleep(timeout)
        return self.is_set()


class CrashingClient:
    """A hook that reaches the gateway as long as its try lives."""

    def __init__(self, hook: Any, injector: FaultInjector) -> None:
        self._hook = hook
        self._injector = injector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hook, name)

    def create_generation(self, *arguments: Any, **more: Any) -> Any:
        self._injector.at("create")
        made = self._hook.create_generation(*arguments, **more)
        self._injector.at("created")
        return made

    def get_generation(self, *arguments: Any, **more: Any) -> Any:
        self._injector.at("look")
        return self._hook.get_generation(*arguments, **more)

    def downloader(self) -> Any:
        self._injector.at("download")
        return self._hook.downloader()


class CrashingLedger(Ledger):
    """A ledger that is written as long as its try lives."""

    injector: FaultInjector

    def _append(self, entries: Any) -> None:
        self.injector.at("write")
        super()._append(entries)


class CrashingJob(BatchJob):
    """A job whose ledger dies with it."""

    injector: FaultInjector

    def open_ledger(self) -> Ledger:
        ledger = CrashingLedger(self.folders.state, self.folders.batch, new_holder(), self._clock.monotonic)
        ledger.injector = self.injector
        ledger.open()
        return ledger
