"""How Rivya's answers are read: generations, files, credits, models."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_rivya.api.call import FilePart
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.schemas import MAX_RESULTS, Generation, ReferenceMedia, UploadedFile
from airflow_provider_rivya.exceptions import UnexpectedAnswerError
from tests.unit.api.answers import read

URL = "https://cdn.example/a.png?signature=s3cret"
QUEUED: dict[str, Any] = {
    "id": "task_example",
    "status": "queued",
    "model": "4o-image",
    "reserved_credits": 3,
    "final_credits": 0,
    "created_at": "2026-05-11T00:00:00.000Z",
    "updated_at": "2026-05-11T00:00:01.500Z",
    "result": None,
    "error": None,
}


def test_the_documented_generation() -> None:
    found = read(rivya.create_generation("{}", None), QUEUED, 202)
    assert found == Generation(
        id="task_example",
        status="queued",
        model="4o-image",
        credits_reserved=3,
        credits_final=0,
        created_at=datetime(2026, 5, 11, tzinfo=UTC),
        updated_at=datetime(2026, 5, 11, 0, 0, 1, 500_000, tzinfo=UTC),
    )
    assert not found.ended


def test_the_shorter_generation_of_the_developers_page() -> None:
    found = read(rivya.get_generation("t"), {"id": "t", "status": "succeeded", "new_field": [1]})
    assert found.succeeded
    assert found.ended
    assert (found.credits_final, found.created_at, found.urls) == (None, None, ())


@pytest.mark.parametrize("status", ["queued", "processing", "cancelled", "expired", "error", "deleted"])
def test_a_status_that_is_not_known_to_be_final_is_not(status: str) -> None:
    found = read(rivya.get_generation("task_example"), {**QUEUED, "status": status})
    assert found.status == status
    assert not found.ended


@pytest.mark.parametrize(
    ("result", "urls"),
    [
        (None, ()),
        ({}, ()),
        ("https://a/1", ("https://a/1",)),
        ("made", ()),
        ([URL], (URL,)),
        ({"urls": [{"url": URL}, {"url": {"url": "https://b/1"}}, {"name": "c"}]}, (URL, "https://b/1")),
        ({"images": [{"image_url": {"url": URL}}]}, (URL,)),
        ({"Urls": [URL]}, (URL,)),
        ({"urls": ["/files/1.png", "cdn.example.com/2.png"]}, ("/files/1.png", "cdn.example.com/2.png")),
        ({"urls": ["https://a/\ud800", "https://a/\x00", "https://a/" + "b" * 9000, URL]}, (URL,)),
        ({"primary_url": URL}, (URL,)),
        ({"primary_url": URL, "urls": []}, (URL,)),
        ({"primary_url": URL, "urls": None}, (URL,)),
        ({"primary_url": "https://p", "urls": [URL, "https://b"]}, (URL, "https://b")),
        ({"urls": [URL, "", None, 3, "https://b", URL]}, (URL, "https://b")),
        ({"urls": URL}, (URL,)),
        ({"urls": {"0": URL}}, ()),
        ({"urls": [[URL, {"src": "https://b"}], [[["https://c"]]]]}, (URL, "https://b")),
        ([[URL]], (URL,)),
        ({"urls": f'["{URL}"]'}, (URL,)),
        (f'{{"urls": ["{URL}"]}}', (URL,)),
        ("[" * 9000 + "/", ()),
        ({"video": {"url": URL}}, (URL,)),
        ({"output": [{"href": URL}]}, (URL,)),
        ({"primary_url": ""}, ()),
        ({"primary_url": 3}, ()),
    ],
)
def test_result_urls(result: Any, urls: tuple[str, ...]) -> None:
    assert read(rivya.get_generation("task_example"), {**QUEUED, "result": result}).urls == urls


@pytest.mark.parametrize("name", ["urls", "results", "data", "output"])
def test_result_urls_beside_the_status(name: str) -> None:
    for listed in ([URL], [{"url": URL}], URL):
        assert read(rivya.get_generation("task_example"), {**QUEUED, name: listed}).urls == (URL,)
    sent = {**QUEUED, "images": [URL], "image": {"url": URL}, "video": URL}
    assert read(rivya.get_generation("task_example"), sent).urls == ()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ({"code": "generation_failed", "message": "text for humans"}, "generation_failed", "text for humans"),
        ({"code": 7, "message": ["x"]}, None, None),
        ({"message": f"see {URL}"}, None, "see https://cdn.example/..."),
        ({"code": "c" * 100}, "c" * 79 + "…", None),
    ],
)
def test_a_failed_generation(error: Any, code: str | None, message: str | None) -> None:
    found = read(rivya.get_generation("task_example"), {**QUEUED, "status": "failed", "error": error})
    assert found.failed
    assert found.ended
    assert found.failure is not None
    assert (found.failure.code, found.failure.message) == (code, message)


def test_a_failure_in_words_alone() -> None:
    found = read(rivya.get_generation("task_example"), {**QUEUED, "status": "failed", "error": "text"})
    assert found.failure is not None
    assert found.failure.message == "text"


@pytest.mark.parametrize("error", [None, "", ["x"]])
def test_a_failed_generation_without_a_readable_error(error: Any) -> None:
    found = read(rivya.get_generation("task_example"), {**QUEUED, "status": "failed", "error": error})
    assert found.failed
    assert found.failure is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"id": "", "status": "queued"},
        {"id": True, "status": "queued"},
        {"id": 1.5, "status": "queued"},
        {"id": "t" * 201, "status": "queued"},
        {"id": "t\x00", "status": "queued"},
        {"id": "t\u202egnp", "status": "queued"},
        {"id": "t\ud800", "status": "queued"},
        {"status": "queued", "result": {"urls": [URL]}},
    ],
)
def test_what_is_no_generation_is_told_without_its_values(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="unknown shape") as caught:
        read(rivya.create_generation("{}", "k"), document)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        {"reserved_credits": "n/a"},
        {"reserved_credits": URL},
        {"reserved_credits": [3]},
        {"status": None},
        {"status": 3},
        {"final_credits": "n/a", "model": 7.5, "created_at": "soon", "updated_at": 10**30},
        {"result": "none yet", "error": [["x"]]},
    ],
)
def test_after_a_creation_only_the_id_matters(odd: dict[str, Any]) -> None:
    found = read(rivya.create_generation("{}", "k"), {**QUEUED, **odd})
    assert found.id == "task_example"
    assert not found.ended


@pytest.mark.parametrize(
    ("document", "known_as"),
    [
        ({"id": 5, "status": "queued"}, "5"),
        ({"id": 10**30, "status": "queued"}, "1" + "0" * 30),
        ({"taskId": "t", "State": "queued"}, "t"),
        ({"generation_id": "t"}, "t"),
        ({"data": {"id": "t", "status": "queued"}}, "t"),
        ([{"id": "t", "status": "queued"}], "t"),
        ({"id": "req_1", "data": {"task_id": "t", "status": "queued"}}, "t"),
        ({"code": 200, "status": "success", "data": {"task_id": "t"}}, "t"),
        ({"result": {"id": "t", "status": "queued"}}, "t"),
        ({"id": "t", "status": "queued", "result": {"id": "asset", "status": "queued"}}, "t"),
    ],
)
def test_the_id_is_found_in_other_shapes(document: Any, known_as: str) -> None:
    found = read(rivya.create_generation("{}", "k"), document)
    assert found.id == known_as
    assert not found.ended


@pytest.mark.parametrize("status", ["SUCCEEDED", "Success", "succeed", "completed", "done", " finished "])
def test_a_success_is_known_by_other_words(status: str) -> None:
    odd = {"status": status, "result": {"urls": [URL]}, "final_credits": "n/a", "model": None}
    found = read(rivya.get_generation("task_example"), {**QUEUED, **odd})
    assert found.succeeded
    assert found.urls == (URL,)
    assert found.credits_final is None
    coded = {**QUEUED, **odd, "status": 200, "state": status}
    assert read(rivya.get_generation("task_example"), coded).succeeded


def test_an_answer_about_another_generation_is_not_ours() -> None:
    with pytest.raises(UnexpectedAnswerError, match="another generation"):
        read(rivya.get_generation("task_other"), QUEUED)
    with pytest.raises(UnexpectedAnswerError, match="no readable id"):
        read(rivya.get_generation("task_other"), {})
    found = read(
        rivya.get_generation("task_other"), {"status": "succeeded", "result": {"id": "a", "urls": [URL]}}
    )
    assert (found.id, found.urls) == ("task_other", (URL,))


def test_what_cannot_be_read_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    document = {**QUEUED, "id": "task_said_once", "final_credits": "n/a", "created_at": "soon", "status": []}
    for _ in range(3):
        read(rivya.get_generation("task_said_once"), document)
    (record,) = caplog.records
    assert "task_said_once" in record.getMessage()
    assert "(created_at, credits_final, status)" in record.getMessage()


def test_more_results_than_any_model_makes(caplog: pytest.LogCaptureFixture) -> None:
    made = [f"https://cdn.example/{number}.png" for number in range(MAX_RESULTS + 50)]
    document = {"id": "task_many", "status": "succeeded", "result": {"urls": made}}
    assert read(rivya.get_generation("task_many"), document).urls == tuple(made[:MAX_RESULTS])
    assert f"the first {MAX_RESULTS} are taken" in caplog.text


def test_files() -> None:
    document = {"id": "file_1", "url": URL, "duration_token": "tok", "sizeBytes": 3}
    part = FilePart("a", "image/png", io.BytesIO)
    for call in (rivya.upload_file(part, "image"), rivya.get_file("file_1")):
        found = read(call, document)
        assert (found.id, found.url, found.duration_token) == ("file_1", URL, "tok")
    assert read(rivya.get_file("f"), {"url": URL}) == UploadedFile(url=URL)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"id": "f"}, {"url": ""}, {"url": None}, {"url": "x"}, {"url": "https://x/\x00"}],
)
def test_what_is_no_file(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(rivya.get_file("f"), document)


def test_credits() -> None:
    assert read(rivya.get_credits(), {"current_credits": 12.5, "plan": "x"}).credits == 12.5
    assert read(rivya.get_credits(), {"current_credits": "12"}).credits == 12
    unreadable: list[Any] = ["many", True, [5], "NaN", "Infinity", 1e400, 1e300, -1]
    wrong: list[Any] = [{}, [], None, *({"current_credits": value} for value in unreadable)]
    for document in wrong:
        with pytest.raises(UnexpectedAnswerError):
            read(rivya.get_credits(), document)


@pytest.mark.parametrize(
    "wrap", [lambda entries: entries, lambda entries: {"object": "list", "data": entries}]
)
def test_models(wrap: Callable[[Any], Any]) -> None:
    entries = [{"id": "z-image", "base_credits": 1, "params": [], "notices": []}, {"id": "new"}]
    found = read(rivya.list_models(), wrap(entries))
    assert [entry.id for entry in found] == ["z-image", "new"]
    assert found[0].model_extra == {"params": [], "notices": []}


@pytest.mark.parametrize("document", [None, {}, {"data": {}}, "x", [1], [{"name": "no id"}]])
def test_what_is_no_list_of_models(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(rivya.list_models(), document)


def test_openapi() -> None:
    assert read(rivya.get_openapi(), {"openapi": "3.1.0"}) == {"openapi": "3.1.0"}
    with pytest.raises(UnexpectedAnswerError):
        read(rivya.get_openapi(), [1])


def test_what_gives_access_is_in_no_repr() -> None:
    shown = repr(
        [
            Generation(id="t", status="succeeded", urls=(URL,)),
            UploadedFile(url=URL, duration_token="tok-s3cret"),
            ReferenceMedia(url=URL, kind="image", duration_token="tok-s3cret"),
        ]
    )
    assert "s3cret" not in shown
    with pytest.raises(ValidationError) as caught:
        ReferenceMedia(url=URL, kind=URL, mimeType="x")  # type: ignore[call-arg]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("beside", [{"id": 12}, {"id": "req_9"}, {"generation_id": "other"}])
def test_an_answer_that_names_the_generation_that_was_asked_for_is_ours(beside: dict[str, Any]) -> None:
    task = {**beside, "task_id": "task_example", "status": "SUCCESS", "data": {"url": URL}}
    for document in (task, {"code": "success", "data": task}):
        found = read(rivya.get_generation("task_example"), document)
        assert (found.id, found.urls) == ("task_example", (URL,))


@pytest.mark.parametrize(
    "result",
    [
        {"content": {"video_url": URL}},
        {"task_result": {"videos": [{"id": "1", "url": URL}]}},
        {"response": {"url": URL}},
        {"url": URL, "result": 7},
        {"url": URL, "result": True},
        {"url": URL, "result": {"data": 7}},
        {"url": URL, "content": "words"},
    ],
)
def test_the_url_is_found_wherever_it_stands(result: dict[str, Any]) -> None:
    found = read(rivya.get_generation("task_example"), {**QUEUED, "status": "succeeded", **result})
    assert found.urls == (URL,)
