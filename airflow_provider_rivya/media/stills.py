"""Small pictures of files, drawn in a process of its own with a bound on memory and time."""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Self

from airflow_provider_rivya.media.types import Kind
from airflow_provider_rivya.media.verify import Bounds, surroundings

log = logging.getLogger(__name__)

_BOUNDS: Final = Bounds(seconds=20.0)
_MOST_BYTES: Final = 8 * 1024 * 1024
_MOST_DEATHS: Final = 10
"""After so many files that have ended the process, it is not begun again."""


def can_draw(kind: Kind) -> bool:
    """Whether the libraries for it are there."""
    return find_spec("PIL") is not None and (kind == "image" or find_spec("av") is not None)


class Stills:
    """
    Draws for many threads, one after the other, in one process that begins with the first file.

    What comes from a gateway may be made to break a decoder: such a file has no picture, and the process is
    begun again for the next one.
    """

    def __init__(self, bounds: Bounds = _BOUNDS) -> None:
        self._bounds = bounds
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            self._end()

    def draw(self, path: str, kind: Kind, side: int, most_bytes: int = 0) -> bytes | None:
        """
        Return a WebP that shows a file; ``None`` if it cannot be shown.

        :param side: of the square that it fits into, in pixels.
        :param most_bytes: of the WebP; 0: whatever it takes.
        """
        if not can_draw(kind):
            return None
        asked = {"path": path, "kind": kind, "side": side, "most_bytes": most_bytes}
        with self._guard:
            if self._deaths >= _MOST_DEATHS:
                return None
            try:
                return self._ask(json.dumps(asked).encode() + b"\n")
            except (OSError, ValueError, KeyError, TypeError) as problem:
                log.warning("No small picture of %s: %s.", os.path.basename(path), problem)
                self._deaths += 1
                self._end()
                return None

    def _ask(self, line: bytes) -> bytes | None:
        process = self._process or self._begin()
        if process.stdin is None or process.stdout is None:
            raise OSError("its process has no pipes")
        process.stdin.write(line)
        process.stdin.flush()
        deadline = time.monotonic() + self._bounds.seconds
        held = b""
        while b"\n" not in held:
            held += self._more(process.stdout.fileno(), deadline)
        head, _, drawn = held.partition(b"\n")
        told = json.loads(head)
        if "error" in told:
            log.debug("No small picture: %s.", told["error"])
            return None
        if not 0 < (size := int(told["bytes"])) <= _MOST_BYTES:
            raise ValueError("it would be too large")
        parts, left = [drawn], size - len(drawn)
        while left > 0:
            parts.append(self._more(process.stdout.fileno(), deadline))
            left -= len(parts[-1])
        return b"".join(parts)

    @staticmethod
    def _more(descriptor: int, deadline: float) -> bytes:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise OSError("it took too long")
        if not (data := os.read(descriptor, 64 * 1024)):
            raise OSError("it broke its decoder, or takes too much memory")
        return data

    def _begin(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "airflow_provider_rivya.media.painter"]
        self._process = subprocess.Popen(  # noqa: S603 - the arguments are our own
            [*command, str(self._bounds.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings(),
        )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
