"""Rivya's documented error codes, and how an error of either gateway is raised and looks on the wire."""

from __future__ import annotations

from collections.abc import Mapping

STATUS_OF_CODE: Mapping[str, int] = {
    "public_api_disabled": 503,
    "api_key_missing": 401,
    "api_key_invalid": 401,
    "api_key_revoked": 401,
    "api_key_expired": 401,
    "api_scope_denied": 403,
    "rate_limited": 429,
    "validation_failed": 400,
    "not_found": 404,
    "idempotency_conflict": 409,
}
"""HTTP status of each code, from https://rivya.ai/docs/api-errors-and-limits. ``insufficient_credits`` has
no documented status and is an assumption."""


class ApiError(Exception):
    """
    An answer of the form ``{"error": {"code", "message", "requestId"}}``.

    :param code: the stable error code.
    :param message: text for humans; no part of the contract.
    :param status: HTTP status; by default the documented one of ``code``.
    :param headers: further response headers.
    """

    def __init__(
        self, code: str, message: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUS_OF_CODE[code] if status is None else status
        self.headers = dict(headers or {})


class ControlError(Exception):
    """A control endpoint under ``/sandbox`` was called wrongly: answered with 400 and this text."""
