"""
The error tree, by the phase in which a generation went wrong.

Plain Python: nothing here knows Airflow or HTTP. Tasks raise subclasses of these that are also Airflow's
own exceptions (see ``operators/task_run.py``), so ``except InvalidRequestError`` works in a callback as
well as in a script that uses the hook alone.

::

    GenerationError
    ├── InvalidRequestError         refused here, before anything was sent: every fault at once
    ├── ConnectionConfigError       the Airflow connection cannot be used: which field, how to set it
    ├── GatewayError                the gateway refused, or could not be reached
    │   ├── AuthenticationError         401, key missing / invalid / revoked / expired
    │   ├── PermissionDeniedError       403, the key lacks a scope
    │   ├── InsufficientCreditsError    the account has too few credits
    │   ├── RequestRejectedError        any other 4xx: the same request will be refused again
    │   │   ├── NotFoundError               404
    │   │   └── IdempotencyConflictError    409 idempotency_conflict
    │   ├── RateLimitedError            429
    │   ├── GatewayUnavailableError     5xx, public_api_disabled
    │   ├── GatewayUnreachableError     no answer: refused, timed out, cut
    │   └── UnexpectedAnswerError       an answer that is not what the contract describes
    ├── GenerationFailedError       the gateway took the task in and it failed there
    ├── GenerationTimeoutError      our own deadline passed; the remote task may still be running
    └── OutputError                 the result exists and is paid for, but could not be stored
        ├── DownloadError               could not be fetched whole; a new try may help
        │   └── DamagedError                came to its end, but is cut or damaged
        ├── DownloadRefusedError        the result URL points where we do not follow
        ├── NotMediaError               the bytes are not an image, video or audio file
        └── StorageError                the output place did not take the file
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self


class GenerationError(Exception):
    """
    Base of everything this package raises on purpose.

    :param message: what happened, one sentence.
    :param conn_id: the Airflow connection that was used.
    :param generation_id: the gateway's task id, when one exists.
    :param code: the gateway's error code, e.g. ``rate_limited``.
    :param http_status: the HTTP status of the answer, when there was one.
    :param request_id: the gateway's id of the failed request, to quote to its support.
    :param advice: what the reader should do.
    :param fate: what it cost and what a retry will do; set by whoever knows (the operator).
    :param retryable: whether the same call may succeed when it is simply repeated.
    :param final: whether no retry of the task can help, so that none is to be made.
    """

    def __init__(
        self,
        message: str,
        *,
        conn_id: str | None = None,
        generation_id: str | None = None,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        advice: str | None = None,
        fate: str | None = None,
        retryable: bool = False,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.conn_id = conn_id
        self.generation_id = generation_id
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.advice = advice
        self.fate = fate
        self.retryable = retryable
        self.final = final

    def replace(self, **changes: Any) -> Self:
        """Return a copy that differs in these attributes: no error changes after it was made."""
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__, **changes)
        copy.args = (copy.message,)
        copy.__cause__, copy.__suppress_context__ = self.__cause__, self.__suppress_context__
        return copy.with_traceback(self.__traceback__)

    def __str__(self) -> str:
        facts = [
            f"{label} {value}"
            for label, value in (
                ("generation", self.generation_id),
                ("connection", self.conn_id),
                ("code", self.code),
                ("HTTP", self.http_status),
                ("request id", self.request_id),
            )
            if value is not None
        ]
        gap = "" if self.message.endswith("\n") else " "
        first = f"{self.message}{gap}[{', '.join(facts)}]" if facts else self.message
        return " ".join(_sentence(part) for part in (first, self.advice, self.fate) if part)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "\n", ":")) else f"{text}."


@dataclass(frozen=True)
class Fault:
    """
    One thing wrong with a request.

    :param path: where, as the DAG author wrote it: ``model_params.resolution``, ``reference_media[0]``.
    :param problem: what is wrong, with the offending value.
    :param allowed: what would be right, or an empty string.
    :param suggestion: the nearest right spelling, or an empty string.
    """

    path: str
    problem: str
    allowed: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.problem}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.suggestion:
            text += f"; did you mean {self.suggestion}?"
        return text


TOLD: Final = 100
_TOLD_CHARACTERS: Final = 50_000
_FAULT_CHARACTERS: Final = 4_000


def told(faults: Iterable[object], more: int = 0) -> list[str]:
    """
    Return a line for each fault, as many as somebody may want to read; the others are counted.

    :param more: faults beside these.
    """
    lines, room = list[str](), _TOLD_CHARACTERS
    left = iter(faults)
    for fault in islice(left, TOLD):
        line = str(fault)
        lines.append(line if len(line) <= _FAULT_CHARACTERS else f"{line[:_FAULT_CHARACTERS]}…")
        if (room := room - len(lines[-1])) < 0:
            break
    more += sum(1 for _ in left)
    return [*lines, f"and {more:,} more"] if more else lines


class InvalidRequestError(GenerationError):
    """
    The request, its files or its output place are wrong. Nothing was sent, nothing was charged.

    It is final: a retry would find the same faults.

    :param more: how many faults there are beside these.
    """

    def __init__(
        self, faults: Sequence[Fault], *, subject: str = "The request", more: int = 0, **kwargs: Any
    ) -> None:
        self.faults = tuple(faults)
        count = len(self.faults) + more
        listing = "".join(f"\n  - {line}" for line in told(self.faults, more))
        kwargs.setdefault("final", True)
        kwargs.setdefault("fate", "Nothing was sent and nothing was charged; a retry would not help.")
        super().__init__(f"{subject} has {count:,} fault{'s' if count != 1 else ''}:{listing}", **kwargs)

    def __str__(self) -> str:
        return f"{_sentence(self.message)}\n{self.fate}"


class ConnectionConfigError(GenerationError):
    """The Airflow connection is missing, of another type, or has a field that cannot be used."""


class GatewayError(GenerationError):
    """
    The gateway refused the call or could not be reached.

    :param retry_after: seconds the gateway asked to wait (``Retry-After``), when it said so.
    :param maybe_taken_in: whether this call, or an earlier attempt at it, may have been taken in by the
        gateway although no usable answer came.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, maybe_taken_in: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after
        self.maybe_taken_in = maybe_taken_in


class AuthenticationError(GatewayError):
    """401: the API key is missing, invalid, revoked or expired."""


class PermissionDeniedError(GatewayError):
    """403: the API key lacks the scope for this call."""


class InsufficientCreditsError(GatewayError):
    """The account has too few credits; nothing was started."""


class RequestRejectedError(GatewayError):
    """The gateway understood the call and refuses it; the same call would be refused again."""


class NotFoundError(RequestRejectedError):
    """404: no such object, or it belongs to another account."""


class IdempotencyConflictError(RequestRejectedError):
    """
    409 ``idempotency_conflict``: the key was used before, or is in use right now.

    :param other_request: the key certainly belongs to another request, so that this one was not taken in
        under it, and a repeat gets the same answer.
    """

    def __init__(self, message: str, *, other_request: bool = False, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.other_request = other_request


class RateLimitedError(GatewayError):
    """429: too many requests in the current window."""


class GatewayUnavailableError(GatewayError):
    """
    5xx or ``public_api_disabled``: the gateway is in trouble.

    :param refused: whether the call certainly was not taken in, as the gateway says or documents.
    """

    def __init__(self, message: str, *, refused: bool = False, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.refused = refused


class GatewayUnreachableError(GatewayError):
    """
    No answer came.

    :param sent: whether the request may have reached the gateway. ``False`` only when the
        connection itself failed, so that nothing can have been taken in.
    """

    def __init__(self, message: str, *, sent: bool = True, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.sent = sent


class UnexpectedAnswerError(GatewayError):
    """An answer came, but not one that the contract describes (HTML, cut JSON, missing fields)."""


class GenerationFailedError(GenerationError):
    """
    The gateway took the generation in and it failed there.

    :param credits_final: what the gateway says it cost in the end.
    """

    def __init__(self, message: str, *, credits_final: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.credits_final = credits_final


class GenerationTimeoutError(GenerationError):
    """The deadline passed before the generation ended. It may still be running, and be paid for."""


class OutputError(GenerationError):
    """The generation succeeded and is paid for, but its files could not be stored."""


class DownloadError(OutputError):
    """
    A result could not be fetched whole.

    :param retry_after: seconds that the host asked to wait (``Retry-After``), when it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class DamagedError(DownloadError):
    """
    What was fetched is cut or damaged. A new try may help.

    :param sha256: hex digest of the bytes that came: the same twice were not damaged on their way.
    :param kept_at: where these bytes are, if they were kept.
    """

    def __init__(
        self,
        message: str,
        *,
        sha256: str = "",
        kept_at: str | None = None,
        retryable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, retryable=retryable, **kwargs)
        self.sha256 = sha256
        self.kept_at = kept_at


class DownloadRefusedError(OutputError):
    """A result URL points to a place that is not followed (scheme, private address, size)."""


class NotMediaError(OutputError):
    """What was fetched is not an image, video or audio file."""


class StorageError(OutputError):
    """The output place did not take the file."""
