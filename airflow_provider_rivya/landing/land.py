"""Lands all files of a generation, side by side: the same for tasks, sensors and the command line."""

from __future__ import annotations

import contextvars
import functools
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import GenerationError, OutputError
from airflow_provider_rivya.landing.checks import STRUCTURE, Checks
from airflow_provider_rivya.landing.fetch import RETRIES, Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.path import default_name

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.media.types import MediaType
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace

log = logging.getLogger(__name__)

FILES_AT_ONCE: Final = 4
_LOOK_UP: Final = 0.1
"""Seconds after which a landing looks whether it is to stop."""


def land(
    client: GatewayClient,
    generation: Generation,
    place: OutputPlace | None,
    *,
    if_exists: IfExists = "overwrite",
    stop: Stop | None = None,
    retries: Retries = RETRIES,
    checks: Checks = STRUCTURE,
) -> list[Output]:
    """
    Land the files of a succeeded generation, several at a time.

    When one fails, the others are still landed, and stay: their names are the same on the next try. When the
    caller is interrupted (a kill, a timeout), transfers in flight are given up.

    :param place: where; ``None`` hands on the URLs alone.
    :param if_exists: what becomes of a file that stands there, see
        :class:`~airflow_provider_rivya.landing.writer.OutputWriter`.
    :param stop: when it is set, transfers and the waits between attempts end at once.
    :param checks: how the files are looked at.
    :return: one entry per result, in the gateway's order.
    :raises GenerationError: a file could not be fetched, is no media, or could not be stored: the error
        itself if only one went wrong, else an :class:`OutputError` that tells all, with an
        ``ExceptionGroup`` as its cause.
    """
    urls = generation.urls
    if not urls:
        raise OutputError("The generation succeeded, but the gateway lists no result", retryable=True)
    if place is None:
        return [Output(index, None, None, url) for index, url in enumerate(urls)]
    place.prepare()
    ending = threading.Event()
    open_url = functools.partial(client.downloader().open, stop=ending)

    def land_one(index: int, url: str) -> Output:
        name_for = _namer(place, generation.id, index, len(urls))
        new_writer = functools.partial(OutputWriter, place, index, url, name_for, if_exists, checks.raw)
        output = fetch(open_url, url, new_writer, stop=ending, retries=retries, checks=checks)
        log.info("Landed %s (%s, %d bytes).", output.uri, output.mime_type, output.size_bytes)
        if output.doubts:
            log.warning("%s is odd, but complete: %s.", output.uri, "; ".join(output.doubts))
        return output

    pool = ThreadPoolExecutor(min(FILES_AT_ONCE, len(urls)), thread_name_prefix="rivya-land")
    try:
        files = [
            pool.submit(contextvars.copy_context().run, land_one, index, url)
            for index, url in enumerate(urls)
        ]
        running = set(files)
        while running:
            _, running = wait(running, timeout=None if stop is None else _LOOK_UP)
            if stop is not None and stop.is_set():
                ending.set()
    finally:
        ending.set()
        pool.shutdown(wait=True, cancel_futures=True)
    if failed := {index: error for index, file in enumerate(files) if (error := file.exception())}:
        _raise_together(failed, len(urls))
    return [file.result() for file in files]


def _namer(place: OutputPlace, generation_id: str, index: int, count: int) -> Callable[[MediaType], str]:
    """A fixed name is one file's; should more come than were asked for, all get their own names."""
    fixed = place.fixed_name if count == 1 else None
    if place.stem is not None:
        name = place.stem if count == 1 else f"{place.stem}-{index}"
        return lambda media_type: f"{name}.{media_type.extension}"
    return lambda media_type: fixed or default_name(generation_id, index, media_type)


def _raise_together(failed: Mapping[int, BaseException], count: int) -> None:
    """
    Raise one error for all files that failed.

    :param failed: by the file's index; at least one.
    :param count: how many files there were.
    """
    errors = [error for error in failed.values() if isinstance(error, GenerationError)]
    for error in failed.values():
        if len(failed) == 1 or not isinstance(error, GenerationError):
            raise error
    listing = "".join(f"\n  - output {index}: {error}" for index, error in failed.items())
    raise OutputError(
        f"{len(failed)} of {count} outputs could not be stored:{listing}",
        retryable=any(error.retryable for error in errors),
    ) from ExceptionGroup("outputs", errors)
