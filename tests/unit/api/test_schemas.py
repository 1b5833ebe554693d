from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.schemas import parse_time, percent, text_field, unix_time, urls

MOMENT = datetime(2026, 2, 2, 2, 40, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-05-11T00:00:00.000Z", datetime(2026, 5, 11, tzinfo=UTC)),
        ("2026-05-11T02:00:00+02:00", datetime(2026, 5, 11, tzinfo=UTC)),
        ("2026-05-11T00:00:00", None),
        ("2026-05-11", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (1778457600, None),
        (None, None),
    ],
)
def test_times(value: Any, moment: datetime | None) -> None:
    found = parse_time(value)
    assert found == moment
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1770000010, MOMENT),
        ("1770000010", MOMENT),
        (1770000010.5, MOMENT.replace(microsecond=500_000)),
        ("1770000010.0", MOMENT),
        (1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (True, None),
        (1770000010000, None),
        (10**400, None),
        ("9" * 400, None),
        (float("nan"), None),
        (float("inf"), None),
        ("NaN", None),
        ("2026-05-11T00:00:00Z", None),
        ("", None),
        (None, None),
        ([1770000010], None),
        ({}, None),
    ],
)
def test_unix_times(value: Any, moment: datetime | None) -> None:
    found = unix_time(value)
    assert found == moment
    assert found is None or found.tzinfo is UTC


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


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.integers())))
def test_no_value_breaks_the_readers(value: Any) -> None:
    moment, progress = unix_time(value), percent(value)
    assert moment is None or moment.tzinfo is UTC
    assert progress is None or 0 <= progress <= 100


def test_urls_are_texts_each_once_in_their_order() -> None:
    assert urls(["b", "", None, 3, ["x"], "a", "b", {"url": "c"}]) == ("b", "a")
    assert urls(()) == ()


def test_texts_are_cleaned_and_nothing_else_is_one() -> None:
    assert text_field("a\nb  sk-abcdef at https://x.example/y?z") == "a b  *** at https://x.example/..."
    assert text_field("c" * 10, 5) == "cccc…"
    assert [text_field(value) for value in ("", "  ", None, 3, ["x"], {"a": 1}, True)] == [None] * 7
