"""
Fetch results and land them: streamed, checked while they stream, visible only when they are whole.

Runs on the worker, synchronously. The transport is handed in; it follows redirects, guards addresses
and maps its errors to :mod:`airflow_provider_rivya.exceptions` before they come here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from airflow_provider_rivya.exceptions import (
    DownloadError,
    DownloadRefusedError,
    GenerationError,
    OutputError,
    StorageError,
)
from airflow_provider_rivya.landing.writer import LandedFile, OutputWriter
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import MediaType
from airflow_provider_rivya.redaction import host_of
from airflow_provider_rivya.storage.place import IfExists, OutputPlace

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from airflow_provider_rivya.stop import Stop

log = logging.getLogger(__name__)

_LOOK: Final = 0.1
"""Seconds after which a landing looks whether it is to stop."""

__all__ = ["ByteStream", "LandedFile", "OpenStream", "Output", "land", "land_all"]


class ByteStream(Protocol):
    """The body of one answer."""

    @property
    def length(self) -> int | None:
        """The number of bytes that the server declared, ``None`` if it did not."""

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes, a chunk at a time."""


class OpenStream(Protocol):
    """Begin to fetch a URL; leaving the context ends the transfer, finished or not."""

    def __call__(self, url: str, /) -> AbstractContextManager[ByteStream]: ...


@dataclass(frozen=True)
class Output:
    """
    One result to land.

    :param source_url: where the gateway offers it. Secret: whoever has it, has the file.
    :param name_for: what it is to be called, by what it turns out to be.
    """

    source_url: str
    name_for: Callable[[MediaType], str]

    def __repr__(self) -> str:
        return f"Output({host_of(self.source_url)})"


def land(
    open_stream: OpenStream,
    source_url: str,
    place: OutputPlace,
    name_for: Callable[[MediaType], str],
    *,
    max_bytes: int,
    attempts: int = 3,
    wait: Callable[[float], object] | None = None,
    if_exists: IfExists = "overwrite",
    stop: threading.Event | None = None,
) -> LandedFile:
    """
    Fetch one file and store it, whole and checked, or not at all.

    A broken transfer, a damaged file and bytes that are no media are fetched again, up to
    ``attempts`` times in all; a storage fault is tried once more. Waits grow from one second.

    :param max_bytes: the connection's ``max_output_bytes``; more is refused.
    :param wait: sleeps the given number of seconds; by default until then or until ``stop`` is set.
    :param if_exists: ``overwrite``; ``fail`` unless the file there has the same content; ``skip``
        keeps the file there, which must be whole, and describes that one.
    :param stop: when set, the transfer is given up at its next chunk.
    :raises DownloadRefusedError: it is larger than ``max_bytes``, or the transport refused the URL.
    :raises DownloadError: it could not be fetched whole.
    :raises NotMediaError: what came is no image, video or audio file.
    :raises StorageError: the place did not take it, or is taken.
    """
    from tenacity import Retrying, stop_after_attempt, wait_exponential_jitter

    stop = stop or threading.Event()

    def pause(seconds: float) -> None:
        (wait or stop.wait)(seconds)

    attempt = _Attempt(open_stream, source_url, place, name_for, max_bytes, if_exists, stop)
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(initial=1, max=20, jitter=0.5),
        retry=_Repeatable(),
        sleep=pause,
        before_sleep=_tell,
        reraise=True,
    )
    return retrying(attempt.run)


def land_all(
    open_stream: OpenStream,
    outputs: Sequence[Output],
    place: OutputPlace,
    *,
    max_bytes: int,
    workers: int = 4,
    attempts: int = 3,
    wait: Callable[[float], object] | None = None,
    if_exists: IfExists = "overwrite",
    stop: Stop | None = None,
) -> list[LandedFile]:
    """
    Land several files at once; the order is that of ``outputs``.

    When one fails, the others are still landed, and stay: their names are the same on the next try.
    When the caller is interrupted (a kill, a timeout), transfers in flight are given up.

    :param workers: how many at once.
    :param stop: when it is set, transfers and the waits between attempts are given up.
    :raises GenerationError: what went wrong; the error itself if only one went wrong, else an
        :class:`OutputError` that tells all, with an ``ExceptionGroup`` as its cause.
    """
    place.prepare()
    ending = threading.Event()

    def land_one(output: Output) -> LandedFile:
        return land(
            open_stream,
            output.source_url,
            place,
            output.name_for,
            max_bytes=max_bytes,
            attempts=attempts,
            wait=wait,
            if_exists=if_exists,
            stop=ending,
        )

    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(outputs))), thread_name_prefix="rivya-land")
    landed: list[LandedFile] = []
    errors: list[tuple[int, Exception]] = []
    try:
        futures = [pool.submit(land_one, output) for output in outputs]
        while stop is not None and wait_for(futures, _LOOK).not_done and not ending.is_set():
            if stop.is_set():
                ending.set()
        for index, future in enumerate(futures):
            try:
                landed.append(future.result())
            except Exception as error:
                errors.append((index, error))
    finally:
        ending.set()
        pool.shutdown(wait=True, cancel_futures=True)
    if errors:
        _raise_together(errors, len(outputs))
    return landed


def _raise_together(errors: Sequence[tuple[int, Exception]], count: int) -> None:
    """
    Raise one error for the outputs that failed.

    :param errors: output index and error, at least one.
    :param count: how many outputs there were.
    """
    for _, error in errors:
        if len(errors) == 1 or not isinstance(error, GenerationError):
            raise error
    listing = "".join(f"\n  - output {index}: {error}" for index, error in errors)
    raise OutputError(
        f"{len(errors)} of {count} outputs could not be landed:{listing}",
        retryable=any(isinstance(error, GenerationError) and error.retryable for _, error in errors),
    ) from ExceptionGroup("outputs", [error for _, error in errors])


class _Repeatable:
    """Whether a failed attempt is worth another one. Storage is given a single second chance."""

    def __init__(self) -> None:
        self._storage_faults = 0

    def __call__(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, StorageError):
            self._storage_faults += 1
            return error.retryable and self._storage_faults == 1
        return isinstance(error, GenerationError) and error.retryable


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("Attempt %d to land a result failed, trying again: %s", state.attempt_number, error)


@dataclass(frozen=True)
class _Attempt:
    """What one attempt does; :meth:`run` may be called again after it failed."""

    open_stream: OpenStream
    source_url: str
    place: OutputPlace
    name_for: Callable[[MediaType], str]
    max_bytes: int
    if_exists: IfExists
    stop: threading.Event

    def run(self) -> LandedFile:
        writer = OutputWriter(self.place, self.name_for, self.if_exists)
        with ExitStack() as stack:
            stack.callback(writer.discard)
            inspector = stack.enter_context(StreamInspector(f"The file from {host_of(self.source_url)}"))
            stream = stack.enter_context(self.open_stream(self.source_url))
            for chunk in self._checked(stream):
                inspector.feed(chunk)
                writer.feed(chunk, inspector.media_type)
                if writer.kept is not None:
                    return writer.kept
            facts = inspector.finish()
            writer.feed(b"", facts.media_type)
            return writer.kept or writer.commit(facts)

    def _checked(self, stream: ByteStream) -> Iterator[bytes]:
        """Pass the chunks on as long as their sum stays within what was declared and allowed."""
        declared, received = stream.length, 0
        self._check_size(declared or 0)
        for chunk in stream.chunks():
            if self.stop.is_set():
                raise DownloadError("The transfer was given up, because the task is ending.")
            received += len(chunk)
            self._check_size(received)
            yield chunk
        if declared is not None and received != declared:
            raise DownloadError(
                f"The transfer from {host_of(self.source_url)} broke off: "
                f"{received} bytes came, {declared} were announced.",
                retryable=True,
            )

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise DownloadRefusedError(
                f"The file from {host_of(self.source_url)} has at least {size} bytes; "
                f"max_output_bytes of the connection allows {self.max_bytes}.",
                advice="Raise max_output_bytes in the connection's extra fields to land it.",
            )
