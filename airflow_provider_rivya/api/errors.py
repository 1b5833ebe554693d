"""From a gateway's refusal to an error of the tree: what all gateways share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.api.call import Answer, retry_after
from airflow_provider_rivya.api.call import decode as decode_body
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)


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
        return decode_body(answer.body)
    except ValueError:
        return None


def refusal(
    answer: Answer,
    call_name: str,
    body: ErrorBody,
    error_class: type[GatewayError],
    advice: str | None = None,
) -> GatewayError:
    """
    Build the error for a refusal.

    :param error_class: what the gateway's vocabulary makes of it.
    :param advice: what to do.
    """
    said = f": {body.message}" if body.message else ""
    if body.code is None and body.message is None:
        said = " without a readable reason"
    return error_class(
        f"The gateway refused {call_name!r}{said}",
        code=body.code,
        http_status=answer.status,
        request_id=body.request_id,
        retry_after=retry_after(answer.headers),
        advice=advice,
        retryable=issubclass(error_class, RateLimitedError | GatewayUnavailableError | UnexpectedAnswerError),
    )


def by_status(status: int) -> type[GatewayError]:
    """Return the class of a refusal of which no more is known than its HTTP status."""
    if status >= 500 or status == 408:
        return GatewayUnavailableError
    return {
        401: AuthenticationError,
        402: InsufficientCreditsError,
        403: PermissionDeniedError,
        404: NotFoundError,
        429: RateLimitedError,
    }.get(status, RequestRejectedError)
