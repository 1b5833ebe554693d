from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.schemas import (
    FAILED,
    MAX_RESULTS,
    PROCESSING,
    QUEUED,
    SUCCEEDED,
    UNKNOWN,
    Generation,
    GenerationFailure,
    UploadedFile,
    absolute,
    moment,
    name_field,
    percent,
    status_field,
    text_field,
    urls,
)

MOMENT = datetime(2026, 2, 2, 2, 40, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-05-11T00:00:00.000Z", datetime(2026, 5, 11, tzinfo=UTC)),
        (" 2026-05-11T02:00:00+02:00 ", datetime(2026, 5, 11, tzinfo=UTC)),
        ("2026-05-11T00:00:00.123456789Z", datetime(2026, 5, 11, 0, 0, 0, 123456, tzinfo=UTC)),
        (MOMENT, MOMENT),
        (1770000010, MOMENT),
        ("1770000010", MOMENT),
        (1770000010.5, MOMENT.replace(microsecond=500_000)),
        ("1770000010.0", MOMENT),
        (1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("2026-05-11T00:00:00", None),
        ("2026-05-11", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0044-03-15T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        ("", None),
        (0, None),
        (-5, None),
        (True, None),
        (1770000010000, None),
        (10**400, None),
        ("9" * 400, None),
        (float("nan"), None),
        (float("inf"), None),
        ("NaN", None),
        (None, None),
        ([1770000010], None),
        ({}, None),
    ],
)
def test_times(value: Any, found: datetime | None) -> None:
    assert moment(value) == found
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (5, 5.0),
        ("5", 5.0),
        (" 2.5 ", 2.5),
        (0, 0.0),
        ("0", 0.0),
        *[(value, None) for value in ("n/a", "", "NaN", "Infinity", "-0.1", -1, 1e300, 10**400, "1e400")],
        *[(value, None) for value in (float("nan"), float("inf"), True, None, [5], {"credits": 5})],
    ],
)
def test_credits_are_finite_and_not_negative_or_unknown(value: Any, found: float | None) -> None:
    """Never 0 where nobody knows: a failure that cost nothing is sent again."""
    seen = Generation(id="t", credits_reserved=value, credits_final=value)
    assert (seen.credits_reserved, seen.credits_final) == (found, found)


@pytest.mark.parametrize(
    ("value", "progress"),
    [
        (0, 0),
        (50, 50),
        (100, 100),
        ("50", 50),
        (49.9, 49),
        (101, None),
        (-1, None),
        ("50%", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_progress(value: Any, progress: int | None) -> None:
    assert percent(value) == progress


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("task_1", "task_1"),
        (" task_1\n", "task_1"),
        ("a/b?c=../d e", "a/b?c=../d e"),
        ("\u00fc", "\u00fc"),
        (17, "17"),
        ("t" * 200, "t" * 200),
        *[(value, None) for value in ("", "  ", "t" * 201, None, True, 1.5, ["t"], {"id": "t"}, 10**300)],
        *[
            (f"t{odd}1", None)
            for odd in ("\x00", "\n", "\x7f", "\u200b", "\u202e", "\u2028", "\ud800", "\ue000")
        ],
    ],
)
def test_ids_are_short_and_printable(value: Any, found: str | None) -> None:
    assert name_field(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("nano-banana-2", "nano-banana-2"),
        ("vendor/model:1.5@latest", "vendor/model:1.5@latest"),
        *[(value, None) for value in ("a|b", "a,b", "a=b", "a#b", "m" * 121, "\u00fc", "a\nb", "", None)],
    ],
)
def test_a_model_is_fit_for_the_tag_of_a_metric(value: Any, found: str | None) -> None:
    assert Generation(id="t", model=value).model == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("queued", QUEUED),
        ("PENDING", QUEUED),
        ("In Progress", PROCESSING),
        ("in-progress", PROCESSING),
        ("Completed", SUCCEEDED),
        ("failed", FAILED),
        ("cancelled", "cancelled"),
        ("error", "error"),
        ("a\x00b\u202ec", "a b c"),
        ("s" * 100_000, "s" * 59 + "\u2026"),
        *[(value, UNKNOWN) for value in (None, "", " ", 3, True, ["succeeded"], {"status": "succeeded"})],
    ],
)
def test_statuses(value: Any, found: str) -> None:
    assert status_field(value) == found
    assert Generation(id="t", status=value).status == found


def test_codes_and_messages_are_bounded() -> None:
    failure = GenerationFailure(code="c\x00" * 1000, message="m\ud800" * 100_000)
    assert len(failure.code or "") == 80
    assert len(failure.message or "") == 300
    assert json.dumps(failure.model_dump(), ensure_ascii=False).encode()
    assert GenerationFailure(code=["x"], message={"a": 1}) == GenerationFailure()  # type: ignore[arg-type]


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    )
)
def test_no_value_breaks_a_generation(value: Any) -> None:
    names = [name for name in Generation.model_fields if name not in ("id", "failure", "urls")]
    seen = Generation(id="t", **dict.fromkeys(names, value))
    assert seen.credits_final is None or 0 <= seen.credits_final <= 1e12
    assert seen.progress is None or 0 <= seen.progress <= 100
    for text in (seen.status, seen.model or ""):
        assert text.isprintable()
        assert len(text) <= 120
    # What goes into an XCom has to be a document that every database takes.
    assert b"\\u0000" not in seen.model_dump_json().encode()


def test_urls_are_texts_each_once_in_their_order() -> None:
    assert urls(["b/", "", None, 3, ["x"], "a/", " b/ ", {"url": "c/"}, "no-path"]) == ("b/", "a/")
    assert urls(()) == ()
    odd = ["https://a/\x00", "https://a/\ud800", "https://a/\u202e", "https://a/" + "b" * 8192]
    assert urls([*odd, "https://a/b c", "https://\u00fc.example/"]) == (
        "https://a/b c",
        "https://\u00fc.example/",
    )
    assert len(urls(f"https://a/{number}" for number in range(1000))) == MAX_RESULTS


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://cdn.example/1.png", "https://cdn.example/1.png"),
        ("HTTP://cdn.example/1.png", "HTTP://cdn.example/1.png"),
        ("//cdn.example/1.png", "https://cdn.example/1.png"),
        ("/files/1.png?a=b", "http://127.0.0.1:8765/files/1.png?a=b"),
        ("files/1.png", "http://127.0.0.1:8765/files/1.png"),
        ("cdn.example.com/1.png", "https://cdn.example.com/1.png"),
        ("cdn.example.com:8443/1.png", "https://cdn.example.com:8443/1.png"),
        ("127.0.0.1:8765/files/1.png", "http://127.0.0.1:8765/files/1.png"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("data:image/png;base64,AA/BB", "data:image/png;base64,AA/BB"),
        ("file:/etc/passwd", "file:/etc/passwd"),
        ("../files/1.png", "http://127.0.0.1:8765/files/1.png"),
    ],
)
def test_a_url_may_lack_its_scheme_or_its_host(url: str, found: str) -> None:
    base = "http://127.0.0.1:8765"
    assert absolute(url, base) == found
    assert Generation(id="t", urls=(url,)).resolved(base).urls == (found,)
    assert UploadedFile(url=url).resolved(base).url == found


def test_texts_are_cleaned_and_nothing_else_is_one() -> None:
    assert text_field("a\nb  sk-abcdef at https://x.example/y?z") == "a b  *** at https://x.example/..."
    assert text_field("c" * 10, 5) == "cccc…"
    assert [text_field(value) for value in ("", "  ", None, 3, ["x"], {"a": 1}, True)] == [None] * 7
