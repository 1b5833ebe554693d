"""Lands the files of a generation where a person wants them."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_rivya.cli.options import DEFAULT_CONNECTION
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.result import GenerationResult
from airflow_provider_rivya.result import Output as LandedOutput
from airflow_provider_rivya.storage.place import OutputPlace

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.media.types import Kind


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


def show(result: GenerationResult, output: Output) -> None:
    """Print where the files of a result are, and what it cost."""
    document = result.to_xcom()
    for entry in document["outputs"]:
        # Whoever has the URL has the file: it is for tasks, not for terminals.
        del entry["source_url"]
    output.result(document, *(_line(file) for file in result.outputs))
    show_pictures(document["outputs"], output)
    cost = result.credits_final
    told = "The gateway does not say what it cost." if cost is None else f"It cost {in_credits(cost)}."
    output.say(told, style="dim")


def show_pictures(outputs: Iterable[Mapping[str, Any]], output: Output) -> None:
    """
    Show the files themselves, where the terminal can: those on this machine alone.

    :param outputs: of results or of manifest lines; read only where something can be shown.
    """
    from airflow_provider_rivya.cli.terminal_picture import escape_codes, protocol_of, side_for
    from airflow_provider_rivya.media.stills import Stills

    protocol = protocol_of(os.environ)
    if protocol is None or output.format != "table" or not output.stdout.isatty():
        return
    side = side_for(shutil.get_terminal_size().columns)
    with Stills() as stills:
        for file in outputs:
            uri, kind = str(file["uri"]), str(file["mime_type"]).partition("/")[0]
            if uri.startswith("file://") and kind in ("image", "video", "audio"):
                drawn = stills.draw(local_path(uri), cast("Kind", kind), side)
                if drawn is not None:
                    output.stdout.write(escape_codes(drawn, protocol))
        output.stdout.flush()


def way_back(generation_id: str, arguments: Namespace) -> str:
    """
    Return the command that lands what is paid for.

    :param arguments: of the command that submitted it, or was to land it.
    """
    words = ["rivya", "fetch", generation_id, "--output", arguments.output]
    if arguments.conn_id != DEFAULT_CONNECTION:
        words += ["--conn-id", arguments.conn_id]
    return shlex.join(words)


def _line(file: LandedOutput) -> str:
    size = f"{file.width} x {file.height}, " if file.width and file.height else ""
    return f"{local_path(file.uri or '')}  ({size}{file.mime_type}, {_bytes(file.size_bytes or 0)})"


def local_path(uri: str) -> str:
    """The path of a ``file://`` URI; any other URI as it is."""
    return uri.removeprefix("file://")


def _bytes(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
