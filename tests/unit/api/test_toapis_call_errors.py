"""What a refusal of ToAPIs means to one call and not to another: creation, status, upload, balance."""

from __future__ import annotations

import io
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, FilePart, in_doubt, may_repeat
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    NotFoundError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from tests.unit.api.answers import refusal

CREATE = toapis.create_generation("{}", "k")
GET = toapis.get_generation("task_1")
BALANCE = toapis.get_credits()


def refused(document: Any, status: int = 400, call: ApiCall[Any] = CREATE, **headers: str) -> GatewayError:
    return refusal(call, document, status, **headers)


@pytest.mark.parametrize(
    ("message", "error_class"),
    [
        ("Failed to get token info", AuthenticationError),
        ("Failed to get token info: record not found", AuthenticationError),
        ("No Authorization header", AuthenticationError),
        ("Something else", UnexpectedAnswerError),
        ("", UnexpectedAnswerError),
    ],
)
def test_a_balance_that_is_refused_in_words(message: str, error_class: type[GatewayError]) -> None:
    error = refused({"success": False, "message": message}, 200, BALANCE)
    assert type(error) is error_class
    assert ("password field" in str(error)) is (error_class is AuthenticationError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_bad_key_is_told_by_its_words_under_any_status(status: int) -> None:
    document = {"success": False, "message": "Failed to get token info"}
    error = refused(document, status, BALANCE)
    assert type(error) is AuthenticationError
    assert not error.retryable


@pytest.mark.parametrize("status", [400, 413])
def test_an_upload_that_is_refused_names_the_limits(status: int) -> None:
    call = toapis.upload_file(FilePart("a.png", "image/png", io.BytesIO), "image")
    for document in (
        {"success": False, "message": "File too large"},
        {"error": {"message": "File too large"}},
    ):
        error = refused(document, status, call)
        assert type(error) is RequestRejectedError
        assert "File too large" in str(error)
        assert "up to 10 MB and videos (MP4, WebM, MOV) up to 50 MB" in str(error)
    assert "password field" in str(refused({}, 401, call))


STATUS_CALLS = [GET, toapis.find_generation("rivya-1")]


@pytest.mark.parametrize("call", STATUS_CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"<html>404 Not Found</html>",
        b"{}",
        b'{"detail": "Not Found"}',
        b'"default backend - 404"',
        b'{"message": "no Route matched with those values"}',
        b'{"status": 404, "error": "Not Found", "path": "/v1/images/generations/rivya-1"}',
    ],
)
def test_a_404_in_which_the_gateway_says_nothing_tells_of_no_task(body: bytes, call: ApiCall[Any]) -> None:
    error = refused(body, 404, call)
    assert type(error) is UnexpectedAnswerError
    assert error.retryable


@pytest.mark.parametrize("call", STATUS_CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize(
    ("status", "document"),
    [
        (
            404,
            {"error": {"code": 404, "message": "\u4efb\u52a1\u4e0d\u5b58\u5728", "type": "not_found_error"}},
        ),
        (404, {"error": {"code": "task_not_found", "message": "m"}}),
        (404, {"error": "task_not_found"}),
        (404, {"message": "task_not_exist"}),
        (400, {"message": "task_not_exist"}),
        (400, {"message": "task_not_exist: rivya-1"}),
        (400, {"code": "task_not_exist", "message": "m", "data": None}),
        (400, {"error": {"code": "task_not_exist", "message": "m"}}),
        (400, {"error": {"code": 400, "message": "m", "type": "task_not_exist"}}),
        (400, {"error": {"code": "task_not_found", "message": "m"}}),
        (200, {"success": False, "message": "task_not_exist"}),
    ],
)
def test_an_unknown_task_is_a_404_or_a_400_that_names_it(
    status: int, document: dict[str, Any], call: ApiCall[Any]
) -> None:
    error = refused(document, status, call)
    assert type(error) is NotFoundError
    assert not error.retryable
    assert "an image's or a video's" in str(error)


@pytest.mark.parametrize("call", STATUS_CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize(
    "document",
    [
        {"message": "bad id"},
        {"error": {"code": 400, "message": "m", "type": "not_found_error"}},
        {"error": {"code": "task_not_existing"}},
        {},
        b"task_not_exist",
        b"<html>task_not_exist</html>",
    ],
)
def test_no_other_400_says_that_there_is_no_task(document: Any, call: ApiCall[Any]) -> None:
    assert type(refused(document, 400, call)) is RequestRejectedError


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"error": {"code": "rate_limit_unavailable", "message": "m"}}, "rate_limit_unavailable"),
        ({"code": "rate_limit_unavailable", "message": "m"}, "rate_limit_unavailable"),
        ({"error": {"message": "No available channel for model x under group default"}}, None),
        ({"message": "no available channel"}, None),
    ],
)
def test_a_503_that_comes_before_any_task_is_a_refusal(document: dict[str, Any], code: str | None) -> None:
    error = refused(document, 503, retry_after="4")
    assert type(error) is GatewayUnavailableError
    assert (error.code, error.retryable, error.retry_after) == (code, True, 4.0)
    assert not in_doubt(error)
    assert may_repeat(CREATE, error)


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (503, {"error": {"message": "busy"}}),
        (503, {"error": {"code": "rate_limit_exceeded"}}),
        (503, {"error": {"code": "public_api_disabled"}}),
        (503, b"<html>no available channel</html>"),
        (503, b""),
        (500, {"error": {"code": "rate_limit_unavailable"}}),
        (502, {"message": "no available channel"}),
    ],
)
def test_any_other_failure_of_the_gateway_leaves_a_creation_in_doubt(status: int, document: Any) -> None:
    error = refused(document, status)
    assert in_doubt(error)
    assert not may_repeat(CREATE, error)


@pytest.mark.parametrize(
    ("status", "document"),
    [(409, {}), (400, {"message": "client_business_id exists"}), (409, {"message": "busy"})],
)
def test_a_repeated_id_leaves_a_creation_in_doubt(status: int, document: dict[str, Any]) -> None:
    error = refused(document, status)
    assert type(error) is RequestRejectedError
    assert error.maybe_taken_in
    assert not refused({"message": "bad size"}).maybe_taken_in
