"""Every place, vocabulary and HTTP status in which the pages let a refusal arrive."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from airflow_provider_rivya.api.call import Answer, ApiCall, FilePart, in_doubt, may_repeat, read_answer
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

CREATE = toapis.create_generation("{}", "k")
GET = toapis.get_generation("task_1")
BALANCE = toapis.get_credits()


def refused(document: Any, status: int = 400, call: ApiCall[Any] = CREATE, **headers: str) -> GatewayError:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(GatewayError) as caught:
        read_answer(call, Answer(status, {name.replace("_", "-"): headers[name] for name in headers}, body))
    return caught.value


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


# -- a refusal that comes as a success -------------------------------------------------------------


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


# -- what is told ----------------------------------------------------------------------------------


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


# -- a task that the gateway does not know -----------------------------------------------------------

STATUS_CALLS = [GET, toapis.find_generation("rivya-1")]


@pytest.mark.parametrize("call", STATUS_CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize(
    "body", [b"", b" \n", b"<html>404 Not Found</html>", b"{}", b'{"detail": "Not Found"}']
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


# -- whether a creation was taken in -------------------------------------------------------------------


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
