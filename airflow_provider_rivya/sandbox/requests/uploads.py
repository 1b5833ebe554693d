"""What both gateways take as an uploaded file: signatures, kinds, MIME types and sizes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.drawing.encoding import can_play, playing_time
from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.models.catalog import catalog, kinds_of
from airflow_provider_rivya.sandbox.state.store import State, StoredFile, iso

KINDS = ("image", "video", "audio")
CLIENT_REQUEST_ID_MAX_LENGTH = 128
"""Documented for uploads: https://rivya.ai/docs/api-files."""

SAME_TYPE = {
    "audio/x-wav": "audio/wav",
    "audio/mp4": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
}
ADTS_SYNC = 0xF0
MPEG_SYNC = 0xE0


def canonical(mime_type: str) -> str:
    """Return the one spelling of a MIME type that has several, without its parameters."""
    plain = mime_type.partition(";")[0].strip().lower()
    return SAME_TYPE.get(plain, plain)


def detect(content: bytes) -> str | None:
    """Return the MIME type that the bytes themselves show, or ``None``."""
    head = content[:64]
    for signature, mime in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
    ):
        if head.startswith(signature):
            return mime
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4"}.get(
            brand, "video/mp4"
        )
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head else "video/x-matroska"
    if len(head) > 1 and head[0] == 0xFF:
        if head[1] & 0xF6 == ADTS_SYNC:
            return "audio/aac"
        if head[1] & MPEG_SYNC == MPEG_SYNC and head[1] & 0x06:
            return "audio/mpeg"
    return None


def duration_of(content: bytes, mime_type: str) -> float | None:
    """Return the playing time in seconds: measured, or else as the header tells it (WAV, MP4, QuickTime)."""
    measured = playing_time(content) if can_play() else None
    return _duration_in_header(content, mime_type) if measured is None else measured


def _duration_in_header(content: bytes, mime_type: str) -> float | None:
    try:
        if mime_type == "audio/wav":
            bytes_per_second = int(struct.unpack_from("<I", content, 28)[0])
            at = content.find(b"data", 12)
            return (
                round(struct.unpack_from("<I", content, at + 4)[0] / bytes_per_second, 3) if at > 0 else None
            )
        if mime_type in ("video/mp4", "video/quicktime", "audio/mp4"):
            at = content.find(b"mvhd") + 4
            long_form = at > 4 and content[at] == 1
            scale, length = struct.unpack_from(
                ">IQ" if long_form else ">II", content, at + (20 if long_form else 12)
            )
            return round(length / scale, 3) if at > 4 else None
    except (struct.error, ZeroDivisionError, IndexError):
        return None
    return None


def check_upload(
    content: bytes, kind: str, declared_type: str, model_id: str | None, assumptions: Assumptions
) -> str:
    """
    Check an upload against its declared kind and the model's or the default limits.

    :param declared_type: the Content-Type of the multipart part, or an empty string.
    :return: the detected MIME type.
    :raises ApiError: with the code and status that the switches say.
    """
    limits, whose = _limits(kind, model_id)
    megabyte = assumptions.count("megabyte")
    detected = detect(content)
    faults = []
    if not content:
        faults.append("file is empty")
    elif detected is None:
        faults.append("the file's signature is that of no known image, video or audio format")
    elif detected.partition("/")[0] != kind:
        faults.append(f"kind is {kind}, but the file's signature is that of {detected}")
    elif canonical(detected) not in {canonical(allowed) for allowed in limits["mime_types"]}:
        faults.append(f"{detected} is not accepted {whose}; accepted: {', '.join(limits['mime_types'])}")
    generic = canonical(declared_type) in ("", "application/octet-stream")
    if detected is not None and not generic and canonical(declared_type) != canonical(detected):
        faults.append(f"the part is declared as {declared_type}, but its signature is that of {detected}")
    if len(content) > limits["max_size_mb"] * megabyte:
        faults.append(
            f"the file has {len(content)} bytes, at most {limits['max_size_mb']} MB are accepted {whose}"
        )
    if faults or detected is None:
        raise ApiError(
            assumptions.text("file_error_code"),
            "; ".join(faults),
            status=assumptions.count("file_error_status"),
        )
    return detected


def _limits(kind: str, model_id: str | None) -> tuple[Mapping[str, Any], str]:
    defaults = catalog().file_defaults[kind]
    if model_id is None:
        return defaults, f"as {kind}"
    model = catalog().models.get(model_id)
    if model is None:
        raise ApiError("validation_failed", f"model: {model_id!r} is not a known model")
    reference = model["reference"]
    if reference is None:
        if model["reference_complete"]:
            raise ApiError("validation_failed", f"model: {model_id} takes no reference media")
        return defaults, f"by {model_id}"
    if (taken := kinds_of(model)) and kind not in taken:
        raise ApiError("validation_failed", f"kind: {model_id} takes {', '.join(taken)}, not {kind}")
    return {**defaults, **reference["kinds"].get(kind, {})}, f"by {model_id}"


def public_file(file: StoredFile, state: State, base_url: str) -> dict[str, Any]:
    """
    Return the ``PublicApiFile`` of an upload.

    Documented are ``url``, ``duration_token`` and that there is an id; the rest, and its spelling,
    follows the switch ``file_shape``.
    """
    shape = state.assumptions.text("file_shape")
    answer: dict[str, Any] = {"id": file.id, "url": f"{base_url}/files/{file.id}"}
    if file.duration_token is not None:
        answer["duration_token"] = file.duration_token
    if shape == "minimal":
        return answer
    expiry = state.file_expiry(file)
    details: dict[str, Any] = {
        "kind": file.kind,
        "name": file.name,
        "mime_type": file.mime_type,
        "size_bytes": len(file.content),
        "duration_seconds": file.duration_seconds,
        "created_at": iso(file.created),
        "expires_at": None if expiry is None else iso(expiry),
    }
    if shape == "camel":
        details = {_camel(name): value for name, value in details.items()}
    else:
        answer = {"object": "file", **answer}
    return {**answer, **details}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
