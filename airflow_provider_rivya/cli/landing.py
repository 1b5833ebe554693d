"""Lands the files of a generation where a person wants them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import InvalidRequestError, OutputError
from airflow_provider_rivya.generation.result import GenerationResult, whole
from airflow_provider_rivya.generation.result import Output as LandedOutput
from airflow_provider_rivya.media import download
from airflow_provider_rivya.media.naming import default_name
from airflow_provider_rivya.media.store import OutputPlace

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.media.download import LandedFile


def place_of(text: str) -> str:
    """Make a path of the command line one that a task could use: absolute, a folder marked as such."""
    if "://" in text or not text.strip():
        return text
    path = os.path.abspath(os.path.expanduser(text))
    return f"{path}/" if text.endswith(("/", os.sep)) or os.path.isdir(path) else path


def checked_place(text: str) -> OutputPlace:
    """
    Return the place, after a file was written to it and removed.

    :raises InvalidRequestError: nothing can be stored there.
    """
    place = OutputPlace(place_of(text))
    faults = place.faults()
    if not faults and (fault := place.probe()):
        faults = [fault]
    if faults:
        raise InvalidRequestError(faults, subject="The output place", fate="")
    return place


def land(hook: GatewayHook, generation: Generation, model: str, path: str, output: Output) -> int:
    """Land every file of a succeeded generation and print where they are."""
    if not generation.urls:
        raise OutputError("The generation succeeded, but the gateway lists no result", retryable=True)
    place = OutputPlace(place_of(path))
    count = len(generation.urls)
    wanted = [
        download.Output(url, _namer(place, generation.id, index, count))
        for index, url in enumerate(generation.urls)
    ]
    limit = hook.settings.max_output_bytes
    files = download.land_all(hook.downloader().open, wanted, place, max_bytes=limit)
    output.result(_document(hook, generation, model, files), *(_line(file) for file in files))
    output.say(f"It cost {whole(generation.credits_final)} credits.", style="dim")
    return 0


def _namer(place: OutputPlace, generation_id: str, index: int, count: int) -> Any:
    # One name cannot hold several files, should more come than were asked for.
    if count > 1 and place.fixed_name is not None:
        return lambda media_type: default_name(generation_id, index, media_type)
    return place.namer(generation_id, index)


def _document(
    hook: GatewayHook, generation: Generation, model: str, files: list[LandedFile]
) -> dict[str, Any]:
    outputs = [
        LandedOutput(
            index=index,
            uri=file.uri,
            conn_id=file.conn_id,
            source_url="",
            mime_type=file.mime_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            width=file.width,
            height=file.height,
        )
        for index, file in enumerate(files)
    ]
    document = GenerationResult.of(generation, hook.api.NAME, model, outputs).to_xcom()
    for entry in document["outputs"]:
        # Whoever has the URL has the file: it is for tasks, not for terminals.
        del entry["source_url"]
    return document


def _line(file: LandedFile) -> str:
    size = f"{file.width} x {file.height}, " if file.width and file.height else ""
    return f"{local_path(file.uri)}  ({size}{file.mime_type}, {_bytes(file.size_bytes)})"


def local_path(uri: str) -> str:
    """The path of a ``file://`` URI; any other URI as it is."""
    return uri.removeprefix("file://")


def _bytes(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
