"""
What the gateways answer, in one vocabulary for all of them.

Every value is bounded where it enters: ids, statuses, models and codes are short and printable, numbers
finite and not negative, times in range. What cannot be read is ``None``, which is never taken for 0 or for
"enough". Unknown statuses and codes are accepted: the gateways add such things without a new API version
(https://rivya.ai/docs/api-openapi-schema).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_rivya.redaction import clean

QUEUED: Final = "queued"
PROCESSING: Final = "processing"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
KNOWN_STATUSES: Final = frozenset({QUEUED, PROCESSING, SUCCEEDED, FAILED})

MAX_RESULTS: Final = 100
"""Result URLs of one generation; no model makes as many."""

# The documented words of all gateways, and others for the same. A word that only might mean an end is none.
_STATUSES: Final = {
    **dict.fromkeys(
        ("queued", "submitted", "pending", "waiting", "created", "accepted", "scheduled"), QUEUED
    ),
    **dict.fromkeys(("processing", "in_progress", "running", "started", "generating"), PROCESSING),
    **dict.fromkeys(
        ("succeeded", "succeed", "success", "successful", "completed", "complete", "finished", "done"),
        SUCCEEDED,
    ),
    **dict.fromkeys(("failed", "failure", "fail"), FAILED),
}
_MOST: Final = 1e12
_LONGEST_URL: Final = 8192
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@+()-]*")
_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?", re.IGNORECASE)


# -- single fields of an answer, none of which can be trusted ------------------------------------------


def text_field(value: Any, limit: int = 300) -> str | None:
    """Return a text of the gateway fit for a message, or ``None`` for anything that is not text."""
    return clean(value, limit) or None if isinstance(value, str) else None


def name_field(value: Any, limit: int = 200) -> str | None:
    """Return an id as it is, a whole number as text; ``None`` for what is empty, long or not printable."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if 0 < len(value) <= limit and value.isprintable() else None


def model_field(value: Any) -> str | None:
    """Return a model id that is fit for the tag of a metric."""
    name = name_field(value, 120)
    return name if name is not None and _PLAIN.fullmatch(name) else None


def status_field(value: Any) -> str:
    """Return a status in the one vocabulary, an unknown one as it is said."""
    said = text_field(value, 60)
    if said is None:
        return UNKNOWN
    return _STATUSES.get(said.lower().replace("-", "_").replace(" ", "_"), said)


def number(value: Any) -> float | None:
    """Read a finite number, also out of a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def credits_field(value: Any) -> float | None:
    """Read a number of credits."""
    found = number(value)
    return found if found is not None and 0 <= found <= _MOST else None


def moment(value: Any) -> datetime | None:
    """Read an ISO 8601 time with a zone, or Unix seconds, as UTC; 0 and below stand for "not yet"."""
    found = None
    with suppress(ValueError, OverflowError, OSError):
        if (seconds := number(value)) is not None:
            found = datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, datetime):
            found = value
        if found is not None and found.tzinfo is not None:
            found = found.astimezone(UTC)
            return found if 1970 <= found.year < 2200 else None
    return None


def percent(value: Any) -> int | None:
    """Read a progress between 0 and 100."""
    found = number(value)
    return int(found) if found is not None and 0 <= found <= 100 else None


def url_field(value: Any) -> str | None:
    """Return what may be a URL, absolute or not; it is not looked at where it leads."""
    text = value.strip() if isinstance(value, str) else ""
    fits = "/" in text and len(text) <= _LONGEST_URL and text.replace("\u00a0", "").isprintable()
    return text if fits else None


def urls(values: Iterable[Any]) -> tuple[str, ...]:
    """Return those values that may be URLs, each once, in their order, up to :data:`MAX_RESULTS`."""
    found = dict.fromkeys(url for value in values if (url := url_field(value)) is not None)
    return tuple(found)[:MAX_RESULTS]


def absolute(url: str, base_url: str) -> str:
    """
    Return a URL that may be relative to the gateway, or lack its scheme.

    :param base_url: of the gateway; empty where it is not known.
    """
    if not base_url:
        return url
    first, _, rest = url.partition("/")
    if ":" in first and not _HOST.fullmatch(first) and first != urlsplit(base_url).netloc:
        return url
    if url.startswith("//"):
        return f"https:{url}"
    if rest and first == urlsplit(base_url).netloc:
        return f"{urlsplit(base_url).scheme}://{url}"
    if rest and _HOST.fullmatch(first):
        return f"https://{url}"
    return urljoin(f"{base_url}/", url)


def _no_name(value: Any) -> str:
    name = name_field(value)
    if name is None:
        raise ValueError("no short, printable id")
    return name


# Pydantic would take a second parameter for something of its own: hence the functions of one.
_Id = Annotated[str, BeforeValidator(_no_name)]
_Name = Annotated[str | None, BeforeValidator(lambda value: name_field(value, 200))]
_Model = Annotated[str | None, BeforeValidator(model_field)]
_Text = Annotated[str | None, BeforeValidator(lambda value: text_field(value, 300))]
_Code = Annotated[str | None, BeforeValidator(lambda value: text_field(value, 80))]
_Credits = Annotated[float | None, BeforeValidator(credits_field)]
_Moment = Annotated[datetime | None, BeforeValidator(moment)]
_Urls = Annotated[tuple[str, ...], BeforeValidator(urls)]
_Url = Annotated[
    str, BeforeValidator(lambda value: url_field(value) or value), Field(max_length=_LONGEST_URL)
]


# -- answers -------------------------------------------------------------------------------------------


class _Inbound(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)


class GenerationFailure(_Inbound):
    """
    Why a generation failed, as far as the gateway says.

    :param code: e.g. ``generation_failed``; other codes exist but are not documented.
    :param message: text for humans, untrusted.
    :param advice: what a person can do about it, in this package's words.
    """

    code: _Code = None
    message: _Text = None
    advice: str | None = None


class Generation(_Inbound):
    """
    One generation task at the gateway.

    :param id: the gateway's task id.
    :param status: ``queued``, ``processing``, ``succeeded``, ``failed``, or something newer or unreadable
        (``unknown``), which is then taken as "not ended yet".
    :param model: model id as the gateway reports it.
    :param credits_reserved: credits set aside at submission, where the gateway says so.
    :param credits_final: credits it cost in the end, where the gateway says so; may be 0 while it runs.
    :param created_at: when the gateway took it in (UTC).
    :param updated_at: when its state last changed (UTC); ToAPIs tells only when it was completed.
    :param expires_at: when the result URLs stop working (UTC), where the gateway says so.
    :param progress: percent, where the gateway says so.
    :param urls: result URLs, each once, in the gateway's order; empty unless succeeded. Not part
        of the repr: such a URL gives access to the result.
    :param trace_id: the caller's own id of the request, where the gateway repeats it.
    :param failure: present on some failed generations, not on all.
    """

    id: _Id
    status: Annotated[str, BeforeValidator(status_field)] = UNKNOWN
    model: _Model = None
    credits_reserved: _Credits = None
    credits_final: _Credits = None
    created_at: _Moment = None
    updated_at: _Moment = None
    expires_at: _Moment = None
    progress: Annotated[int | None, BeforeValidator(percent)] = None
    urls: _Urls = Field(default=(), repr=False)
    trace_id: _Name = None
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

    def resolved(self, base_url: str) -> Self:
        """Return it with absolute URLs."""
        return (
            self
            if not self.urls
            else self.model_copy(update={"urls": tuple(absolute(url, base_url) for url in self.urls)})
        )


class UploadedFile(_Inbound):
    """
    A reference file at the gateway.

    :param id: file id.
    :param url: what goes into a reference item; not part of the repr.
    :param duration_token: proof of the duration of an audio or video file, where one was given.
    """

    id: _Name = None
    url: _Url = Field(min_length=1, repr=False)
    duration_token: Annotated[str | None, BeforeValidator(lambda value: name_field(value, 4096))] = Field(
        default=None, repr=False
    )

    def resolved(self, base_url: str) -> Self:
        """Return it with an absolute URL."""
        return self.model_copy(update={"url": absolute(self.url, base_url)})


class Balance(_Inbound):
    """
    What is left to spend. Whether running generations are already taken off is not documented.

    :param credits: how much, in ``unit``; -1 at ToAPIs when ``unlimited``.
    :param unlimited: nothing bounds what may be spent.
    :param unit: ``credits``, or ``balance units`` where the gateway names no credits: what such a
        unit is, is a setting of the gateway (USD, CNY or tokens).
    """

    credits: Annotated[float, BeforeValidator(number), Field(le=_MOST)]
    unlimited: bool = False
    unit: str = "credits"

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if self.credits < 0 and not self.unlimited:
            raise ValueError("a balance below 0")
        return self


class ModelInfo(_Inbound):
    """
    One entry of the live model list. Fields beyond these are kept in ``model_extra``.

    :param id: what a request sends as ``model``.
    """

    id: _Id
    display_name: _Text = None
    category: _Name = None
    base_credits: _Credits = None
    api_status: _Name = None


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


def models(document: Any) -> list[ModelInfo]:
    """
    Read a list of models, bare or under ``data``; entries that are none are left out.

    :raises ValueError: no entry is what a :class:`ModelInfo` is.
    :raises TypeError: there is no list.
    """
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise TypeError("no list of models")
    found = []
    for entry in entries:
        with suppress(ValueError):
            found.append(ModelInfo.model_validate(entry))
    if entries and not found:
        raise ValueError("no entry has a readable id")
    return found
