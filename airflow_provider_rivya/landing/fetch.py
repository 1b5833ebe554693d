"""Fetches one result and stores it: checked while it streams, and fetched again where that may help."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import GenerationError, StorageError
from airflow_provider_rivya.media.inspect import StreamInspector
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
    """

    attempts: int = 3
    pause: float = 1.0

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
) -> Output:
    """
    Fetch one file and store it, whole and checked, or not at all.

    A broken transfer, a damaged file and bytes that are no media are fetched again; a storage fault is tried
    once more.

    :param new_writer: makes the writer of one attempt.
    :param stop: when it is set, there is no further attempt, and no waiting for one.
    :raises DownloadRefusedError: it is too large, or its URL is not followed.
    :raises DownloadError: it could not be fetched whole.
    :raises NotMediaError: what came is no image, video or audio file.
    :raises StorageError: the place did not take it, or is taken.
    """
    attempt = storage_faults = 0
    while True:
        attempt += 1
        try:
            return _once(open_url, source_url, new_writer)
        except GenerationError as error:
            storage_faults += isinstance(error, StorageError)
            if not error.retryable or attempt >= retries.attempts or storage_faults > 1:
                raise
            log.warning("Attempt %d to land a result failed, trying again: %s", attempt, error)
            if stop.wait(retries.pause_after(attempt)):
                raise


def _once(open_url: OpenUrl, source_url: str, new_writer: Callable[[], OutputWriter]) -> Output:
    inspector = StreamInspector(f"The file from {host_of(source_url)}")
    with new_writer() as writer:
        with open_url(source_url) as stream:
            for chunk in stream.chunks():
                inspector.feed(chunk)
                writer.feed(chunk, inspector.media_type)
                if writer.kept is not None:
                    return writer.kept
        facts = inspector.finish()
        writer.feed(b"", facts.media_type)
        return writer.kept or writer.commit(facts)
