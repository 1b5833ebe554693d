"""What ``POST /v1/uploads/...`` takes and answers, and where the files are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.requests.uploads import canonical, detect
from airflow_provider_rivya.sandbox.state.store import State, StoredFile
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError

USER = 7
ID_PREFIX = "upload"
NAME = re.compile(r"(\d+)_(.+)\.\w+")
MEGABYTES: Mapping[str, int] = {"image": 10, "video": 50}
EXTENSIONS: Mapping[str, Mapping[str, str]] = {
    "image": {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"},
    "video": {"video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov"},
}
"""Limits and types of https://docs.toapis.com/docs/en/api-reference/uploads/images and .../uploads/videos."""


def check_file(content: bytes, kind: str, declared_type: str, assumptions: Assumptions) -> str:
    """
    Check an upload.

    :param kind: ``image`` or ``video``, by the endpoint.
    :param declared_type: the Content-Type of the multipart part, or an empty string.
    :return: the detected MIME type.
    :raises ToApisError: in the words of the page, which has 400 for a file that is too large, too.
    """
    accepted = ", ".join(name.rpartition("/")[2] for name in EXTENSIONS[kind])
    if not content:
        raise ToApisError("invalid_request", "file: empty")
    if len(content) > MEGABYTES[kind] * assumptions.count("megabyte"):
        text = f"{kind.capitalize()} too large: {len(content)} bytes, maximum size is {MEGABYTES[kind]}MB"
        status = assumptions.count("toapis_upload_error_status")
        raise ToApisError("invalid_request", text, status=status)
    mime_type = detect(content) or "unknown"
    if mime_type not in EXTENSIONS[kind]:
        text = f"Unsupported {kind} type: {mime_type}. Supported types: {accepted}"
        raise ToApisError("invalid_request", text)
    if canonical(declared_type) not in ("", "application/octet-stream", canonical(mime_type)):
        text = f"declared as {declared_type}, but its signature is that of {mime_type}"
        raise ToApisError("invalid_request", f"file: {text}")
    return mime_type


def path_of(file: StoredFile) -> str:
    """Return the path of an upload's URL: ``/uploads/<number>/<seconds>_<suffix of the id>.<extension>``."""
    folder = "videos/" if file.kind == "video" else ""
    suffix = file.id.removeprefix(f"{ID_PREFIX}_")
    return f"/uploads/{USER}/{folder}{int(file.created)}_{suffix}.{EXTENSIONS[file.kind][file.mime_type]}"


def public_upload(file: StoredFile, base_url: str) -> dict[str, Any]:
    """Return the answer of an upload call."""
    data = {
        "id": file.id,
        "url": f"{base_url}{path_of(file)}",
        "mime_type": file.mime_type,
        "size": len(file.content),
    }
    return {"success": True, "message": "", "data": data}


def find_upload(state: State, path: str) -> StoredFile | None:
    """Return the upload at a path, while it is there."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    file = state.find_file(f"{ID_PREFIX}_{match[2]}") if match else None
    return file if file is not None and file.kind in EXTENSIONS and path_of(file) == path else None
