"""
What the gateways answer, in one vocabulary for all of them, and how single fields of it are read.

Inbound schemas keep unknown fields and accept unknown statuses and codes: the gateways add such
things without a new API version (https://rivya.ai/docs/api-openapi-schema).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from airflow_provider_rivya.redaction import clean

QUEUED: Final = "queued"
PROCESSING: Final = "processing"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
KNOWN_STATUSES: Final = frozenset({QUEUED, PROCESSING, SUCCEEDED, FAILED})


class _Inbound(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)


class GenerationFailure(_Inbound):
    """
    Why a generation failed, as far as the gateway says.

    :param code: e.g. ``generation_failed``; other codes exist but are not documented.
    :param message: text for humans, untrusted.
    :param advice: what a person can do about it, in this package's words.
    """

    code: str | None = None
    message: str | None = None
    advice: str | None = None


class Generation(_Inbound):
    """
    One generation task at the gateway.

    :param id: the gateway's task id.
    :param status: ``queued``, ``processing``, ``succeeded``, ``failed``, or something newer, which
        is then taken as "not ended yet".
    :param model: model id as the gateway reports it.
    :param credits_reserved: credits set aside at submission, where the gateway says so.
    :param credits_final: credits it cost in the end, where the gateway says so; may be 0 while it runs.
    :param created_at: when the gateway took it in (UTC).
    :param updated_at: when its state last changed (UTC); ToAPIs tells only when it was completed.
    :param expires_at: when the result URLs stop working (UTC), where the gateway says so.
    :param progress: percent, where the gateway says so.
    :param urls: result URLs, each once, in the gateway's order; empty unless succeeded. Not part
        of the repr: such a URL gives access to the result.
    :param failure: present on some failed generations, not on all.
    """

    id: str = Field(min_length=1, max_length=500)
    status: str = Field(min_length=1)
    model: str | None = None
    credits_reserved: float | None = None
    credits_final: float | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    progress: int | None = None
    urls: tuple[str, ...] = Field(default=(), repr=False)
    failure: GenerationFailure | None = None

    @property
    def queued(self) -> bool:
        return self.status == QUEUED

    @property
    def succeeded(self) -> bool:
        return self.status == SUCCEEDED

    @property
    def failed(self) -> bool:
        return self.status == FAILED

    @property
    def ended(self) -> bool:
        """Whether the gateway's verdict is final."""
        return self.succeeded or self.failed


class UploadedFile(_Inbound):
    """
    A reference file at the gateway.

    :param id: file id.
    :param url: what goes into a reference item; not part of the repr.
    :param duration_token: proof of the duration of an audio or video file, where one was given.
    """

    id: str | None = None
    url: str = Field(min_length=1, repr=False)
    duration_token: str | None = Field(default=None, repr=False)


class Balance(_Inbound):
    """
    What is left to spend. Whether running generations are already taken off is not documented.

    :param credits: how much, in ``unit``; -1 at ToAPIs when ``unlimited``.
    :param unlimited: nothing bounds what may be spent.
    :param unit: ``credits``, or ``balance units`` where the gateway names no credits: what such a
        unit is, is a setting of the gateway (USD, CNY or tokens).
    """

    credits: float
    unlimited: bool = False
    unit: str = "credits"


class ModelInfo(_Inbound):
    """
    One entry of the live model list. Fields beyond these are kept in ``model_extra``.

    :param id: what a request sends as ``model``.
    """

    id: str
    display_name: str | None = None
    category: str | None = None
    base_credits: float | None = None
    api_status: str | None = None


class ReferenceMedia(BaseModel):
    """
    One reference item of a request.

    :param url: the ``url`` of an uploaded file.
    :param kind: ``image``, ``video`` or ``audio``.
    :param name: file name, for the gateway's own display.
    :param mime_type: type of the content.
    :param duration_token: for audio and video whose length must be verified.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(repr=False)
    kind: str
    name: str | None = None
    mime_type: str | None = None
    duration_token: str | None = Field(default=None, repr=False)


# -- single fields of an answer, none of which can be trusted ------------------------------------------


def text_field(value: Any, limit: int = 300) -> str | None:
    """Return a text of the gateway fit for a message, or ``None`` for anything that is not text."""
    return clean(value, limit) if isinstance(value, str) and value.strip() else None


def parse_time(value: Any) -> datetime | None:
    """Read an ISO 8601 time, as UTC; anything else, and a time without a zone, is ``None``."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def unix_time(value: Any) -> datetime | None:
    """Read Unix seconds, as UTC; 0 and below, which stand for "not yet", are ``None``."""
    seconds = _number(value)
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def percent(value: Any) -> int | None:
    """Read a progress between 0 and 100."""
    number = _number(value)
    return int(number) if number is not None and 0 <= number <= 100 else None


def urls(values: Iterable[Any]) -> tuple[str, ...]:
    """Return those values that are texts, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def models(document: Any) -> list[ModelInfo]:
    """
    Read a list of models, bare or under ``data``.

    :raises ValueError: an entry is not what a :class:`ModelInfo` is.
    :raises TypeError: there is no list.
    """
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise TypeError("no list of models")
    return [ModelInfo.model_validate(entry) for entry in entries]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
