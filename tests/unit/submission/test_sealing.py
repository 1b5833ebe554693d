"""What of a request's body is sealed before its record can be shown, and that it comes back byte for byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.submission.record import Record, UnreadableRecordError
from airflow_provider_rivya.submission.sealing import SEALED, Seal

SEAL = Seal("rvya_sk_abcd1234")
BODY = json.dumps(
    {
        "model": "nano-banana-2",
        "prompt": 'a cat? "yes", as in https://cats.example/?q=grey\\u0021',
        "params": {
            "referenceMediaItems": [
                {"url": "https://files.example/a.png?X-Signature=s3cr3t-1&Expires=9", "kind": "image"},
                {"url": "https://files.example/b.mp3", "durationToken": 's3cr3t"-2', "kind": "audio"},
                {"url": "HTTPS://files.example/c.mp3?sig=s3cr3t-3", "duration_token": "s3cr3t-4"},
            ]
        },
    },
    separators=(",", ":"),
)


def document(body: str) -> dict[str, object]:
    return Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body=body).to_json()


def test_no_signature_and_no_token_is_shown() -> None:
    closed = SEAL.close(document(BODY))
    shown = json.dumps(closed)
    assert "s3cr3t" not in shown
    assert "Signature" not in shown
    assert "https://files.example/a.png?***" in str(closed["body"])
    assert "nano-banana-2" in shown


def test_what_was_sealed_comes_back_as_it_was() -> None:
    closed = SEAL.close(document(BODY))
    assert Record.from_json(SEAL.open(json.loads(json.dumps(closed)))).body == BODY


@given(
    st.lists(
        st.text(max_size=8)
        | st.sampled_from(['https://a.b/c?d=e"', "***", '"durationToken":"x"', "?", "http://a?", '\\"', " "]),
        max_size=8,
    ).map("".join)
)
def test_any_body_comes_back_byte_for_byte(body: str) -> None:
    assert SEAL.open(SEAL.close({"body": body})) == {"body": body}


def test_where_there_is_nothing_to_seal_nothing_changes() -> None:
    plain = document('{"prompt":"a cat"}')
    submitted = Record("submitted", 0, 0, "f", "k", 1.0, "c", "m", generation_id="task_1").to_json()
    for whole in (plain, submitted):
        assert SEAL.close(whole) is whole
        assert SEAL.open(whole) is whole
    assert SEAL.open("no record") == "no record"


def test_another_api_key_does_not_open_it() -> None:
    """A record that cannot be read is never taken for none."""
    with pytest.raises(UnreadableRecordError, match="present API key does not open"):
        Seal("rvya_sk_another").open(SEAL.close(document(BODY)))


@pytest.mark.parametrize("change", [{SEALED: "damaged"}, {SEALED: 1}, {"body": None}, {"body": 7}])
def test_what_is_damaged_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(UnreadableRecordError):
        Record.from_json(SEAL.open({**SEAL.close(document(BODY)), **change}))


def test_the_api_key_is_not_shown() -> None:
    assert "abcd1234" not in repr(SEAL)
