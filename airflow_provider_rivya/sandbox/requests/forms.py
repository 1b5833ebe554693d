"""Reads the multipart body of an upload into its fields and its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from airflow_provider_rivya.sandbox.errors import ApiError


@dataclass(frozen=True)
class Form:
    """
    A multipart body.

    :param content: the bytes of the part ``file``, ``None`` where there is no such file.
    :param fields: every part by its name, as often as it was sent.
    """

    fields: dict[str, list[Any]]
    content: bytes | None
    file_name: str
    content_type: str


async def read_form(request: Request) -> Form:
    """
    Read a multipart body with a file.

    :raises ApiError: ``validation_failed``: it is none, or cannot be read.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise ApiError("validation_failed", f"Content-Type: {media_type or 'none'}; send multipart/form-data")
    try:
        async with request.form(max_files=8, max_fields=16) as form:
            fields = {name: form.getlist(name) for name in form}
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                return Form(fields, None, "", "")
            return Form(fields, await upload.read(), upload.filename or "", upload.content_type or "")
    except (MultiPartException, HTTPException, ValueError) as error:
        # Older releases of Starlette let the parser's own ValueError through.
        text = error.detail if isinstance(error, HTTPException) else str(error)
        raise ApiError("validation_failed", f"The multipart body cannot be read: {text}") from error
