"""The ``reference_media`` argument: from what a DAG author writes to files that can be uploaded."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.catalog.findings import Findings
from airflow_provider_rivya.catalog.references import ReferenceFacts, check_number
from airflow_provider_rivya.exceptions import (
    DamagedError,
    DownloadRefusedError,
    Fault,
    GenerationError,
    NotMediaError,
    OutputError,
)
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.nested import MAX_DEPTH
from airflow_provider_rivya.redaction import clean, host_of
from airflow_provider_rivya.request.places import ANYWHERE, ReferencePlaces
from airflow_provider_rivya.storage.path import is_storage_path
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference
from airflow_provider_rivya.storage.staged import reason_of

if TYPE_CHECKING:
    from airflow_provider_rivya.api.download import OpenUrl
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import ReferenceMedia
    from airflow_provider_rivya.catalog.model import ModelSpec
    from airflow_provider_rivya.stop import Stop

log = logging.getLogger(__name__)

_BLOCK = 1024 * 1024

UPLOADS_AT_ONCE: Final = 4
LARGEST: Final = 2**30
"""Bytes of a file that is read to its end: ten times what the documentation allows anywhere."""
"""Uploads of one task at the same time; the connection's ``max_in_flight`` may allow fewer."""

_ALLOWED = "a local path, an object storage URI, an http(s) URL, or the result of an earlier generation"


@dataclass(frozen=True)
class Reference:
    """
    One file to upload.

    :param file: found and readable.
    :param facts: what validation needs to know of it.
    :param sha256: hex digest of its content: what counts for the fingerprint.
    """

    file: ReferenceFile
    facts: ReferenceFacts
    sha256: str


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one reference comes from: ``url`` is fetched first, ``uri`` is read where it lies."""

    path: str
    uri: str | None = None
    conn_id: str | None = None
    url: str | None = None


def read_references(
    value: Any,
    *,
    open_url: OpenUrl,
    folder: Callable[[], str],
    conn_id: str | None = None,
    places: ReferencePlaces = ANYWHERE,
    required: bool = False,
    stop: Stop | None = None,
) -> list[Reference | Fault]:
    """
    Find, read and measure every reference.

    An http(s) URL, such as a result that was not landed, is fetched and uploaded like a file:
    whether a gateway takes URLs of elsewhere is not documented.

    :param value: a path, URI or URL; the result of an earlier generation (all of its outputs); or
        any iterable of these. A ``pathlib.Path`` or ``ObjectStoragePath`` is a path too.
    :param open_url: opens a URL under the connection's download rules.
    :param folder: returns a folder for fetched files, which lives as long as the task.
    :param conn_id: the connection whose rules those are, for messages.
    :param places: where references may come from.
    :param required: an empty one is a fault, and so is none at all; else they are left out, with a warning.
    :param stop: set when the task is asked to stop: then no file is read to its end.
    :return: in order, what each is or what is wrong with it.
    :raises GenerationError: a URL could not be fetched now, or the task is to stop; a retry may.
    """
    found: list[Reference | Fault] = []
    empty: list[str] = []
    for source in _sources(value, "reference_media"):
        if isinstance(source, str):
            empty.append(source)
        elif isinstance(source, Fault):
            found.append(source)
        elif fault := places.fault(source.url or source.uri or "", source.conn_id, source.path):
            found.append(fault)
        elif source.url is not None:
            opener = partial(open_url, follow=_follow(places, source.path)) if places.locations else open_url
            found.append(_fetched(source.url, source.path, opener, folder(), conn_id, stop))
        else:
            file = open_reference(source.uri or "", source.conn_id, where=source.path)
            if isinstance(file, Fault):
                found.append(file)
            else:
                found.append(measured(file, source.path, _label(source.uri or ""), stop))
    if required:
        found += [Fault(path, "it is empty, and require_references is set", _ALLOWED) for path in empty]
        if not found:
            found.append(Fault("reference_media", "there is none, and require_references is set", _ALLOWED))
    elif empty:
        log.warning(
            "%s empty: %s. What is made is paid for all the same; require_references=True refuses it.",
            f"{', '.join(empty[:10])} {'is' if len(empty) == 1 else 'are'}",
            "the request goes without any reference" if not found else "left out",
        )
    return found


def faults_unopened(value: Any, spec: ModelSpec | None) -> list[Fault]:
    """
    Return what is wrong with references before any of them is opened: what is none, and how many they are.

    :param spec: what the catalogue knows of the model, if anything.
    """
    sources, findings = list(_sources(value, "reference_media")), Findings()
    if spec is not None:
        check_number(spec, sum(isinstance(source, _Source) for source in sources), findings)
    return [*(source for source in sources if isinstance(source, Fault)), *findings.faults]


def upload(hook: GatewayClient, references: Iterable[Reference], model: str) -> list[ReferenceMedia]:
    """
    Upload the files, each content once and several at a time, and return the items of the request.

    :raises GatewayError: the gateway did not take one; nothing was charged.
    """
    from airflow_provider_rivya.api.call import FilePart
    from airflow_provider_rivya.api.schemas import ReferenceMedia, UploadedFile

    wanted = list(references)
    once = {reference.sha256: reference for reference in wanted}

    def send(reference: Reference) -> UploadedFile:
        mime_type, sha256 = _mime_type(reference), reference.sha256
        part = FilePart(reference.file.name, mime_type, reference.file.open, sha256=sha256)
        try:
            return hook.send_file(part, reference.facts.kind, model)
        except GenerationError:
            raise
        except Exception as error:
            # Between the look at the file and its upload somebody took it away.
            raise GenerationError(
                f"{reference.facts.path} could not be read while it was uploaded: {reason_of(error)}",
                conn_id=hook.conn_id,
                fate="Nothing was submitted and nothing was charged; a retry uploads it again.",
                retryable=True,
            ) from error

    workers = max(1, min(UPLOADS_AT_ONCE, hook.settings.max_in_flight, len(once)))
    with ThreadPoolExecutor(workers, thread_name_prefix="rivya-upload") as pool:
        answers = dict(zip(once, pool.map(send, once.values()), strict=True))
    return [
        ReferenceMedia(
            url=answers[reference.sha256].url,
            kind=reference.facts.kind,
            name=reference.file.name,
            mime_type=_mime_type(reference),
            duration_token=answers[reference.sha256].duration_token,
        )
        for reference in wanted
    ]


def _mime_type(reference: Reference) -> str:
    return reference.facts.mime_type or "application/octet-stream"


def _sources(value: Any, path: str, depth: int = 0) -> Iterator[_Source | Fault | str]:
    """Return each source, a fault, or the path of an empty one."""
    if depth > MAX_DEPTH:
        yield Fault(path[:100], f"it is nested more than {MAX_DEPTH} levels deep", "a list")
    elif value is None:
        if depth:
            yield path
    elif isinstance(value, str):
        yield _from_text(value, path) if value else path
    elif isinstance(value, Mapping):
        yield from _from_result(value, path)
    elif is_storage_path(value):
        yield _Source(path, str(value), getattr(value, "conn_id", None))  # Airflow 3.1: in the text alone
    elif isinstance(value, os.PathLike):
        yield _Source(path, os.fspath(value))
    elif isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        index = -1
        for index, element in enumerate(value):
            yield from _sources(element, f"{path}[{index}]", depth + 1)
        if index < 0:
            yield path
    else:
        yield Fault(path, f"{type(value).__name__} is not a reference", _ALLOWED)


def _from_text(text: str, path: str) -> _Source | Fault:
    if text.lstrip().startswith(("{", "[")):
        return Fault(
            path,
            "a result that was rendered to text",
            "the task's output itself (reference_media=first.output), or render_template_as_native_obj=True "
            "on the DAG",
        )
    if text[:5].lower() == "data:":
        return Fault(path, "a data URI: give the file itself, it is uploaded", _ALLOWED)
    if text.lower().startswith(("http://", "https://")):
        return _Source(path, url=text)
    return _Source(path, uri=text)


def _from_result(result: Mapping[str, Any], path: str) -> Iterator[_Source | Fault]:
    outputs = result.get("outputs")
    if not isinstance(outputs, list) or not outputs:
        yield Fault(path, "an object without outputs", _ALLOWED)
        return
    for index, output in enumerate(outputs):
        place = f"{path}.outputs[{index}]"
        landed = output.get("uri") if isinstance(output, Mapping) else None
        remote = output.get("source_url") if isinstance(output, Mapping) else None
        if isinstance(landed, str):
            yield _Source(place, uri=landed, conn_id=output.get("conn_id"))
        elif isinstance(remote, str):
            yield _Source(place, url=remote)
        else:
            yield Fault(place, "an output without uri and source_url", _ALLOWED)


def measured(file: ReferenceFile, path: str, label: str, stop: Stop | None = None) -> Reference | Fault:
    """
    Read a file to its end: half of one, or one that is no media, would be paid for as well.

    :param path: the path of a fault, e.g. ``reference_media[0]``.
    :param label: how messages call the file.
    :raises GenerationError: the task was asked to stop.
    """
    try:
        return _read(file, path, label, repr(label), stop)
    except OutputError as error:
        return Fault(path, error.message.rstrip("."))
    except GenerationError:
        raise
    except Exception as error:
        return Fault(path, f"{label!r} cannot be read to its end: {reason_of(error)}")


def _read(file: ReferenceFile, path: str, label: str, subject: str, stop: Stop | None = None) -> Reference:
    """
    Read a file to its end.

    :raises OutputError: it is no media, damaged, or larger than any model could take.
    :raises GenerationError: the task was asked to stop.
    """
    inspector, seen = StreamInspector(subject), 0
    with file.open() as stream:
        while max(seen, file.size_bytes) <= LARGEST and (block := stream.read(_BLOCK)):
            if stop is not None and stop.is_set():
                raise GenerationError(
                    f"The task was asked to stop while {path} was read",
                    fate="Nothing was submitted and nothing was charged; a retry reads it again.",
                    retryable=True,
                )
            inspector.feed(block)
            seen += len(block)
    if max(seen, file.size_bytes) > LARGEST:
        raise OutputError(f"{subject} has more than {LARGEST >> 20} MiB, which no model takes.")
    media = inspector.finish()
    if media.doubts:
        log.warning("%s: %s is odd, but sent as it is: %s.", path, subject, "; ".join(media.doubts))
    media_type = media.media_type
    stem, dot, _ = file.name.rpartition(".")
    if dot and not media_type.may_be_called(file.name):  # a gateway may believe the name
        file = replace(file, name=f"{stem}.{media_type.extension}")
    facts = ReferenceFacts(path, label, media_type.kind, media_type.mime_type, file.size_bytes)
    return Reference(file, facts, media.sha256)


def _label(text: str, limit: int = 120) -> str:
    """Shorten a path from the front: its end tells the file."""
    flat = clean(text, 4096)
    return flat if len(flat) <= limit else f"…{flat[1 - limit :]}"


def _follow(places: ReferencePlaces, path: str) -> Callable[[str], None]:
    """Return what refuses to be led out of the places that references may come from."""

    def follow(url: str) -> None:
        if fault := places.fault(url, None, path):
            raise DownloadRefusedError(f"It redirects to {host_of(url)}: {fault.problem}.")

    return follow


def _fetched(
    url: str, path: str, open_url: OpenUrl, folder: str, conn_id: str | None, stop: Stop | None
) -> Reference | Fault:
    name = f"reference-{hashlib.sha256(path.encode()).hexdigest()[:12]}"
    target, host = Path(folder) / name, host_of(url)
    told = False
    try:
        with open_url(url) as stream, target.open("wb") as sink:
            told = stream.length is not None
            for chunk in stream.chunks():
                sink.write(chunk)
        found = open_reference(str(target), where=path)
        if isinstance(found, Fault):
            return replace(found, problem=f"the file at {host} is empty")
        return _read(found, path, _label(host), f"the file at {host}", stop)
    except OutputError as error:
        # Without a length what is damaged may as well have been cut on its way.
        if isinstance(error, NotMediaError) or (isinstance(error, DamagedError) and told):
            return Fault(path, error.message.rstrip("."))
        if error.retryable:
            raise GenerationError(
                f"{path} could not be fetched: {error.message}",
                conn_id=conn_id,
                http_status=error.http_status,
                fate="Nothing was submitted and nothing was charged; a retry fetches it again.",
                retryable=True,
            ) from None
        return Fault(path, f"it could not be fetched: {clean(error, 200)}")
