from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.result import GenerationResult, Output

URL = "https://cdn.example/a.png?signature=s3cret"
GENERATION = Generation(
    id="task_1",
    status="succeeded",
    model="nano-banana-2",
    credits_reserved=5.0,
    credits_final=4.5,
    created_at=datetime(2026, 5, 11, tzinfo=UTC),
    updated_at=datetime(2026, 5, 11, 2, 0, 40, 500_000, tzinfo=timezone(timedelta(hours=2))),
    urls=(URL,),
)
LANDED = Output(
    index=0,
    uri="s3://bucket/run/task_1-0.png",
    conn_id="aws_default",
    source_url=URL,
    mime_type="image/png",
    size_bytes=1482211,
    sha256="ab" * 32,
    width=1376,
    height=768,
)


def test_the_xcom_is_exactly_the_documented_one() -> None:
    document = GenerationResult.of(GENERATION, "rivya", "asked-for", [LANDED]).to_xcom()
    assert document == {
        "generation_id": "task_1",
        "gateway": "rivya",
        "model": "nano-banana-2",
        "status": "succeeded",
        "credits_reserved": 5,
        "credits_final": 4.5,
        "created_at": "2026-05-11T00:00:00Z",
        "finished_at": "2026-05-11T00:00:40.500000Z",
        "outputs": [
            {
                "index": 0,
                "uri": "s3://bucket/run/task_1-0.png",
                "conn_id": "aws_default",
                "source_url": URL,
                "mime_type": "image/png",
                "size_bytes": 1482211,
                "sha256": "ab" * 32,
                "width": 1376,
                "height": 768,
                "duration_s": None,
                "doubts": [],
                "c2pa": None,
                "xmp": None,
            }
        ],
    }
    assert json.loads(json.dumps(document)) == document
    assert type(document["credits_reserved"]) is int


def test_what_the_gateway_does_not_say_is_null() -> None:
    bare = Generation(id="task_1", status="succeeded")
    document = GenerationResult.of(bare, "rivya", "asked-for", [Output(0, None, None, URL)]).to_xcom()
    assert document["model"] == "asked-for"
    assert {
        document[name] for name in ("credits_reserved", "credits_final", "created_at", "finished_at")
    } == {None}
    assert document["outputs"][0]["uri"] is None
    assert json.loads(json.dumps(document)) == document


def test_a_result_url_is_in_no_repr() -> None:
    assert "s3cret" not in repr(GenerationResult.of(GENERATION, "rivya", "m", [LANDED]))


@pytest.mark.parametrize(
    ("credits", "shown"), [(None, "None"), (0.0, "0"), (5.0, "5"), (5, "5"), (2.5, "2.5"), (-1.0, "-1")]
)
def test_whole_credits_are_shown_whole(credits: float | None, shown: str) -> None:
    assert str(whole(credits)) == shown
