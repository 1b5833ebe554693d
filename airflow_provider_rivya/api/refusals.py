"""From an HTTP refusal to an error of the tree: one map for all gateways."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.api.call import Answer, retry_after
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
)
from airflow_provider_rivya.redaction import clean


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """
    What an error body says, as far as it could be read.

    :param code: the gateway's code; ``None`` when the body is not the documented shape.
    :param message: text for humans, untrusted, already cleaned.
    :param request_id: the gateway's id of this request.
    """

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


def decode(answer: Answer) -> Any:
    """Return the JSON of an answer, or ``None`` when it is not JSON."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def refusal(
    answer: Answer,
    call_name: str,
    body: ErrorBody,
    by_code: dict[str, type[GatewayError]],
    advice: dict[str, str],
) -> GatewayError:
    """
    Build the error for a refusal.

    :param by_code: error class per documented code; it wins over the HTTP status.
    :param advice: what to do, per code.
    """
    error_class = by_code.get(body.code or "") or _by_status(answer.status)
    said = f": {body.message}" if body.message else ""
    if body.code is None and body.message is None:
        said = " without a readable reason"
    return error_class(
        f"The gateway refused {call_name!r}{said}",
        code=body.code,
        http_status=answer.status,
        request_id=body.request_id,
        retry_after=retry_after(answer.headers),
        advice=advice.get(body.code or ""),
        retryable=issubclass(error_class, RateLimitedError | GatewayUnavailableError),
    )


def text_field(value: Any, limit: int = 300) -> str | None:
    """Return a text of the gateway fit for a message, or ``None`` for anything that is not text."""
    return clean(value, limit) if isinstance(value, str) and value.strip() else None


def _by_status(status: int) -> type[GatewayError]:
    if status >= 500 or status == 408:
        return GatewayUnavailableError
    return {
        401: AuthenticationError,
        402: InsufficientCreditsError,
        403: PermissionDeniedError,
        404: NotFoundError,
        429: RateLimitedError,
    }.get(status, RequestRejectedError)
