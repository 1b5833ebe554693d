"""Every place, vocabulary and HTTP status in which the pages let a refusal arrive."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, in_doubt
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
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
from airflow_provider_rivya.submission.decide import is_content_refusal
from tests.unit.api.answers import refusal

CREATE = toapis.create_generation("{}", "k")
GET = toapis.get_generation("task_1")
BALANCE = toapis.get_credits()


def refused(document: Any, status: int = 400, call: ApiCall[Any] = CREATE, **headers: str) -> GatewayError:
    return refusal(call, document, status, **headers)


# https://docs.toapis.com/docs/en/api-reference/tasks/image-status and the model guides.
DOCUMENTED: list[tuple[int, str, type[GatewayError], bool]] = [
    (400, "invalid_request", RequestRejectedError, False),
    (400, "invalid_request_error", RequestRejectedError, False),
    (400, "invalid_reference_images", RequestRejectedError, False),
    (401, "unauthorized", AuthenticationError, False),
    (401, "authentication_error", AuthenticationError, False),
    (402, "insufficient_quota", InsufficientCreditsError, False),
    (404, "task_not_found", NotFoundError, False),
    (422, "content_policy_violation", RequestRejectedError, False),
    (429, "rate_limit_exceeded", RateLimitedError, True),
    (500, "internal_error", GatewayUnavailableError, True),
]

SHAPES: list[Any] = [
    lambda name: {"error": {"message": "words", "type": name, "code": None}},
    lambda name: {"error": {"message": "words", "type": "some_type", "code": name}},
    lambda name: {"error": {"message": "words", "type": name, "code": "E-17", "param": "n"}},
    lambda name: {"error": {"message": {"message": "words"}, "code": name}},
    lambda name: {"code": name, "message": "words"},
    lambda name: {"code": name, "message": "words", "data": None},
    lambda name: {"success": False, "message": "words", "code": name},
    lambda name: {"success": False, "message": {"message": "words", "code": name}},
    lambda name: {"error": name, "message": "words"},
    lambda name: {"error": "words", "message": name},
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("status", "name", "error_class", "retryable"), DOCUMENTED)
def test_every_documented_name_in_every_place(
    shape: Any, status: int, name: str, error_class: type[GatewayError], retryable: bool
) -> None:
    error = refused(shape(name), status)
    assert type(error) is error_class
    assert (error.code, error.http_status, error.retryable) == (name, status, retryable)
    assert "'create generation': words" in str(error)


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"message": "words"}},
        {"message": "words"},
        {"success": False, "message": "words"},
        {"error": "words"},
        {"success": False, "message": "", "error": "words"},
        {"success": False, "message": None, "error": {"message": "words"}},
        {"message": {"message": "words"}},
        {"message": {"error": {"message": "words"}}},
        "words",
    ],
)
@pytest.mark.parametrize(("status", "name", "error_class", "retryable"), DOCUMENTED)
def test_without_a_name_the_status_rules(
    document: Any, status: int, name: str, error_class: type[GatewayError], retryable: bool
) -> None:
    error = refused(document, status)
    assert type(error) is error_class
    assert error.code == ("content_policy_violation" if status == 422 else None)
    assert error.retryable is retryable
    assert "'create generation': words" in str(error)


UNREADABLE = [
    *(b"", b"<html><h1>Bad gateway</h1>", b'{"error": {"cut', b"[" * 200_000, b"null", b"[]", b"{}", b"7"),
    *(b'{"error": null}', b'{"error": {}}', b'{"message": ["x"]}', b'{"error": 7, "message": 7, "code": 0}'),
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: ascii(body[:20]))
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_refusal_without_a_readable_reason(body: bytes, status: int) -> None:
    error = refused(body, status)
    assert type(error) is GatewayUnavailableError
    expected = f"The gateway refused 'create generation' without a readable reason [HTTP {status}]."
    assert (str(error), error.code, error.retryable) == (expected, None, True)
    assert in_doubt(error)


@pytest.mark.parametrize(
    ("status", "name", "error_class"),
    [
        # The status is documented: it rules, whatever the name.
        (400, "task_not_found", RequestRejectedError),
        (401, "rate_limit_exceeded", AuthenticationError),
        (404, "unauthorized", NotFoundError),
        (429, "invalid_request", RateLimitedError),
        (500, "insufficient_quota", GatewayUnavailableError),
        (503, "content_policy_violation", GatewayUnavailableError),
        # It is not: the name rules, if there is one.
        (403, "insufficient_quota", InsufficientCreditsError),
        (403, "unauthorized", AuthenticationError),
        (403, "no_access", PermissionDeniedError),
        (409, "rate_limit_exceeded", RateLimitedError),
        (409, "duplicate", RequestRejectedError),
        (413, "invalid_request", RequestRejectedError),
        (418, "task_not_found", NotFoundError),
        (408, "timeout", GatewayUnavailableError),
        # The one status with two documented meanings.
        (429, "insufficient_quota", InsufficientCreditsError),
    ],
)
def test_the_status_comes_first(status: int, name: str, error_class: type[GatewayError]) -> None:
    error = refused({"error": {"code": name, "message": "m"}}, status)
    assert type(error) is error_class
    assert error.code == name


def test_a_429_that_only_talks_of_quota_is_a_rate_limit() -> None:
    error = refused({"message": "current quota exceeds the upstream limit"}, 429, retry_after="9")
    assert type(error) is RateLimitedError
    assert (error.retryable, error.retry_after) == (True, 9.0)
    assert refused({"error": {"code": "rate_limit_exceeded"}}, 429).retry_after is None


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"code": "content_policy_violation", "message": "m"}},
        {"error": {"type": "content_policy_violation", "code": 422}},
        {"error": {"code": 422, "message": "m"}},
        {"message": "m"},
        b"",
    ],
)
def test_refused_content_is_known_as_such_and_final(document: Any) -> None:
    error = refused(document, 422)
    assert type(error) is RequestRejectedError
    assert is_content_refusal(error.code)
    assert not error.retryable
    assert not in_doubt(error)
    assert "Change the prompt or the reference media" in str(error)


@pytest.mark.parametrize(
    ("document", "error_class"),
    [
        ({"code": 400, "message": "bad n"}, RequestRejectedError),
        ({"code": "400", "message": "bad n"}, RequestRejectedError),
        ({"code": 401, "message": "m"}, AuthenticationError),
        ({"code": 402, "message": "m"}, InsufficientCreditsError),
        ({"code": 403, "message": "m", "data": None}, PermissionDeniedError),
        ({"code": 404, "message": "m", "data": []}, NotFoundError),
        ({"code": 422, "message": "m"}, RequestRejectedError),
        ({"code": 429, "message": "m"}, RateLimitedError),
        ({"code": 500, "message": "m"}, GatewayUnavailableError),
        ({"error": {"code": 429, "message": "m"}}, RateLimitedError),
        ({"error": {"code": 429, "type": "insufficient_quota"}}, InsufficientCreditsError),
        ({"error": {"code": "insufficient_quota", "message": "m"}}, InsufficientCreditsError),
        ({"code": "unauthorized", "message": "m"}, AuthenticationError),
        ({"success": False, "message": "insufficient_quota"}, InsufficientCreditsError),
        ({"success": False, "message": "m", "code": "internal_error"}, GatewayUnavailableError),
        ({"success": False, "message": "busy"}, UnexpectedAnswerError),
        ({"success": False}, UnexpectedAnswerError),
        ({"error": {"message": "m"}}, UnexpectedAnswerError),
        ({"error": "words"}, UnexpectedAnswerError),
        ({"success": False, "message": "m", "id": "task_1", "status": "queued"}, UnexpectedAnswerError),
    ],
)
@pytest.mark.parametrize("call", [CREATE, GET, BALANCE, toapis.list_models()], ids=lambda call: call.name)
def test_a_success_that_denies_itself(
    document: Any, error_class: type[GatewayError], call: ApiCall[Any]
) -> None:
    error = refused(document, 200, call)
    assert type(error) is error_class
    assert error.http_status == 200
    # What the gateway does not explain may have been taken in all the same.
    assert in_doubt(error) is issubclass(error_class, GatewayUnavailableError | UnexpectedAnswerError)


@pytest.mark.parametrize(
    ("status", "name", "advice"),
    [
        (401, "unauthorized", "password field"),
        (402, "insufficient_quota", "Top the account up"),
        (403, "x", "limited to some models"),
        (404, "task_not_found", "an image's or a video's"),
        (429, "rate_limit_exceeded", "max_in_flight"),
        (400, "invalid_reference_images", "public http(s) URLs"),
    ],
)
def test_what_a_person_can_act_on_comes_with_advice(status: int, name: str, advice: str) -> None:
    assert advice in str(refused({"error": {"code": name}}, status, GET))


def test_an_object_without_words_is_shown_as_it_is() -> None:
    error = refused({"success": False, "message": {"fields": ["n"], "hint": "a number"}})
    assert """: {"fields": ["n"], "hint": "a number"}""" in str(error)
    assert "without a readable reason" in str(refused({"error": {"param": "n"}}))


def test_what_a_refusal_says_is_cleaned() -> None:
    url = "https://files.example/a.png?signature=s3cret"
    for words in (f"sk-abcdefgh at {url}\n", {"where": f"sk-abcdefgh at {url}"}):
        error = refused({"error": {"code": "x\ny", "message": words}}, x_request_id="r\t1")
        assert (error.code, error.request_id) == ("x y", "r 1")
        assert "*** at https://files.example/..." in str(error)
        assert "s3cret" not in str(error)


def test_a_request_id_in_the_body_comes_before_the_header() -> None:
    assert refused({"request_id": "req_1"}, 500, x_request_id="r2").request_id == "req_1"
    assert refused({"error": {"request_id": "req_1", "message": "m"}}, 500).request_id == "req_1"
    assert refused({"request_id": 5}, 500).request_id is None


def test_no_depth_of_nesting_breaks_the_reading() -> None:
    """What could just be read may be too deep to be shown."""
    for depth in range(700, 1100):
        nested = b'{"message": {"hint": ' + b"[" * depth + b"1" + b"]" * depth + b"}}"
        assert type(refused(nested, 400)) is RequestRejectedError
