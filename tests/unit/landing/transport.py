"""What tests of the landing fetch from: answers that are told before, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.unit.media.samples import cut, encoded

URL = "https://cdn.example/results/secret-token/a.bin?sig=secret"
PNG_BYTES = encoded(300, 200, "PNG")


@dataclass
class Answer:
    """One answer; ``error`` ends it after its chunks."""

    data: bytes = PNG_BYTES
    error: Exception | None = None
    chunk: int = 1000
    source: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None
    coding: str = ""
    sent: int = 0

    def chunks(self) -> Iterator[bytes]:
        for piece in self.source() if self.source else cut(self.data, self.chunk):
            self.sent += len(piece)
            yield piece
        if self.error:
            raise self.error


@dataclass
class Transport:
    """A URL that answers, one answer after the other, the last one again."""

    answers: list[Answer]
    opened: list[str] = field(default_factory=list)
    open_now: int = 0

    @contextmanager
    def __call__(self, url: str, /) -> Iterator[Answer]:
        self.opened.append(url)
        self.open_now += 1
        try:
            yield self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        finally:
            self.open_now -= 1
