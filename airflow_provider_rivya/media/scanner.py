"""
Reading a file format from a stream of chunks of any size, in constant memory.

A format is written down as a generator (a *walk*) that yields what it wants next, a :data:`Step`,
and is handed the bytes it asked to see. :class:`Scanner` feeds it. So a walk reads like code over a
file, yet never holds more than the few bytes of one :class:`Take`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

#: Bytes tolerated after the end of an image. Padding and vendors' trailers are common and harmless,
#: every decoder ignores them, and refusing them would throw away an image that was paid for. More
#: than this is taken for damage that made the end appear too early.
TRAILING_LIMIT = 64 * 1024


class CorruptError(Exception):
    """The bytes break the rules of their format; the text says which one."""


class TruncatedError(CorruptError):
    """The bytes end before the format says they do."""


@dataclass(frozen=True)
class Take:
    """
    Hand over ``count`` bytes.

    :param short_ok: whether the file may end here; the walk then gets what there was, maybe ``b""``.
    """

    count: int
    short_ok: bool = False


@dataclass(frozen=True)
class Pass:
    """Let ``count`` bytes go by, shown piece by piece to ``sink``."""

    count: int
    sink: Callable[[memoryview], object] | None = None


@dataclass(frozen=True)
class Find:
    """Let bytes go by up to and including the first ``byte``."""

    byte: int


@dataclass(frozen=True)
class Rest:
    """Let everything go by that is left; more than ``limit`` bytes are an error. Resumes at the end."""

    limit: int | None = None


Step = Take | Pass | Find | Rest
Walk = Generator[Step, bytes, None]


@dataclass
class Size:
    """Where a walk writes the dimensions it comes across, in pixels."""

    width: int | None = None
    height: int | None = None


class Scanner:
    """
    Drive one walk.

    :param walk: a fresh generator.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._step: Step | None = None
        self._left = 0
        self._buffer = bytearray()
        self._resume(None)

    def feed(self, data: bytes) -> None:
        """
        Take in the next bytes of the file.

        :raises CorruptError: as soon as they break the format.
        """
        at = 0
        while at < len(data):
            at += self._consume(data, at)

    def finish(self) -> None:
        """
        Tell the walk that the file ends here.

        :raises TruncatedError: when the format wants more.
        """
        while self._step is not None:
            if not (isinstance(self._step, Rest) or (isinstance(self._step, Take) and self._step.short_ok)):
                raise TruncatedError("it ends before its format says it does")
            self._resume(bytes(self._buffer))

    def _consume(self, data: bytes, at: int) -> int:
        """Take in bytes from ``at`` on, as many as the step wants; return how many those were."""
        step = self._step
        if isinstance(step, Take):
            piece = data[at : at + self._left]
            self._buffer += piece
            self._left -= len(piece)
            if not self._left:
                self._resume(bytes(self._buffer))
            return len(piece)
        if isinstance(step, Pass):
            count = min(self._left, len(data) - at)
            if step.sink:
                step.sink(memoryview(data)[at : at + count])
            self._left -= count
            if not self._left:
                self._resume(b"")
            return count
        rest = len(data) - at
        if isinstance(step, Find):
            found = data.find(step.byte, at)
            if found < 0:
                return rest
            self._resume(b"")
            return found + 1 - at
        if step is None:
            raise CorruptError("it goes on after its end")
        self._left += rest
        if step.limit is not None and self._left > step.limit:
            raise CorruptError(f"more than {step.limit} bytes follow its end")
        return rest

    def _resume(self, answer: bytes | None) -> None:
        """Step on until the walk wants bytes that have not come yet."""
        try:
            while True:
                self._step = next(self._walk) if answer is None else self._walk.send(answer)
                self._buffer.clear()
                self._left = self._step.count if isinstance(self._step, Take | Pass) else 0
                if self._left or isinstance(self._step, Find | Rest):
                    return
                answer = b""
        except StopIteration:
            self._step = None
