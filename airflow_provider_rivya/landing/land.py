"""Lands the files of a generation: the same for tasks, sensors and the command line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import OutputError
from airflow_provider_rivya.result import Output

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace

log = logging.getLogger(__name__)


def landed(
    hook: GatewayClient,
    generation: Generation,
    place: OutputPlace | None,
    *,
    if_exists: IfExists = "overwrite",
    stop: Stop | None = None,
) -> list[Output]:
    """
    Land the files of a succeeded generation, several at a time.

    :param place: where; ``None`` hands on the URLs alone.
    :return: one entry per result, in the gateway's order.
    :raises OutputError: a file could not be fetched, is no media, or could not be stored.
    """
    from airflow_provider_rivya.landing import fetch as download

    urls = generation.urls
    if not urls:
        raise OutputError("The generation succeeded, but the gateway lists no result", retryable=True)
    if place is None:
        return [Output(index, None, None, url) for index, url in enumerate(urls)]
    wanted = [
        download.Output(url, _namer(place, generation.id, index, len(urls))) for index, url in enumerate(urls)
    ]
    files = download.land_all(
        hook.downloader().open,
        wanted,
        place,
        max_bytes=hook.settings.max_output_bytes,
        if_exists=if_exists,
        stop=stop,
    )
    for file in files:
        log.info("Landed %s (%s, %d bytes).", file.uri, file.mime_type, file.size_bytes)
    return [
        Output(
            index=index,
            uri=file.uri,
            conn_id=file.conn_id,
            source_url=url,
            mime_type=file.mime_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            width=file.width,
            height=file.height,
        )
        for index, (url, file) in enumerate(zip(urls, files, strict=True))
    ]


def _namer(place: OutputPlace, generation_id: str, index: int, count: int) -> Any:
    """A fixed name is one file's; should more come than were asked for, all get their own names."""
    from airflow_provider_rivya.storage.path import default_name

    if count > 1 and place.fixed_name is not None:
        return lambda media_type: default_name(generation_id, index, media_type)
    return place.namer(generation_id, index)
