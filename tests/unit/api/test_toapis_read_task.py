"""How a task of ToAPIs is read: its id, status, results, failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_rivya.api.schemas import Generation, GenerationFailure
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import UnexpectedAnswerError
from airflow_provider_rivya.submission.decide import is_content_refusal
from tests.unit.api.answers import read

URL = "https://files.example/out.png?signature=s3cret"
OTHER = "https://files.example/two.png"
CREATED = {
    "id": "task_img_0a1b2c3d4e5f",
    "object": "generation.task",
    "model": "gemini-3.1-flash-image-preview",
    "status": "queued",
    "progress": 0,
    "created_at": 1770000010,
    "metadata": {},
}


def task(**fields: Any) -> Generation:
    found = read(toapis.get_generation(str(CREATED["id"])), {**CREATED, **fields})
    assert isinstance(found, Generation)
    return found


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_documented_task(status: int) -> None:
    found = read(toapis.create_generation("{}", "k"), CREATED, status)
    assert found == Generation(
        id="task_img_0a1b2c3d4e5f",
        status="queued",
        model="gemini-3.1-flash-image-preview",
        created_at=datetime(2026, 2, 2, 2, 40, 10, tzinfo=UTC),
        progress=0,
    )
    assert not found.ended


@pytest.mark.parametrize(
    "document",
    [
        {"code": 200, "data": [{"status": "submitted", "task_id": "task_01ABCDEF"}]},
        {"code": "success", "message": "", "data": [{"status": "submitted", "task_id": "task_01ABCDEF"}]},
        {"success": True, "data": {"status": "queued", "id": "task_01ABCDEF"}},
        {"status": "queued", "task_id": "task_01ABCDEF"},
        {"status": "queued", "task_id": "task_01ABCDEF", "id": ""},
    ],
)
def test_the_other_shape_of_a_creation(document: Any) -> None:
    for call in (
        toapis.create_generation("{}", "k"),
        toapis.get_generation("t"),
        toapis.find_generation("k"),
    ):
        assert read(call, document) == Generation(id="task_01ABCDEF", status="queued")


@pytest.mark.parametrize(
    ("said", "status", "ended"),
    [
        ("pending", "queued", False),
        ("queued", "queued", False),
        ("submitted", "queued", False),
        ("in_progress", "processing", False),
        ("completed", "succeeded", True),
        ("failed", "failed", True),
        ("cancelled", "cancelled", False),
        ("COMPLETED", "succeeded", True),
        ("expired", "expired", False),
    ],
)
def test_statuses(said: str, status: str, ended: bool) -> None:
    found = task(status=said)
    assert (found.status, found.ended) == (status, ended)


def test_a_completed_task() -> None:
    found = task(
        status="completed",
        progress=100,
        completed_at=1770000042,
        expires_at="1770086442",
        url=URL,
        result={"type": "image", "data": [{"url": URL}]},
        client_business_id="order-1",
    )
    assert found.succeeded
    assert found.urls == (URL,)
    assert found.updated_at == datetime(2026, 2, 2, 2, 40, 42, tzinfo=UTC)
    assert found.expires_at == datetime(2026, 2, 3, 2, 40, 42, tzinfo=UTC)
    assert (found.progress, found.credits_reserved, found.credits_final) == (100, None, None)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("fields", "urls"),
    [
        ({}, ()),
        ({"url": URL}, (URL,)),
        ({"result": {"data": [{"url": URL}]}}, (URL,)),
        ({"result": {"data": [{"url": URL}, {"url": OTHER}]}, "url": URL}, (URL, OTHER)),
        ({"result": {"data": [{"url": URL}, {"url": URL}]}}, (URL,)),
        # The same image under another signature is not a second image.
        ({"result": {"data": [{"url": URL}]}, "url": OTHER}, (URL,)),
        ({"result": {"data": []}, "url": URL}, (URL,)),
        ({"result": {"data": None}, "url": URL}, (URL,)),
        (
            {"result": {"data": [None, 3, URL, {"url": ""}, {"url": 3}, {"b64_json": "x"}]}, "url": URL},
            (URL,),
        ),
        ({"result": {"type": "video", "url": URL}}, (URL,)),
        ({"result": {"url": OTHER}, "url": URL}, (URL,)),
        ({"result": {"url": [URL]}}, ()),
        ({"result": {"data": {"url": URL}}}, (URL,)),
        ({"result": URL}, (URL,)),
        ({"result": [URL]}, (URL,)),
        ({"images": [URL]}, ()),
        ({"url": None, "result": None}, ()),
        ({"url": "", "thumbnail": URL}, ()),
        # A last frame that was asked for is an output, after the video.
        ({"result": {"data": [{"url": URL, "format": "mp4", "last_frame_url": OTHER}]}}, (URL, OTHER)),
        ({"result": {"data": [{"last_frame_url": OTHER}]}, "url": URL}, (URL, OTHER)),
        ({"result": {"data": [{"url": URL, "last_frame_url": None}]}}, (URL,)),
        ({"result": {"data": [{"url": URL, "last_frame_url": URL}]}}, (URL,)),
        ({"result": {"type": "image", "data": [{"url": URL, "format": "mp4"}]}}, (URL,)),
        ({"video_url": URL}, (URL,)),
        ({"video_url": OTHER, "url": URL}, (URL,)),
    ],
)
def test_result_urls(fields: dict[str, Any], urls: tuple[str, ...]) -> None:
    assert task(status="completed", **fields).urls == urls


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        (
            {"error": {"code": "content_policy_violation", "message": "refused"}},
            ("content_policy_violation", "refused"),
        ),
        (
            {"error": {"code": "upstream_error", "message": "m", "retry": False, "trace": {"a": 1}}},
            ("upstream_error", "m"),
        ),
        (
            {"error": {"type": "content_policy_violation", "code": "E17", "message": "m"}},
            ("content_policy_violation", "m"),
        ),
        ({"error": {"type": "upstream"}}, ("upstream", None)),
        ({"error": {"code": 1001, "message": "m"}}, ("1001", "m")),
        ({"error": {"message": "only words"}}, (None, "only words")),
        ({"error": "only words"}, (None, "only words")),
        ({"error": "content_policy_violation"}, ("content_policy_violation", "content_policy_violation")),
        ({"error": {"message": f"see {URL} sk-abcdefgh"}}, (None, "see https://files.example/... ***")),
        ({"error": {"reason": "x"}}, (None, '{"reason": "x"}')),
        ({"message": "words elsewhere"}, (None, "words elsewhere")),
        ({"fail_reason": "words of another edition"}, (None, "words of another edition")),
        ({"error": {"code": "generation_failed"}, "fail_reason": "why"}, ("generation_failed", "why")),
    ],
)
def test_a_failed_task(fields: dict[str, Any], failure: tuple[str | None, str | None]) -> None:
    found = task(status="failed", **fields)
    assert found.failed
    assert found.failure == GenerationFailure(code=failure[0], message=failure[1])


@pytest.mark.parametrize(
    ("error", "advised"),
    [
        ({"code": "generation_failed", "message": "生成失败: 内容违反内容政策"}, True),
        ({"code": "generation_failed", "message": "内容审核未通过"}, True),
        ({"code": "generation_failed", "message": "Upstream 422: refused by the Content Policy"}, True),
        ({"code": "generation_failed", "message": "upstream status 422"}, False),
        ({"code": "generation_failed", "message": "timeout"}, False),
    ],
)
def test_words_of_refused_content_are_advised_on_and_decide_nothing(error: Any, advised: bool) -> None:
    failure = task(status="failed", error=error).failure
    assert failure is not None
    assert ("Change the prompt" in (failure.advice or "")) is advised
    assert not is_content_refusal(failure.code)


@pytest.mark.parametrize("error", [None, {}, [], "", "  ", 7, ["x"], {"code": None}])
def test_a_failed_task_without_a_readable_error(error: Any) -> None:
    found = task(status="failed", error=error)
    assert found.failed
    assert found.failure is None


def test_a_task_with_a_task_id_is_a_task_whatever_else_it_says() -> None:
    found = task(status="failed", code=500, message="upstream", error={"code": 500})
    assert found.failed
    assert found.failure is not None
    assert task(message="queued", error="").failure is None


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": "soon", "completed_at": {}, "expires_at": [], "progress": "half"},
        {"created_at": 0, "completed_at": -1, "expires_at": 10**400, "progress": 400},
        {"created_at": None, "completed_at": True, "expires_at": "", "progress": None, "model": 5},
    ],
)
def test_nonsense_beside_id_and_status_loses_no_task(fields: dict[str, Any]) -> None:
    found = task(**fields)
    assert (found.id, found.status) == (CREATED["id"], "queued")
    assert (found.created_at, found.updated_at, found.expires_at, found.progress) == (None,) * 4


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        7,
        {},
        {"status": "queued"},
        {"id": True, "status": "queued"},
        {"id": "t" * 201, "status": "queued"},
        {"id": "t\x00", "status": "queued"},
        {"code": 200, "data": []},
        {"code": 200, "data": None},
        {"code": 200, "data": [URL]},
        {"code": 200, "data": [{"status": "submitted"}]},
        {"code": 200, "message": URL},
    ],
)
def test_what_is_no_task_is_told_without_its_values(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="unknown shape") as caught:
        read(toapis.create_generation("{}", "k"), document)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("asked", ["task_img_other", "tsk_vid_1", "img_0011", "vid_1", "video_1"])
@pytest.mark.parametrize("own_id", ["another-key", None])
def test_an_answer_about_another_task_is_not_ours(own_id: str | None, asked: str) -> None:
    document = {**CREATED, "client_business_id": own_id}
    with pytest.raises(UnexpectedAnswerError, match="another generation"):
        read(toapis.get_generation(asked), document)


def test_a_task_may_be_asked_for_by_an_id_of_the_callers_own() -> None:
    for call in (toapis.get_generation("order-1"), toapis.find_generation("order-1")):
        for said in ({"client_business_id": "order-1"}, {}):
            assert read(call, {**CREATED, **said}).id == CREATED["id"]
        with pytest.raises(UnexpectedAnswerError, match="another generation"):
            read(call, {**CREATED, "client_business_id": "order-2"})


@pytest.mark.parametrize("document", [{}, {"status": "queued"}, {"status": "completed", "url": URL}])
def test_a_look_up_without_an_id_has_found_nothing(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="no readable id"):
        read(toapis.find_generation("order-1"), document)
