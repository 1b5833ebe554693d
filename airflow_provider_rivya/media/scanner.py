"""
Reading a file format from a stream of chunks of any size, in constant memory.

A format is written down as a generator (a *walk*) that yields what it wants next, a :data:`Step`,
and is handed the bytes it asked to see. :class:`Scanner` feeds it. So a walk reads like code over a
file, yet never holds more than the few bytes of one :class:`Take`.

When the file ends before a step has what it wants, :class:`TruncatedError` is thrown into the walk, which may
know that nothing is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.media.notes import Notes

MAX_STEPS: Final = 10_000_000
"""Of one walk: a file that is made to need more is not worth the time."""

Sink = Callable[[memoryview], object]


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
class Peek:
    """Show up to ``count`` bytes, fewer only where the file ends, and leave them where they are."""

    count: int


@dataclass(frozen=True)
class Pass:
    """Let ``count`` bytes go by, shown piece by piece to ``sink``."""

    count: int
    sink: Sink | None = None


@dataclass(frozen=True)
class Find:
    """Let bytes go by up to and including the first match, and hand it over."""

    pattern: re.Pattern[bytes]
    width: int
    """Bytes of a match: one and the same for all."""


@dataclass(frozen=True)
class Skip:
    """Let bytes go by as long as they are ``byte``; resumes at the first other one, or at the end."""

    byte: bytes


@dataclass(frozen=True)
class Rest:
    """Let everything go by that is left, shown piece by piece to ``sink``. Resumes at the end."""

    sink: Sink | None = None


Step = Take | Peek | Pass | Find | Skip | Rest
Walk = Generator[Step, bytes, None]
_COUNTED: Final = (Pass, Take, Peek)


class Scanner:
    """
    Drive one walk.

    :param walk: a fresh generator.
    :param notes: the same that the walk writes; where it stands is kept there.
    """

    def __init__(self, walk: Walk, notes: Notes) -> None:
        self._walk = walk
        self._notes = notes
        self._step: Step | None = None
        self._left = 0
        self._steps = 0
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
        while (step := self._step) is not None:
            if isinstance(step, Peek):
                self._shown()
            elif isinstance(step, Rest | Skip) or (isinstance(step, Take) and step.short_ok):
                self._resume(bytes(self._buffer))
            else:
                self._resume(TruncatedError("it ends before its format says it does"))

    def _consume(self, data: bytes, at: int) -> int:
        """Take in bytes from ``at`` on, as many as the step wants; return how many those were."""
        step = self._step
        rest = len(data) - at
        if isinstance(step, Pass):
            count = min(self._left, rest)
            if step.sink:
                step.sink(memoryview(data)[at : at + count])
            self._left -= count
            self._notes.position += count
            if not self._left:
                self._resume(b"")
            return count
        if isinstance(step, Take):
            piece = data[at : at + self._left]
            self._left -= len(piece)
            self._notes.position += len(piece)
            if self._left:
                self._buffer += piece
            else:
                self._resume(bytes(self._buffer) + piece if self._buffer else piece)
            return len(piece)
        if isinstance(step, Peek):
            piece = data[at : at + self._left]
            self._buffer += piece
            self._left -= len(piece)
            if not self._left:
                self._shown()
            return len(piece)
        if isinstance(step, Find):
            return self._search(step, data, at)
        if isinstance(step, Skip):
            left = len(data[at:].lstrip(step.byte))
            self._notes.position += rest - left
            if left:
                self._resume(b"")
            return rest - left
        if step is None:
            raise CorruptError("it goes on after its end")
        if step.sink:
            step.sink(memoryview(data)[at:])
        self._notes.position += rest
        return rest

    def _search(self, step: Find, data: bytes, at: int) -> int:
        """Search on; a match may have begun in the bytes that came before."""
        held = len(self._buffer)
        if held:
            seam = bytes(self._buffer) + data[at : at + step.width - 1]
            match = step.pattern.search(seam)
            used = match.end() - held if match else 0
        else:
            match, used = None, 0
        if match is None:
            match = step.pattern.search(data, at)
            used = match.end() - at if match else len(data) - at
        self._notes.position += used
        if match is not None:
            self._resume(match.group())
        elif step.width > 1:
            self._buffer = (self._buffer + data[max(at, len(data) - step.width + 1) :])[1 - step.width :]
        return used

    def _shown(self) -> None:
        """Answer a :class:`Peek`, and take its bytes in once more."""
        shown = bytes(self._buffer)
        self._resume(shown)
        self.feed(shown)

    def _resume(self, answer: bytes | TruncatedError | None) -> None:
        """Step on until the walk wants bytes that have not come yet."""
        try:
            while True:
                self._steps += 1
                if self._steps > MAX_STEPS:
                    raise CorruptError(f"it consists of more than {MAX_STEPS} parts")
                if answer is None:
                    self._step = next(self._walk)
                elif isinstance(answer, TruncatedError):
                    self._step = self._walk.throw(answer)
                else:
                    self._step = self._walk.send(answer)
                if self._buffer:
                    self._buffer = bytearray()
                if not isinstance(self._step, _COUNTED):
                    self._left = 0
                    return
                self._left = self._step.count
                if self._left:
                    return
                answer = b""
        except StopIteration:
            self._step = None
