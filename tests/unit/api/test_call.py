from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from airflow_provider_rivya.api.call import (
    Answer,
    ApiCall,
    clock_skew,
    in_doubt,
    may_repeat,
    read_answer,
    retry_after,
    segment,
)
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    GenerationError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    RateLimitedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)

NOW = datetime(2026, 5, 11, 12, 0, 0, tzinfo=UTC)
SECRET = "https://cdn.example/result.png?signature=s3cret"


class Shape(BaseModel):
    id: str
    count: int


def refuse(answer: Answer, name: str) -> GatewayError:
    return GatewayError(f"{name} refused", http_status=answer.status)


def call(parse: Any = Shape.model_validate, **kwargs: Any) -> ApiCall[Any]:
    return ApiCall(name="do it", method="GET", path="/", parse=parse, refuse=refuse, **kwargs)


def answer(status: int = 200, body: bytes = b"{}") -> Answer:
    return Answer(status, {}, body)


def test_a_documented_answer_is_parsed() -> None:
    assert read_answer(call(), answer(201, b'{"id": "a", "count": 1, "new": true}')) == Shape(id="a", count=1)


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 399])
def test_a_redirect_is_not_followed_and_says_why(status: int) -> None:
    with pytest.raises(UnexpectedAnswerError, match="redirect") as caught:
        read_answer(call(), answer(status))
    assert caught.value.http_status == status
    assert "check the host" in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [100, 101, 103, 199])
def test_what_comes_before_an_answer_is_none(status: int) -> None:
    """It must not be taken for a refusal: the request may have been taken in."""
    with pytest.raises(UnexpectedAnswerError, match="not an answer") as caught:
        read_answer(call(), answer(status))
    assert caught.value.retryable
    assert in_doubt(caught.value)


@pytest.mark.parametrize("status", [400, 404, 500, 599])
def test_anything_else_but_2xx_goes_to_the_gateways_own_vocabulary(status: int) -> None:
    with pytest.raises(GatewayError, match="do it refused") as caught:
        read_answer(call(), answer(status))
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "an empty body"),
        (b"<html>\n<h1>Sign in</h1>", "<html> <h1>Sign in</h1>"),
        (b'{"id": "cut', '{"id": "cut'),
        (b"\xff\xfe\xff", "\ufffd\ufffd\ufffd"),
        (b"[" * 200_000, "[[["),
        (f"see {SECRET}".encode(), "see https://cdn.example/..."),
    ],
    ids=["empty", "html", "cut", "no-text", "deep", "url"],
)
def test_a_success_that_is_not_json(body: bytes, shown: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match="not JSON") as caught:
        read_answer(call(), answer(body=body))
    assert shown in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.retryable


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a", "count": 1}<!-- served by node 7 -->',
        b'{"id": "a", "count": 1}\n{"id": "b", "count": 2}',
        b'Warning: it is late\n{"id": "a", "count": 1}',
        b'\xef\xbb\xbf {"id": "a", "count": 1}',
        '{"id": "a", "count": 1}'.encode("utf-16"),
        b'{"id": "a", "count": 1, "cost": NaN, "more": Infinity, "most": 1e400}',
        b'{"id": "a", "count": 1, "cost": ' + b"9" * 9000 + b"}",
    ],
    ids=["behind", "two", "ahead", "bom", "utf-16", "no-numbers", "many-digits"],
)
def test_the_document_is_found_between_words(body: bytes) -> None:
    assert read_answer(call(), answer(body=body)) == Shape(id="a", count=1)


@pytest.mark.parametrize(
    "body",
    [
        b'<script>{"id": "a", "count": 1}</script>',
        b'<script>\n{"id": "a", "count": 1}</script>',
        b'?"data": {"id": "a", "count": 1}}',
        b'[1, {"id": "a", "count": 1}',
        b'{"id": "a\xff", "count": 1}',
    ],
    ids=["page", "page-of-lines", "damaged-beginning", "cut-list", "no-utf-8"],
)
def test_an_object_within_something_else_is_no_document(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError, match="not JSON"):
        read_answer(call(), answer(body=body))


def test_the_urls_of_a_result_are_resolved_by_the_gateways_address() -> None:
    resolving = call(resolve=lambda shape, base: shape.model_copy(update={"id": f"{base}/{shape.id}"}))
    found = read_answer(resolving, Answer(200, {}, b'{"id": "a", "count": 1}', "https://gateway.example"))
    assert found.id == "https://gateway.example/a"


def raising(error: Exception) -> Any:
    def parse(document: Any) -> Any:
        raise error

    return parse


@pytest.mark.parametrize(
    ("parse", "told"),
    [
        (Shape.model_validate, "count, id"),
        (lambda document: Shape.model_validate(SECRET), "the document"),
        (lambda document: document["url"] + document["nope"], "a field is missing or of another type"),
        (lambda document: document + 1, "a field is missing or of another type"),
        (raising(ValueError(f"no {SECRET}")), "no https://cdn.example/..."),
    ],
)
def test_a_wrong_shape_names_fields_and_never_values(parse: Any, told: str) -> None:
    body = json.dumps({"id": [SECRET], "count": SECRET, "url": SECRET}).encode()
    with pytest.raises(UnexpectedAnswerError, match="unknown shape") as caught:
        read_answer(call(parse), answer(body=body))
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.value.retryable


def test_a_success_that_is_a_refusal_goes_to_the_gateways_own_vocabulary() -> None:
    disguised = call(disguised=lambda document: "sorry" in document)
    with pytest.raises(GatewayError, match="do it refused") as caught:
        read_answer(disguised, answer(200, b'{"id": "a", "count": 1, "sorry": true}'))
    assert caught.value.http_status == 200
    assert read_answer(disguised, answer(200, b'{"id": "a", "count": 1}')) == Shape(id="a", count=1)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("task_1-a.b~c", "task_1-a.b~c"),
        ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("../x", "..%2Fx"),
        ("ü\n", "%C3%BC%0A"),
    ],
)
def test_an_id_stays_one_segment(value: str, quoted: str) -> None:
    assert segment(value) == quoted


def test_a_call_and_an_answer_show_no_body() -> None:
    assert SECRET not in repr(call(body=SECRET))
    assert SECRET not in repr(answer(body=SECRET.encode()))


PASSING: dict[str, Any] = {"retryable": True}


@pytest.mark.parametrize(
    ("error", "when_harmless", "when_not"),
    [
        (GatewayUnreachableError("x", sent=True, **PASSING), True, False),
        (GatewayUnreachableError("x", sent=False, **PASSING), True, True),
        (RateLimitedError("x", **PASSING), True, True),
        (GatewayUnavailableError("x", **PASSING), True, False),
        (UnexpectedAnswerError("x", **PASSING), True, False),
        (UnexpectedAnswerError("x"), False, False),
        (RequestRejectedError("x"), False, False),
        (IdempotencyConflictError("x"), False, False),
        (GenerationError("x", **PASSING), False, False),
        (OSError("x"), False, False),
    ],
)
def test_what_is_repeated(error: Exception, when_harmless: bool, when_not: bool) -> None:
    assert may_repeat(call(), error) is when_harmless
    assert may_repeat(call(repeatable=False), error) is when_not


@pytest.mark.parametrize(
    ("error", "doubt"),
    [
        (GatewayUnreachableError("x", sent=True), True),
        (GatewayUnreachableError("x", sent=False), False),
        (GatewayUnavailableError("x"), True),
        (GatewayUnavailableError("x", refused=True), False),
        (UnexpectedAnswerError("x"), True),
        (IdempotencyConflictError("x"), True),
        (RateLimitedError("x"), False),
        (AuthenticationError("x"), False),
        (InsufficientCreditsError("x"), False),
        (RequestRejectedError("x"), False),
    ],
)
def test_what_may_have_been_taken_in(error: GatewayError, doubt: bool) -> None:
    assert in_doubt(error) is doubt


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("120", 120.0),
        ("7200", 7200.0),
        ("9" * 400, 366 * 24 * 3600.0),
        ("-5", None),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e9", 366 * 24 * 3600.0),
        ("1e999", 366 * 24 * 3600.0),
        ("5, 60", 60.0),
        ("60,5,", 60.0),
        ("soon, 7, -9", 7.0),
        ("Mon, 11 May 2026 12:00:30 GMT, 5", 30.0),
        ("5, Mon, 11 May 2026 12:00:30 GMT, Mon, 11 May 2026 11:00:00 GMT", 30.0),
        ("5; 60", None),
        ("1" * 25, 366 * 24 * 3600.0),
        ("NaN", None),
        ("soon", None),
        ("", None),
        ("   ", None),
        ("\u0663", None),
        ("\u00b2", None),
        ("Mon, 11 May 2026 12:00:30 GMT", 30.0),
        ("Mon, 11 May 2026 12:00:30 -0000", 30.0),
        ("Mon, 11 May 2026 14:00:30 +0200", 30.0),
        ("Monday, 11-May-26 12:00:30 GMT", 30.0),
        ("Mon, 11 May 2026 11:00:00 GMT", None),
        ("Mon, 11 May 2026 13:00:00 GMT", 3600.0),
        ("Mon, 99 May 2026 13:00:00 GMT", None),
        ("Mon, 11 May 99999 13:00:00 GMT", None),
        (f"Mon, 11 May {10**20} 13:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_retry_after_is_counted_from_the_present() -> None:
    assert retry_after({}) is None
    later = datetime.now(UTC) + timedelta(seconds=100)
    found = retry_after({"retry-after": format_datetime(later, usegmt=True)})
    assert found is not None
    assert 0 < found <= 100


@given(
    st.one_of(
        st.text(),
        st.datetimes(timezones=st.just(timezone(timedelta(hours=-11)))).map(format_datetime),
        st.builds(
            "{}, {} {} {} {}:{} {}".format,
            st.sampled_from(["Mon", ""]),
            st.integers(-1, 40),
            st.sampled_from(["May", "Xyz"]),
            st.integers(-1, 100_000),
            st.integers(-1, 30),
            st.text(alphabet="0123456789:.", max_size=6),
            st.text(alphabet="+-0123456789GMT", max_size=8),
        ),
    )
)
def test_no_header_breaks_it_or_leaves_the_bounds(value: str) -> None:
    seconds = retry_after({"retry-after": value}, NOW)
    assert seconds is None or 0.0 <= seconds < 367 * 24 * 3600


@pytest.mark.parametrize(
    ("headers", "skew"),
    [
        ({"date": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"date": "Thu, 01 Jan 1970 00:15:00 -0000"}, -100.0),
        ({"date": "yesterday"}, 7.0),
        ({"date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 7.0),
        ({"date": f"Thu, 01 Jan {10**20} 00:20:00 GMT"}, 7.0),
        ({}, 7.0),
    ],
)
def test_the_clocks_differ_by_the_date_of_the_answer(headers: dict[str, str], skew: float) -> None:
    assert clock_skew(Answer(200, headers, b""), 1000.0, unknown=7.0) == skew
