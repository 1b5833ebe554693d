from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.redaction import clean, for_terminal, host_of


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://cdn.example/a/b.png?token=secret", "https://cdn.example/..."),
        ("http://user:secret@cdn.example:8080/a", "http://cdn.example:8080/..."),
        ("http://[fe80::1]:8080/a", "http://[fe80::1]:8080/..."),
        ("file:///etc/passwd", "file://?/..."),
        ("no url", "?://?/..."),
        ("https://cdn.example:99999/a", "an unreadable URL"),
        ("https://[::1/a", "an unreadable URL"),
    ],
)
def test_host_of_tells_where_and_nothing_to_fetch_with(url: str, shown: str) -> None:
    assert host_of(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key rvya_sk_abcDEF-123_x was refused", "key *** was refused"),
        ("Bearer_rvya_sk_abcd1234", "Bearer_***"),
        ("sk-abcd1234", "***"),
        ("the desk-bound and risk-averse", "the desk-bound and risk-averse"),
        ('see "https://cdn.example/x?sig=1" now', 'see "https://cdn.example/..." now'),
        ("url_HTTPS://cdn.example/x?sig=1", "url_https://cdn.example/..."),
        ("a\r\nfake line\x1b[31m\u2028b\x85c", "a fake line [31m b c"),
        ("  padded  ", "padded"),
        (None, "None"),
    ],
)
def test_clean(text: object, shown: str) -> None:
    assert clean(text) == shown


def test_what_a_terminal_would_obey_or_not_show_is_spelled_out() -> None:
    for letter in "\x1b\x9b\r\x00\x7f\xad\u061c\u200b\u200f\u202e\u2060\u2066\u3164\ufeff\U000e0041":
        shown = for_terminal(f"a{letter}b")
        assert shown.isascii()
        assert shown.isprintable()
        assert json.loads(f'"{shown}"') == f"a{letter}b"
    seen = "a\n\tb \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f680"
    assert for_terminal(seen) == seen


def test_clean_cuts_to_the_limit_and_shows_that_it_did() -> None:
    assert clean("x" * 300) == "x" * 300
    assert clean("x" * 301) == "x" * 299 + "…"
    assert clean("x" * 50, 10) == "x" * 9 + "…"


@given(st.text(), st.text(alphabet="abcdefXYZ0123456789_-", min_size=4, max_size=60), st.text())
def test_no_key_survives_whatever_is_around_it(before: str, secret: str, after: str) -> None:
    assert f"rvya_sk_{secret}" not in clean(f"{before}rvya_sk_{secret}{after}")


@given(st.text(max_size=2000), st.integers(min_value=1, max_value=400))
def test_what_is_shown_is_short_and_on_one_line(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F for character in shown)
