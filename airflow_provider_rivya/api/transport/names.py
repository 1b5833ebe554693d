"""Looks names of hosts up within bounds; the system's resolver knows none."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

NOT_RESOLVED: Final = "the host's name was not resolved in time"
_HANGS: Final = 30.0
"""Seconds after which a look-up is not joined any more, and another one may begin beside it."""
_MOST_HANGING: Final = 8


class LookUps:
    """
    Asks the resolver, which knows no timeout and no flag, in threads that are left behind where it hangs.

    Who asks for a host that is being looked up waits for the same thread. No other part of the process waits
    for these: an event loop's own threads would be used up, and waited for at its end.

    :param slow: seconds after which a look-up counts among those that hang; of these there are few.
    """

    def __init__(self, slow: float = 1.0) -> None:
        self._slow = slow
        self._guard = threading.Lock()
        self._running: dict[Future[list[str]], tuple[str, int, float]] = {}

    def begin(self, host: str, port: int) -> Future[list[str]]:
        """Return what becomes the addresses of a host, each once; it cannot be cancelled."""
        now = time.monotonic()
        with self._guard:
            for running, (name, number, begun) in self._running.items():
                if (name, number) == (host, port) and now - begun < _HANGS:
                    return running
            found: Future[list[str]] = Future()
            found.set_running_or_notify_cancel()
            if sum(now - begun > self._slow for *_, begun in self._running.values()) >= _MOST_HANGING:
                found.set_exception(OSError(f"{NOT_RESOLVED}: {_MOST_HANGING} look-ups hang"))
                return found
            self._running[found] = host, port, now
        ask = threading.Thread(target=self._ask, args=(found, host, port), name="rivya-resolve", daemon=True)
        try:
            ask.start()
        except RuntimeError as error:
            self._over(found, error=OSError(str(error)))
        return found

    def _ask(self, found: Future[list[str]], host: str, port: int) -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._over(found, list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except Exception as error:
            # A TimeoutError would look like a look-up that goes on.
            self._over(found, error=OSError(str(error)) if isinstance(error, TimeoutError) else error)

    def _over(
        self, found: Future[list[str]], addresses: Sequence[str] = (), error: Exception | None = None
    ) -> None:
        with self._guard:
            del self._running[found]
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(list(addresses))


LOOK_UPS: Final = LookUps()
"""Of this process."""


async def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """
    Look a host up on an event loop.

    :raises TimeoutError: none was told within so many seconds.
    :raises OSError: it has no address.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(LOOK_UPS.begin(host, port))
    except TimeoutError:
        raise TimeoutError(NOT_RESOLVED) from None
    except UnicodeError as error:
        raise OSError(str(error)) from None
