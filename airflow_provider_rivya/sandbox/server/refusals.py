"""An error in the words of the gateway that was called."""

from __future__ import annotations

from starlette.responses import Response

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.requests import answers
from airflow_provider_rivya.sandbox.state.store import State
from airflow_provider_rivya.sandbox.toapis import errors as toapis

TOAPIS_PATHS = ("/v1/", "/balance", "/uploads/", "/generated/")


def gateway_of(path: str) -> str:
    """Return the gateway that a path belongs to."""
    return "toapis" if path.startswith(TOAPIS_PATHS) else "rivya"


def code_of(path: str, status: int) -> str:
    """Return the error code that a faked answer with this HTTP status has."""
    if gateway_of(path) == "toapis":
        return toapis.name_of(status)
    if status == 429:
        return "rate_limited"
    return "internal_error" if status >= answers.SERVER_ERROR else "validation_failed"


def error_answer(
    state: State, path: str, code: str, message: str, status: int
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an error."""
    if gateway_of(path) == "toapis":
        return toapis.error_answer(state, path, code, message, status)
    return answers.error_answer(state, code, message, status)


def error_response(state: State, path: str, error: ApiError) -> Response:
    status, headers, body = error_answer(state, path, error.code, error.message, error.status)
    return Response(body, status, headers={**headers, **error.headers})
