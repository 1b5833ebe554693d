"""Fetches one result and stores it: checked while it streams, and fetched again where that may help."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import DamagedError, DownloadError, GenerationError, StorageError
from airflow_provider_rivya.landing.checks import STRUCTURE, Checks
from airflow_provider_rivya.landing.copy import LocalCopy, local_copy
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.verify import decoded
from airflow_provider_rivya.redaction import host_of

if TYPE_CHECKING:
    from airflow_provider_rivya.api.download import OpenUrl
    from airflow_provider_rivya.landing.writer import OutputWriter
    from airflow_provider_rivya.result import Output

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """
    How often one file is fetched.

    :param attempts: in all.
    :param pause: seconds before the second one; the following pauses double.
    :param longest: seconds that a host may ask to wait; where it asks for more, the next try of the task
        fetches the file.
    """

    attempts: int = 3
    pause: float = 1.0
    longest: float = 120.0

    def pause_after(self, attempt: int) -> float:
        """Return seconds, scattered so that files that failed together do not come back together."""
        return min(20.0, self.pause * 2.0 ** (attempt - 1)) * random.uniform(1, 1.5)  # noqa: S311 - no secret


RETRIES: Final = Retries()


def fetch(
    open_url: OpenUrl,
    source_url: str,
    new_writer: Callable[[], OutputWriter],
    *,
    stop: threading.Event,
    retries: Retries = RETRIES,
    checks: Checks = STRUCTURE,
) -> Output:
    """
    Fetch one file and store it, whole and checked, or not at all.

    A broken transfer, a damaged file and bytes that are no media are fetched again; a storage fault is tried
    once more. When a damaged file comes a second time, its bytes are kept beside the output, under a name of
    their own: it is paid for, and its URL may be gone tomorrow.

    :param new_writer: makes the writer of one attempt.
    :param stop: when it is set, there is no further attempt, and no waiting for one.
    :raises DownloadRefusedError: it is too large, or its URL is not followed.
    :raises DamagedError: it is damaged; the message tells where it is.
    :raises DownloadError: it could not be fetched whole.
    :raises NotMediaError: what came is no image, video or audio file.
    :raises StorageError: the place did not take it, or is taken.
    """
    attempt = storage_faults = 0
    damaged: str | None = None
    while True:
        attempt += 1
        last = attempt >= retries.attempts
        try:
            return _Attempt(open_url, source_url, checks, stop, damaged, last).run(new_writer)
        except GenerationError as error:
            storage_faults += isinstance(error, StorageError)
            if isinstance(error, DamagedError):
                damaged = error.sha256
                last = last or error.kept_at is not None
            asked = (error.retry_after if isinstance(error, DownloadError) else None) or 0.0
            if not error.retryable or last or storage_faults > 1 or asked > retries.longest or stop.is_set():
                raise
            log.warning("Attempt %d to fetch a result failed, trying again: %s", attempt, error)
            if stop.wait(max(asked, retries.pause_after(attempt))):
                raise


@dataclass(frozen=True, slots=True)
class _Attempt:
    """
    One attempt to fetch a file.

    :param damaged: hex digest of the damaged bytes that an earlier attempt brought.
    :param last: whether there is no further one.
    """

    open_url: OpenUrl
    source_url: str = field(repr=False)
    checks: Checks
    stop: threading.Event
    damaged: str | None
    last: bool

    def run(self, new_writer: Callable[[], OutputWriter]) -> Output:
        subject = f"The file from {host_of(self.source_url)}"
        copied = self.checks.decode or self.damaged is not None
        with new_writer() as writer, local_copy() if copied else nullcontext() as copy:
            with self.open_url(self.source_url) as stream:
                if stream.coding:
                    subject += f" (encoded as {stream.coding}, which was not asked for and is not undone)"
                inspector = StreamInspector(subject, self.checks.raw)
                for chunk in stream.chunks():
                    inspector.feed(chunk)
                    writer.feed(chunk, inspector.media_type)
                    if writer.kept is not None:
                        return writer.kept
                    if copy is not None:
                        copy.write(chunk)
            try:
                facts = inspector.finish()
                if self.checks.decode and copy is not None:
                    facts = decoded(copy.path, facts, subject, self.stop)
            except DamagedError as error:
                writer.feed(b"", inspector.media_type)
                raise self._kept(error, writer, copy) from None
            writer.feed(b"", facts.media_type)
            return writer.kept or writer.commit(facts)

    def _kept(self, error: DamagedError, writer: OutputWriter, copy: LocalCopy | None) -> DamagedError:
        """Keep damaged bytes that have come twice, or for the last time."""
        same = error.sha256 == self.damaged
        if copy is None or self.damaged is None or not (same or self.last):
            return error
        try:
            place = writer.keep_damaged(copy.blocks())
        except (StorageError, OSError) as fault:
            log.warning("The damaged file could not be kept: %s", fault)
            return error
        came = "The same bytes came twice" if same else "It came damaged more than once"
        return error.replace(message=f"{error.message} {came}; it is kept at {place}.", kept_at=place)
