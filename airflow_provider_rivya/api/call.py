"""
One request to a gateway, described as data, and how to read its answer. No I/O here.

The senders in :mod:`airflow_provider_rivya.api.http` carry an :class:`ApiCall` out, sync or async;
everything that can be decided without a socket is decided here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Final, Generic, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    IdempotencyConflictError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.redaction import clean

T = TypeVar("T")

SMALL: Final = 256 * 1024
"""Bytes of an answer about one thing; reading it does not hold an event loop up."""
LARGE: Final = 16 * 1024 * 1024
"""Bytes of a list. The live model list is well below 1 MB."""

_A_YEAR: Final = 366 * 24 * 3600.0
"""Seconds above which it does not matter how much longer a pause is."""
_LONGEST_PAUSES: Final = 1000
"""Characters that are read of a header that tells them."""
_A_DAY: Final = 24 * 3600.0
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_PAUSE: Final = re.compile(r"[0-9]+(\.[0-9]+)?([eE]\+?[0-9]+)?")
_MEMBERS: Final = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)?[^,]+", re.IGNORECASE)
"""Of a list; a date has a comma of its own behind the day of the week."""

Kind = Literal["submission", "status", "other"]
"""What gateways count apart when they count calls."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """
    A file to send as multipart form data, streamed.

    :param name: file name told to the gateway.
    :param mime_type: declared type of the part.
    :param open: returns a new binary stream at its beginning; called once per attempt.
    :param fields: the other form fields.
    :param sha256: of the content, where that is known.
    """

    name: str
    mime_type: str
    open: Callable[[], BinaryIO]
    fields: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back.

    :param status: HTTP status.
    :param headers: with lower-case names.
    :param body: raw bytes, bounded by the sender.
    :param base_url: of the gateway, which URLs in the answer may be relative to.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class ApiCall(Generic[T]):
    """
    One request and how to read its answer.

    :param name: what it does, for messages: "create generation".
    :param method: HTTP method.
    :param path: path below the connection's host, already quoted.
    :param parse: turns the decoded JSON of a 2xx answer into the result; raises ``ValueError``
        (which pydantic's errors are) when the shape is not the documented one.
    :param refuse: turns any other answer into an error of the tree; gateways have their own
        vocabularies.
    :param disguised: whether the decoded JSON of a 2xx answer is a refusal all the same; ``refuse``
        then gets that answer.
    :param body: exact JSON text to send. A string, so that a repeat sends the same bytes.
    :param file: a file to send instead of ``body``.
    :param idempotency_key: sent as ``Idempotency-Key``.
    :param generation_id: the generation this is about, for errors.
    :param needs_key: whether the API key is sent.
    :param repeatable: whether doing it twice does no harm. A call that is not is repeated only
        when the first attempt certainly was not taken in: nothing was sent, or it met a 429 or a
        refusal of an unavailable gateway that is known to come before that.
    :param max_bytes: an answer above this is not read further.
    :param resolve: makes the URLs in a result absolute; called with the result and the gateway's base URL.
    """

    name: str
    method: str
    path: str
    parse: Callable[[Any], T] = field(repr=False)
    refuse: Callable[[Answer, str], GatewayError] = field(repr=False)
    disguised: Callable[[Any], bool] = field(default=lambda document: False, repr=False)
    body: str | None = field(default=None, repr=False)
    file: FilePart | None = None
    idempotency_key: str | None = None
    generation_id: str | None = None
    needs_key: bool = True
    repeatable: bool = True
    max_bytes: int = SMALL
    resolve: Callable[[T, str], T] | None = field(default=None, repr=False)

    @property
    def kind(self) -> Kind:
        if self.body is not None:
            return "submission"
        return "status" if self.generation_id is not None else "other"


def segment(value: str) -> str:
    """Return an id, which is opaque and untrusted, as one segment of a path."""
    # quote() leaves dots alone, and the client would resolve "..".
    return quote(value, safe="") if value.strip(".") else value.replace(".", "%2E")


def read_answer(call: ApiCall[T], answer: Answer) -> T:
    """
    Return the parsed result of a call.

    :raises GatewayError: the answer is a refusal.
    :raises UnexpectedAnswerError: a success that is not JSON or not of the documented shape.
    """
    if 300 <= answer.status < 400:
        raise UnexpectedAnswerError(
            f"The gateway answered {call.name!r} with a redirect",
            http_status=answer.status,
            advice="API calls follow no redirects, so that no other host gets the key: "
            "check the host of the connection.",
        )
    if answer.status < 200:
        raise UnexpectedAnswerError(
            f"The gateway answered {call.name!r} with something that is not an answer",
            http_status=answer.status,
            retryable=True,
        )
    if answer.status >= 300:
        raise call.refuse(answer, call.name)
    try:
        decoded = decode(answer.body)
    except ValueError:
        raise UnexpectedAnswerError(
            f"The gateway answered {call.name!r} with something that is not JSON: {_beginning(answer)}",
            http_status=answer.status,
            advice="A proxy or a login page in between, or a fault at the gateway.",
            retryable=True,
        ) from None
    if call.disguised(decoded):
        raise call.refuse(answer, call.name)
    try:
        result = call.parse(decoded)
        return call.resolve(result, answer.base_url) if call.resolve else result
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UnexpectedAnswerError(
            f"The gateway answered {call.name!r} with JSON of an unknown shape: {_shape_fault(error)}",
            http_status=answer.status,
            retryable=True,
        ) from None


def decode(body: bytes) -> Any:
    """
    Return the JSON document of a body; an object also with words behind it, or lines of a warning ahead.

    :raises ValueError: there is none.
    """
    # What is damaged is not guessed at: an id with one wrong character is somebody else's.
    text = body.decode(json.detect_encoding(body)).strip("\ufeff \t\r\n")
    try:
        try:
            return _JSON.decode(text)
        except ValueError:
            ahead, brace, _ = text.partition("{")
            # A page may hold anything, and so may the rest of a document whose beginning is damaged.
            if not brace or "<" in ahead or (ahead and not ahead.endswith("\n")):
                raise
            return _JSON.raw_decode(text, len(ahead))[0]
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole_number(digits: str) -> int | float:
    # Python refuses to read very long ones, and the whole document with them.
    return int(digits) if len(digits) < 400 else math.nan


_JSON: Final = json.JSONDecoder(parse_int=_whole_number)


def may_repeat(call: ApiCall[Any], error: BaseException) -> bool:
    """Whether a failed call may be sent again without asking anybody."""
    if not isinstance(error, GatewayError) or not error.retryable:
        return False
    if call.repeatable:
        return True
    if isinstance(error, GatewayUnreachableError):
        return not error.sent
    return isinstance(error, RateLimitedError) or (
        isinstance(error, GatewayUnavailableError) and error.refused
    )


def in_doubt(error: GatewayError) -> bool:
    """Whether a call that ended like this may have been taken in by the gateway all the same."""
    if error.maybe_taken_in:
        return True
    if isinstance(error, GatewayUnreachableError):
        return error.sent
    if isinstance(error, GatewayUnavailableError):
        return not error.refused
    if isinstance(error, IdempotencyConflictError):
        return not error.other_request
    return isinstance(error, UnexpectedAnswerError)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """
    Read ``Retry-After`` in either of its forms (RFC 9110, 10.2.3: seconds or a date).

    Where it is told more than once, by the gateway and by something in front of it, the longest pause counts.

    :return: seconds from now, 0 to a year, or ``None``. A date that has passed tells nothing: dates are cut
        to whole seconds, and the clocks of two machines differ.
    """
    members = _MEMBERS.findall(headers.get("retry-after", "")[:_LONGEST_PAUSES])
    asked = [seconds for each in members if (seconds := _pause(each.strip(), now)) is not None]
    return min(max(asked), _A_YEAR) if asked else None


def _pause(value: str, now: datetime | None) -> float | None:
    if _PAUSE.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None


class Quota(NamedTuple):
    """
    What an answer says of the calls that are left.

    :param reset: seconds until there are more.
    """

    remaining: int | None = None
    reset: float | None = None


def quota_of(headers: Mapping[str, str], now: float) -> Quota:
    """
    Read ``X-RateLimit-Remaining`` and ``X-RateLimit-Reset``.

    The form of the latter is not documented: a moment (Unix seconds, or milliseconds) and seconds from now
    are told apart by their size.

    :param now: seconds since the epoch.
    """
    remaining, reset = (headers.get(f"x-ratelimit-{name}", "").strip() for name in ("remaining", "reset"))
    if not _SECONDS.fullmatch(remaining) or len(remaining) > 15:
        return Quota()
    seconds = None
    if _SECONDS.fullmatch(reset) and len(reset) <= 20:
        told = float(reset)
        told = told / 1000 if told > 1e11 else told
        seconds = told - now if told > 1e9 else told
    return Quota(int(float(remaining)), seconds if seconds is not None and 0 < seconds <= _A_DAY else None)


class Pacer(Protocol):
    """Says when a call may go, and hears what becomes of it; ``now`` is a clock that never goes back."""

    def acquire(self, kind: Kind, now: float) -> float:
        """Take a turn: 0, or the seconds after which to ask again."""

    def heard(self, kind: Kind, now: float, quota: Quota) -> None: ...
    def refused(self, kind: Kind, now: float, retry_after: float | None) -> None: ...
    def pause(self, kind: Kind, now: float, seconds: float) -> None: ...


class Unpaced:
    """Lets every call go at once."""

    def acquire(self, kind: Kind, now: float) -> float:
        return 0.0

    def heard(self, kind: Kind, now: float, quota: Quota) -> None: ...
    def refused(self, kind: Kind, now: float, retry_after: float | None) -> None: ...
    def pause(self, kind: Kind, now: float, seconds: float) -> None: ...


def clock_skew(answer: Answer, now: float, unknown: float = 0.0) -> float:
    """
    Return by how many seconds the gateway's clock is ahead of ours (``Date``, RFC 9110, 6.6.1).

    :param now: our time, seconds since the epoch.
    :param unknown: returned when the answer has no date, or one that no clock can have.
    """
    try:
        moment = parsedate_to_datetime(answer.headers["date"])
        skew = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        return unknown
    return skew if abs(skew) <= _A_DAY else unknown


def _beginning(answer: Answer) -> str:
    if not answer.body:
        return "an empty body"
    return clean(answer.body[:400].decode("utf-8", "replace"), 120)


def _shape_fault(error: Exception) -> str:
    """Name the fields, never the values: a value may be a result URL."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        places = [
            ".".join(map(str, entry["loc"])) or "the document"
            for entry in errors(include_url=False, include_input=False, include_context=False)
        ]
        return clean(", ".join(sorted(set(places))))
    return clean(error) if isinstance(error, ValueError) else "a field is missing or of another type"
