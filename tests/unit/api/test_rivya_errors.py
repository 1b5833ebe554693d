"""Every code and HTTP status with which Rivya refuses a call, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.api.call import in_doubt
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
)
from tests.unit.api.answers import refusal

URL = "https://cdn.example/a.png?signature=s3cret"


def refused(document: Any, status: int = 400, **headers: str) -> GatewayError:
    return refusal(rivya.get_generation("task_1"), document, status, **headers)


# https://rivya.ai/docs/api-errors-and-limits
DOCUMENTED: list[tuple[str, int, type[GatewayError], bool]] = [
    ("api_key_missing", 401, AuthenticationError, False),
    ("api_key_invalid", 401, AuthenticationError, False),
    ("api_key_revoked", 401, AuthenticationError, False),
    ("api_key_expired", 401, AuthenticationError, False),
    ("api_scope_denied", 403, PermissionDeniedError, False),
    ("public_api_disabled", 503, GatewayUnavailableError, True),
    ("rate_limited", 429, RateLimitedError, True),
    ("validation_failed", 400, RequestRejectedError, False),
    ("not_found", 404, NotFoundError, False),
    ("idempotency_conflict", 409, IdempotencyConflictError, False),
    ("insufficient_credits", 402, InsufficientCreditsError, False),
]


@pytest.mark.parametrize(("code", "status", "error_class", "retryable"), DOCUMENTED)
def test_every_documented_code(
    code: str, status: int, error_class: type[GatewayError], retryable: bool
) -> None:
    body = {"error": {"code": code, "message": "text", "requestId": "req_1"}}
    error = refused(body, status)
    assert type(error) is error_class
    assert (error.code, error.http_status, error.request_id) == (code, status, "req_1")
    assert "'get generation': text" in str(error)
    assert error.retryable is retryable
    # The code rules where the status is another one: that of insufficient_credits is not documented.
    assert type(refused(body, 418)) is error_class


@pytest.mark.parametrize(
    "code", [code for code, *_ in DOCUMENTED if code not in ("validation_failed", "idempotency_conflict")]
)
def test_codes_a_person_can_act_on_come_with_advice(code: str) -> None:
    assert refused({"error": {"code": code}}).advice


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, RequestRejectedError),
        (401, AuthenticationError),
        (402, InsufficientCreditsError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, RequestRejectedError),
        (408, GatewayUnavailableError),
        (409, RequestRejectedError),
        (413, RequestRejectedError),
        (422, RequestRejectedError),
        (429, RateLimitedError),
        (500, GatewayUnavailableError),
        (503, GatewayUnavailableError),
        (599, GatewayUnavailableError),
    ],
)
def test_an_unknown_code_goes_by_the_status(status: int, error_class: type[GatewayError]) -> None:
    error = refused({"error": {"code": "brand_new", "message": "m"}}, status)
    assert type(error) is error_class
    assert error.code == "brand_new"
    assert error.retryable is (error_class in (RateLimitedError, GatewayUnavailableError))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[" * 200_000,
        b'["x"]',
        b"null",
        b'"text"',
        b"{}",
        b'{"error": null}',
        b'{"error": 7}',
        b'{"error": []}',
        b'{"error": {}}',
        b'{"error": ""}',
        b'{"error": {"code": 3, "message": {"a": 1}, "requestId": []}}',
    ],
)
def test_a_refusal_without_a_readable_reason(body: bytes) -> None:
    error = refused(body, 502)
    assert type(error) is GatewayUnavailableError
    assert (error.code, error.request_id) == (None, None)
    assert str(error) == "The gateway refused 'get generation' without a readable reason [HTTP 502]."


def test_a_refusal_in_words_alone() -> None:
    assert (
        str(refused({"error": "Too many"}, 429))
        == "The gateway refused 'get generation': Too many [HTTP 429]."
    )


def test_what_a_refusal_says_is_cleaned() -> None:
    error = refused(
        {"error": {"code": "x\ny", "message": f"rvya_sk_abcd1234 at {URL}\n", "requestId": "r\t1"}}
    )
    assert (error.code, error.request_id) == ("x y", "r 1")
    assert "*** at https://cdn.example/..." in str(error)


def test_the_wait_that_was_asked_for_is_handed_on() -> None:
    assert refused({}, 429, retry_after="9").retry_after == 9.0
    assert refused({}, 429).retry_after is None


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("idempotency_conflict", IdempotencyConflictError),
        ("idempotency_key_in_use", IdempotencyConflictError),
        (None, IdempotencyConflictError),
        ("insufficient_credits", InsufficientCreditsError),
    ],
)
def test_a_conflict_over_a_creation_is_in_doubt_by_whatever_name(
    code: str | None, error_class: type[GatewayError]
) -> None:
    error = refusal(rivya.create_generation("{}", "k"), {"error": {"code": code, "message": "m"}}, 409)
    assert type(error) is error_class
    assert in_doubt(error) is (error_class is IdempotencyConflictError)
