"""
One exchange with a gateway without its sockets: the request as it is sent, what a broken one means, repeats.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol, cast

import httpcore
import httpx
import tenacity

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.call import ApiCall, in_doubt, may_repeat
from airflow_provider_rivya.api.egress import Origin
from airflow_provider_rivya.api.transport.sockets import Bounds, Stopped, TooMuch
from airflow_provider_rivya.exceptions import GatewayError, GatewayUnreachableError, UnexpectedAnswerError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.stop import Stop

log = logging.getLogger(__name__)

USER_AGENT: Final = f"airflow-provider-rivya/{__version__}"

_HEAD_BYTES: Final = 64 * 1024
"""That the lines in front of an answer, and the framing of its body, may take beside the body."""


@dataclass(frozen=True)
class ClientSettings:
    """
    How to reach a gateway.

    :param base_url: scheme, host and port, without a path and a trailing slash.
    :param api_key: never part of a repr.
    :param conn_id: the Airflow connection these come from, for messages.
    :param connect_timeout: longest time to open a TCP and TLS connection, in seconds.
    :param read_timeout: longest time without a byte of the answer, in seconds.
    :param retries: repeats after the first attempt of one call.
    :param max_in_flight: requests at once, and sockets, of one process.
    :param submission_pause: seconds that a submission, and an upload before it, waits when it is told to;
        ``None``: as long as other calls.
    """

    base_url: str
    api_key: str = field(repr=False)
    conn_id: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    retries: int = 3
    max_in_flight: int = 8
    submission_pause: float | None = None

    def longest_pause(self, call: ApiCall[Any]) -> float:
        """Return for how many seconds a call waits at most before it is sent, or sent again."""
        own = self.submission_pause if call.file is not None or call.kind == "submission" else None
        return LONGEST_PAUSE if own is None else own

    @cached_property
    def origin(self) -> Origin:
        """Where it is; looked at once, as every poll needs it."""
        return Origin.of(self.base_url)

    @property
    def total(self) -> float:
        """Seconds that one exchange may wait for the network in all, beside what its content takes."""
        return self.connect_timeout + self.read_timeout

    @property
    def timeouts(self) -> dict[str, float]:
        """The timeouts of single steps, as httpcore wants them."""
        return {"connect": self.connect_timeout, "read": self.read_timeout, "write": self.read_timeout}


def request_of(call: ApiCall[Any], settings: ClientSettings, stack: ExitStack) -> dict[str, Any]:
    headers = {
        "Host": settings.base_url.partition("://")[2],
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    if call.needs_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    content: Any = None
    if call.file is not None:
        stream = stack.enter_context(call.file.open())
        form = httpx.Request(  # encodes the form, without reading the file
            call.method,
            settings.base_url,
            data=dict(call.file.fields),
            files={"file": (call.file.name, stream, call.file.mime_type)},
        )
        content = cast("Iterator[bytes]", form.stream)
        for name in ("Content-Type", "Content-Length", "Transfer-Encoding"):
            if name in form.headers:
                headers[name] = form.headers[name]
    elif call.body is not None:
        content = call.body.encode()
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(len(content))
    origin = settings.origin
    return {
        "method": call.method,
        "url": httpcore.URL(
            scheme=origin.scheme.encode(),
            host=origin.host.encode(),
            port=origin.own_port,
            target=call.path.encode(),
        ),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "content": content,
        "extensions": {"timeout": settings.timeouts},
    }


def bounds_of(
    call: ApiCall[Any], settings: ClientSettings, within: float | None, stop: Stop | None = None
) -> Bounds:
    seconds = settings.total if within is None else min(settings.total, within)
    # What was paid for is worth more than the seconds until its answer.
    return Bounds(seconds, call.max_bytes + _HEAD_BYTES, stop if call.body is None else None)


class Head(Protocol):
    """The beginning of an answer, as the transports tell it."""

    status: int

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]: ...


def told_by(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers with lower-case names: of each the first, of pauses and codings all (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, told = key.decode("latin-1").lower(), value.decode("latin-1").strip()
        if name in ("retry-after", "content-encoding") and name in headers:
            headers[name] += f", {told}"
        headers.setdefault(name, told)
    return headers


def headers_of(response: Head, call: ApiCall[Any]) -> dict[str, str]:
    """
    Return the headers of an answer.

    :raises UnexpectedAnswerError: the body is encoded, so that nobody knows how much it will be.
    """
    headers = told_by(response.headers)
    coding = headers.get("content-encoding", "").lower()
    if any(part.strip() in CODINGS for part in coding.split(",")):
        raise UnexpectedAnswerError(
            f"The gateway's answer to {call.name!r} is encoded as {clean(coding, 40)}, which was not asked "
            "for",
            http_status=response.status,
            advice="A proxy in between that compresses answers must leave these alone.",
            retryable=True,
        )
    return headers


CODINGS: Final = frozenset(
    {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"}
)


def grow(body: bytearray, chunk: bytes, call: ApiCall[Any]) -> None:
    body += chunk
    if len(body) > call.max_bytes:
        raise TooMuch


_BROKEN_OFF = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    TooMuch,
    Stopped,
    TimeoutError,
)
# Nothing of the request can have left: no connection, a proxy that refused one, or a request that is none.
_NEVER_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.LocalProtocolError,
)


def _lost(error: Exception, call: ApiCall[Any], settings: ClientSettings) -> GatewayError:
    """Say how the exchange broke off, and whether the request can have been taken in."""
    if isinstance(error, TooMuch):
        return UnexpectedAnswerError(
            f"The gateway's answer to {call.name!r} is larger than {call.max_bytes} bytes", retryable=True
        )
    sent = not isinstance(error, _NEVER_SENT)
    where = "" if sent else f" at {settings.base_url}"
    advice = None
    if isinstance(error, Stopped):
        what = "had not answered when the task was asked to stop,"
    elif isinstance(error, httpcore.TimeoutException | TimeoutError):
        what = "did not answer in time" if sent else "could not be reached in time"
    else:
        reason = clean(error, 160) or type(error).__name__
        what = f"broke off ({reason})" if sent else f"could not be reached ({reason})"
        if "WRONG_VERSION_NUMBER" in reason and settings.base_url.startswith("https:"):
            plain = settings.base_url.replace("https:", "http:", 1)
            advice = (
                "https was assumed, which this port does not speak. For plain http, which only a gateway on "
                f"this machine may speak, write {plain} as the host of the connection."
            )
    return GatewayUnreachableError(
        f"The gateway{where} {what} for {call.name!r}", sent=sent, retryable=True, advice=advice
    )


def _annotated(error: GatewayError, call: ApiCall[Any], settings: ClientSettings) -> GatewayError:
    return error.replace(
        conn_id=error.conn_id or settings.conn_id,
        generation_id=error.generation_id or call.generation_id,
        maybe_taken_in=in_doubt(error),
    )


@contextmanager
def translated(call: ApiCall[Any], settings: ClientSettings) -> Iterator[None]:
    """Turn what the transport raises into errors of the tree."""
    try:
        yield
    except _BROKEN_OFF as error:
        raise _annotated(_lost(error, call, settings), call, settings) from None
    except GatewayError as error:
        raise _annotated(error, call, settings) from None


# -- repeats --------------------------------------------------------------------------------------

LONGEST_PAUSE: Final = 120.0
"""Seconds between two attempts at one call, at the most; a gateway that asks for more ends the call."""

_JITTER: Final = tenacity.wait_random_exponential(multiplier=0.5, max=30.0)


def _wait(state: tenacity.RetryCallState) -> float:
    """Return what the gateway asked for, else exponential with full jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return float(asked)
    return float(_JITTER(state))


class Attempts:
    """The attempts at one call: what is repeated, what is said, and what stays in doubt."""

    def __init__(self, call: ApiCall[Any], settings: ClientSettings, stop: Stop) -> None:
        self._call = call
        self._of = settings.retries + 1
        self._longest = settings.longest_pause(call)
        self._stop = stop
        self._doubt = False
        self._last: BaseException | None = None

    def options(self) -> dict[str, Any]:
        return {
            "stop": tenacity.stop_after_attempt(self._of),
            "wait": _wait,
            "retry": tenacity.retry_if_exception(self._again),
            "before_sleep": self._tell,
            "reraise": True,
        }

    def pause(self, seconds: float) -> None:
        """Wait between two attempts; a task that is asked to stop makes no other one."""
        if self._stop.wait(seconds) and self._last is not None:
            raise self._last

    def outcome(self, error: GatewayError) -> GatewayError:
        """Return the last attempt's error: a refusal after a lost answer does not undo the loss."""
        told = error.replace(maybe_taken_in=True) if self._doubt else error
        if not self._asks_for_too_long(error):
            return told
        asked = f"It asks for a pause of {error.retry_after:.0f} s, which is longer than a call waits."
        return told.replace(advice=f"{error.advice} {asked}" if error.advice else asked)

    def answered(self) -> None:
        """Name what may have been paid twice, where the answer came after an attempt that got none."""
        if self._doubt and self._call.kind == "submission":
            log.warning(
                "%r was answered, after an attempt that may have been accepted as well. Both were sent under "
                "the key %s, which makes one generation of them, unless the gateway ignores keys: then both "
                "are paid for, and the account shows two.",
                self._call.name,
                self._call.idempotency_key,
            )

    def _asks_for_too_long(self, error: GatewayError) -> bool:
        return (error.retry_after or 0.0) > self._longest

    def _again(self, error: BaseException) -> bool:
        self._last = error
        if isinstance(error, GatewayError):
            self._doubt = self._doubt or error.maybe_taken_in
            if self._asks_for_too_long(error):
                return False  # never earlier than it was asked to be
        return not self._stop.is_set() and may_repeat(self._call, error)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        log.warning(
            "%s Attempt %d of %d; the next one in %.1f s%s.",
            error,
            state.attempt_number,
            self._of,
            seconds,
            ", with the same request under the same idempotency key" if self._call.idempotency_key else "",
        )
