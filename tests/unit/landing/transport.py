"""A result to fetch: answers that are told before, byte for byte, and a folder to land them in."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_rivya.landing.fetch import fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.media.samples import cut, encoded

URL = "https://cdn.example/results/secret-token/a.bin?sig=secret"
PNG_BYTES = encoded(300, 200, "PNG")
NAME_FOR = functools.partial(default_name, "task_1", 0)


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


class Waits(threading.Event):
    """Never waits, but notes for how long it should."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return self.is_set()


class Case:
    """One file to land in a folder of its own."""

    def __init__(self, folder: Path, *answers: Answer, place: str | None = None) -> None:
        self.folder = folder
        self.transport = Transport(list(answers))
        self.place = OutputPlace(place or f"{folder}/")
        self.stop = Waits()

    def fetch(self, **options: Any) -> Output:
        new_writer = functools.partial(OutputWriter, self.place, 0, URL, NAME_FOR, "overwrite")
        return fetch(self.transport, URL, new_writer, stop=self.stop, **options)

    @property
    def files(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    @property
    def tries(self) -> int:
        return len(self.transport.opened)
