"""The files for the page *Gallery*: pictures, film and sound, for who may read the XComs of their DAG."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Final

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, FastAPI, HTTPException, Path
from fastapi.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import ALL_TYPES, MediaType
from airflow_provider_rivya.plugin.found import PER_PAGE, lines_of, shown, uri_of, xcom_of
from airflow_provider_rivya.plugin.roots import Roots
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.storage.staged import protocols_of

log = logging.getLogger(__name__)

SIGNED_FOR: Final = 60
"""Seconds for which a pre-signed URL works."""
_HEAD: Final = 256 * 1024
_BLOCK: Final = 256 * 1024
_MOST_BYTES: Final = 512 * 1024 * 1024
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=60",
    # The permissions of the next user of the same browser are checked, too.
    "Vary": "Cookie, Authorization",
    "Content-Disposition": "inline",
}
MapIndex = Annotated[int, Path(ge=-1, lt=2**31)]


@cache
def app() -> FastAPI:
    """Return the app. The dependency is the whole app's: a route that is added is closed by default."""
    made = FastAPI(
        dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    instance = "/{dag_id}/{run_id}/{task_id}/{map_index}"
    made.add_api_route(f"{instance}/rows", rows, methods=["GET"])
    made.add_api_route(f"{instance}/rows/{{row}}/{{number}}", file_of_row, methods=["GET"])
    made.add_api_route(f"{instance}/{{number}}", file_of_result, methods=["GET"])
    return made


def rows(dag_id: str, run_id: str, task_id: str, map_index: MapIndex, page: int = 0) -> dict[str, Any]:
    """Return a page of a batch's manifest."""
    lines = _lines(dag_id, run_id, task_id, map_index, page)
    return {"page": page, "per_page": PER_PAGE, "rows": [shown(line) for line in lines]}


def file_of_row(
    dag_id: str, run_id: str, task_id: str, map_index: MapIndex, row: int, number: int
) -> Response:
    """Return a file of a row of a batch; rows count from 0."""
    lines = _lines(dag_id, run_id, task_id, map_index, row // PER_PAGE)
    at = row % PER_PAGE
    return _answer(uri_of(lines[at], number) if 0 <= at < len(lines) else None)


def file_of_result(dag_id: str, run_id: str, task_id: str, map_index: MapIndex, number: int) -> Response:
    """Return a file of a generation; they count from 0."""
    return _answer(uri_of(xcom_of(dag_id, run_id, task_id, map_index), number))


def _roots() -> Roots:
    return Roots.read(conf.get("rivya", "ui_media_roots", fallback=""))


def _lines(dag_id: str, run_id: str, task_id: str, map_index: int, page: int) -> Any:
    try:
        summary = xcom_of(dag_id, run_id, task_id, map_index)
        found = lines_of(summary, _roots(), page) if page >= 0 else None
    except Exception as error:  # the store's own, or of a manifest that is none
        log.warning("A manifest could not be read: %s", type(error).__name__)
        found = None
    if found is None:
        raise HTTPException(404, "There is no manifest that may be shown")
    return found


def _answer(uri: object) -> Response:
    """Return a file, or say that there is none: the answer is the same for every reason."""
    found = _roots().find(uri)
    try:
        media_type = None if found is None else _type_of(*found)
    except Exception as error:  # the store's own
        log.warning("A file could not be shown: %s", type(error).__name__)
        media_type = None
    if found is None or media_type is None:
        raise HTTPException(404, "There is no file that may be shown")
    place, name = found
    if place.target.is_local:
        return FileResponse(place.path_of(name), media_type=media_type.mime_type, headers=_HEADERS)
    if (url := _signed(place, name, media_type)) is not None:
        return RedirectResponse(url, 302, {"Cache-Control": "private, no-store"})
    size = int(place.fs.size(place.path_of(name)) or 0)
    if size > _MOST_BYTES:
        raise HTTPException(413, "The file is too large to be passed on, and its store signs no URLs")
    told = {**_HEADERS, "Content-Length": str(size)}
    return StreamingResponse(_blocks(place, name, size), media_type=media_type.mime_type, headers=told)


def _type_of(place: OutputPlace, name: str) -> MediaType | None:
    """Return what a file is by its first bytes; ``None``: nothing that is shown, whatever it is called."""
    if place.target.is_local:
        if not os.path.isfile(place.path_of(name)):
            return None  # a pipe would be waited for
        with place.open(name) as file:
            head = file.read(_HEAD)
    else:
        head = bytes(place.fs.cat_file(place.path_of(name), start=0, end=_HEAD))
    inspector = StreamInspector()
    try:
        inspector.feed(head)
    except GenerationError:
        return None
    found = inspector.looks_like
    return found if found in ALL_TYPES else None


def _signed(place: OutputPlace, name: str, media_type: MediaType) -> str | None:
    """Return the store's URL for this file alone; it answers with the type that the bytes have."""
    if "s3" not in protocols_of(place.fs):
        return None
    try:
        typed = {"ResponseContentType": media_type.mime_type, "ResponseContentDisposition": "inline"}
        return str(place.fs.sign(place.path_of(name), expiration=SIGNED_FOR, **typed))
    except Exception as error:
        log.warning("The store signs no URL, so the file is passed on: %s", type(error).__name__)
        return None


def _blocks(place: OutputPlace, name: str, size: int) -> Iterator[bytes]:
    with place.open(name) as file:
        while size > 0 and (block := file.read(min(_BLOCK, size))):
            size -= len(block)
            yield block
