"""
Every point the gateway's public documentation leaves open, as a named switch.

No default here is Rivya's behaviour: each is an assumption, and says so. A client has to work
whichever way a switch stands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["choice", "flag", "text", "number", "count"]


@dataclass(frozen=True)
class Assumption:
    """
    One open point.

    :param name: the switch.
    :param default: its value at the start and after a reset.
    :param says: what the documentation leaves open and why this default.
    :param kind: ``choice`` (one of ``choices``), ``flag``, ``text``, ``number`` (seconds), ``count``.
    :param optional: whether ``None`` (no such limit) is a value too.
    """

    name: str
    default: Any
    says: str
    kind: Kind = "choice"
    choices: tuple[Any, ...] = ()
    optional: bool = False

    def described(self, value: Any) -> dict[str, Any]:
        """Return the switch as ``GET /sandbox/assumptions`` shows it."""
        entry: dict[str, Any] = {"value": value, "default": self.default}
        if self.kind == "choice":
            entry["choices"] = list(self.choices)
        elif self.kind == "flag":
            entry["choices"] = [True, False]
        else:
            entry["type"] = f"{self.kind} or null" if self.optional else self.kind
        entry["assumption"] = self.says
        return entry

    def fault_of(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        if value is None and self.optional:
            return ""
        if self.kind == "choice":
            right = any(value == choice and type(value) is type(choice) for choice in self.choices)
            wanted = "one of " + ", ".join(repr(choice) for choice in self.choices)
        elif self.kind == "flag":
            right, wanted = isinstance(value, bool), "true or false"
        elif self.kind == "text":
            right, wanted = isinstance(value, str) and bool(value), "a text"
        else:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            right = number and math.isfinite(value) and value >= 0
            wanted = "a number from 0"
            if self.kind == "count":
                right, wanted = right and isinstance(value, int), "a whole number from 0"
        nullable = " or null" if self.optional else ""
        return "" if right else f"{self.name}: {value!r} is not {wanted}{nullable}"


def _choice(name: str, says: str, default: Any, *others: Any) -> Assumption:
    return Assumption(name, default, says, "choice", (default, *others))


def _flag(name: str, says: str, default: bool) -> Assumption:
    return Assumption(name, default, says, "flag")


def _seconds(name: str, says: str, default: float | None, optional: bool = True) -> Assumption:
    return Assumption(name, default, says, "number", optional=optional)


def _count(name: str, says: str, default: int | None) -> Assumption:
    return Assumption(name, default, says, "count", optional=True)


ASSUMPTIONS: tuple[Assumption, ...] = (
    _choice(
        "create_status",
        "The HTTP status of an accepted generation is not documented; 201 is usual for a POST "
        "that makes something.",
        201,
        200,
        202,
    ),
    _choice(
        "create_shape",
        "The complete example of a create answer has all fields of the status answer; the "
        "/developers page shows fewer ('short').",
        "full",
        "short",
    ),
    _choice(
        "file_status",
        "The HTTP status of an accepted upload is not documented; 201 is usual for a POST that "
        "makes something.",
        201,
        200,
    ),
    _choice(
        "idempotency_replay",
        "What a repeated Idempotency-Key with the same body gets is not documented; the first "
        "answer again is what the header is for. 'new_task' ignores the header.",
        "replay",
        "new_task",
        "conflict",
    ),
    _choice(
        "idempotency_in_progress",
        "What a repeat gets while the first request is being taken in is not documented; a "
        "conflict is common.",
        "conflict",
        "wait",
    ),
    _seconds(
        "idempotency_ttl_seconds",
        "How long an Idempotency-Key is remembered is not documented; a day is common. null = for ever.",
        86400,
    ),
    _choice(
        "idempotency_scope",
        "Whether a key is remembered per account or per API key is not documented; credits belong"
        " to the account, so do the keys here.",
        "account",
        "key",
    ),
    _count(
        "idempotency_max_length",
        "The greatest length of an Idempotency-Key is not documented; 255 is common.",
        255,
    ),
    _flag("client_request_id_echo", "No answer example shows client_request_id, so it is not echoed.", False),
    _count(
        "client_request_id_max_length",
        "128 characters are documented for uploads only; for generations no limit is stated, so "
        "there is none.",
        None,
    ),
    _choice(
        "failed_error",
        "A failed task may carry an error object, so null is possible too; the failed example has one.",
        "object",
        "null",
    ),
    Assumption(
        "failed_code",
        "generation_failed",
        "No failure code but generation_failed is documented.",
        "text",
    ),
    _choice(
        "result_order",
        "The order of result.urls is not documented; as made is the natural one.",
        "as_made",
        "reversed",
    ),
    _flag(
        "result_primary",
        "primary_url is 'for convenience'; that it is always there is not stated, the example has it.",
        True,
    ),
    _choice(
        "result_host",
        "The host of result URLs is not documented; here it is the sandbox's own. 'localhost' is "
        "another host name.",
        "same",
        "localhost",
    ),
    _flag(
        "result_redirect",
        "Whether a result URL redirects is not documented; a direct answer is the simple case.",
        False,
    ),
    _flag(
        "result_needs_key",
        "Result URLs are called public; whether a download needs a key is not documented.",
        False,
    ),
    _seconds(
        "result_url_ttl_seconds",
        "The life time of a result URL is not documented. With a number each status answer gives "
        "URLs that are good for so long (then 403).",
        None,
    ),
    _choice(
        "raw_audio",
        "How results of the formats pcm_*, ulaw_* and alaw_* are packed is not documented; in a WAV file "
        "every player opens them. 'headerless' is the samples alone.",
        "wav",
        "headerless",
    ),
    _choice(
        "file_shape",
        "The fields of PublicApiFile are not documented in full: id, url and duration_token are "
        "known, the rest and its spelling are guesses.",
        "snake",
        "camel",
        "minimal",
    ),
    _seconds("file_ttl_seconds", "How long an upload is kept is not documented.", None),
    _seconds(
        "duration_token_ttl_seconds",
        "How long a duration_token is good for is not documented; null = as long as its file.",
        None,
    ),
    Assumption(
        "file_error_code",
        "validation_failed",
        "No code for a refused file is documented (too large, wrong kind, unreadable); "
        "validation_failed is the general one.",
        "text",
    ),
    _choice(
        "file_error_status",
        "The HTTP status of a refused file is not documented; 400 is that of validation_failed.",
        400,
        413,
        415,
        422,
    ),
    _flag(
        "file_url_needs_key",
        "Whether the bytes at a file's url need the API key is not documented.",
        False,
    ),
    _choice(
        "insufficient_credits_status",
        "The HTTP status of insufficient_credits is not documented; 402 is the one made for it.",
        402,
        400,
        403,
        409,
    ),
    _choice(
        "refund_on_failure",
        "A failed run 'may' return credits; the failed example ends with final_credits 0, so all "
        "come back at once. 'later' returns them after refund_delay_seconds.",
        "full",
        "none",
        "later",
    ),
    _seconds(
        "refund_delay_seconds",
        "When credits return after a failure is not documented; used with refund_on_failure 'later'.",
        60,
        optional=False,
    ),
    _flag(
        "balance_excludes_reservations",
        "Whether current_credits already excludes the credits of running tasks is not documented.",
        True,
    ),
    _count(
        "rate_limit_per_window",
        "Rate limits exist, their numbers are not documented; null = none here. Counted per API key.",
        None,
    ),
    _seconds(
        "rate_limit_window_seconds",
        "The length of the rate limit's window is not documented.",
        60,
        optional=False,
    ),
    _choice(
        "retry_after",
        "Whether rate_limited carries Retry-After, and in which form, is not documented.",
        "seconds",
        "date",
        "none",
    ),
    _choice(
        "models_params_shape",
        "The shape of a params entry of the models list is not documented; the example has an empty list.",
        "list",
        "map",
    ),
    _choice(
        "models_envelope",
        "The example shows an object with a data list; 'bare' is the list alone.",
        "list",
        "bare",
    ),
    _choice(
        "unknown_params",
        "Whether unknown keys (of params, of a reference item, of the body) are refused, dropped "
        "or passed on is not documented. A top-level files is refused always.",
        "refuse",
        "drop",
        "accept",
    ),
    _choice(
        "external_reference_urls",
        "Whether reference media may be arbitrary URLs is ruled per model, the exact rule is not "
        "documented: here by the model's 'url' input.",
        "per_model",
        "refuse",
        "accept",
    ),
    _choice(
        "megabyte",
        "Whether a MB is 10^6 or 2^20 bytes is not documented; the smaller one refuses more.",
        1_000_000,
        1_048_576,
    ),
    _choice(
        "id_style",
        "Alphabet and length of ids are not documented, only their prefixes.",
        "short",
        "long",
    ),
    _flag(
        "request_id_header",
        "A response header with the request id (here X-Request-Id) is not documented.",
        False,
    ),
    _choice(
        "server_error_body",
        "The body of a server error is not documented; 'html' is what a proxy in front would send.",
        "json",
        "html",
    ),
    _seconds(
        "task_retention_seconds",
        "How long a task id stays readable is not documented; null = for ever.",
        None,
    ),
)

BY_NAME: Mapping[str, Assumption] = {assumption.name: assumption for assumption in ASSUMPTIONS}
