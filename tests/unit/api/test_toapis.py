from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.call import Answer, ApiCall, FilePart, read_answer
from airflow_provider_rivya.api.dialect import CHOICES, Dialect
from airflow_provider_rivya.api.schemas import Balance, Generation, GenerationFailure, ReferenceMedia
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import (
    GatewayError,
    InsufficientCreditsError,
    InvalidRequestError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.submission.decide import is_content_refusal

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
PART = FilePart("a.png", "image/png", io.BytesIO)


def read(call: ApiCall[Any], document: Any, status: int = 200) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_answer(call, Answer(status, {}, body))


def task(**fields: Any) -> Generation:
    found = read(toapis.get_generation(str(CREATED["id"])), {**CREATED, **fields})
    assert isinstance(found, Generation)
    return found


def body(params: dict[str, Any], dialect: Dialect | None = None, **kwargs: Any) -> Any:
    text = toapis.request_body("m", None, params, dialect=dialect, **kwargs)
    return json.loads(text)


# -- the requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "method", "path", "repeatable"),
    [
        (toapis.create_generation("{}", "k"), "POST", "/v1/images/generations", False),
        (toapis.create_generation("{}", None), "POST", "/v1/images/generations", False),
        (toapis.create_generation("{}", "k", "video"), "POST", "/v1/videos/generations", False),
        (toapis.get_generation("task_1"), "GET", "/v1/images/generations/task_1", True),
        (toapis.get_generation("video_1", "video"), "GET", "/v1/videos/generations/video_1", True),
        (toapis.get_generation("a/b?c#d e%"), "GET", "/v1/images/generations/a%2Fb%3Fc%23d%20e%25", True),
        (toapis.get_generation(".."), "GET", "/v1/images/generations/%2E%2E", True),
        (toapis.find_generation("order-1"), "GET", "/v1/images/generations/order-1", True),
        (toapis.find_generation("a/b", "video"), "GET", "/v1/videos/generations/a%2Fb", True),
        (toapis.upload_file(PART, "image"), "POST", "/v1/uploads/images", True),
        (toapis.upload_file(PART, "video"), "POST", "/v1/uploads/videos", True),
        (toapis.get_credits(), "GET", "/v1/balance", True),
        (toapis.list_models(), "GET", "/v1/models?type=all", True),
    ],
)
def test_method_and_path(call: ApiCall[Any], method: str, path: str, repeatable: bool) -> None:
    assert (call.method, call.path, call.repeatable) == (method, path, repeatable)
    assert call.needs_key
    assert call.idempotency_key is None


def test_a_creation_carries_its_body_as_given() -> None:
    call = toapis.create_generation('{"model": "z"}', "k")
    assert (call.body, call.generation_id) == ('{"model": "z"}', None)
    assert toapis.get_generation("task_1").generation_id == "task_1"
    # What is looked up by our own id has a task id that is not known yet.
    assert toapis.find_generation("order-1").generation_id is None


def test_what_the_gateway_cannot_do_is_told() -> None:
    assert (toapis.name, toapis.title, toapis.default_host) == ("toapis", "ToAPIs", "https://toapis.com")
    assert not toapis.capabilities.replays_keys
    assert not toapis.capabilities.takes_trace_id


def test_an_upload_sends_its_purpose_and_nothing_else() -> None:
    call = toapis.upload_file(PART, "image", "nano-banana-2")
    assert call.file == FilePart("a.png", "image/png", PART.open, {"purpose": "generation"})


def test_there_is_no_place_for_audio() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        toapis.upload_file(FilePart("voice.mp3", "audio/mpeg", io.BytesIO), "audio")
    assert "The upload of 'voice.mp3' has 1 fault" in str(caught.value)
    assert "no endpoint for 'audio'; allowed: image, video" in str(caught.value)
    assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        partial(toapis.create_generation, "{}", "k"),
        partial(toapis.get_generation, "task_1"),
        partial(toapis.find_generation, "k"),
    ],
)
@pytest.mark.parametrize("category", ["audio", "", "../x"])
def test_there_are_images_and_videos_only(make: Callable[[str], ApiCall[Any]], category: str) -> None:
    with pytest.raises(InvalidRequestError, match="category: ToAPIs has no endpoint"):
        make(category)


# -- the body --------------------------------------------------------------------------------------


def test_the_documented_body() -> None:
    reference = ReferenceMedia(url=URL, kind="image", name="a.png", mime_type="image/png")
    text = toapis.request_body(
        "gemini-3.1-flash-image-preview",
        "ein rotes Fahrrad — 日本",
        {"size": "16:9", "n": 1, "resolution": "2K"},
        [reference],
        key="rivya-1",
    )
    assert text == (
        '{"model":"gemini-3.1-flash-image-preview","prompt":"ein rotes Fahrrad — 日本","size":"16:9","n":1,'
        f'"image_urls":["{URL}"],"metadata":{{"resolution":"2K"}},"client_business_id":"rivya-1"}}'
    )


def test_the_body_has_what_is_given_and_nothing_else() -> None:
    assert toapis.request_body("m", None, {}) == '{"model":"m"}'
    assert toapis.request_body("m", "", {}) == '{"model":"m","prompt":""}'
    params = {"resolution": "2K", "metadata": {"a": 1}, "image_urls": [OTHER]}
    before = json.dumps(params)
    toapis.request_body("m", "p", params, [ReferenceMedia(url=URL, kind="image")])
    assert json.dumps(params) == before


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [
        (Dialect(), {"model": "m", "size": "1:1", "metadata": {"resolution": "2k"}}),
        (Dialect(resolution="top"), {"model": "m", "size": "1:1", "resolution": "2k"}),
        (
            Dialect(resolution="top", resolution_case="upper"),
            {"model": "m", "size": "1:1", "resolution": "2K"},
        ),
        (Dialect(resolution_case="upper"), {"model": "m", "size": "1:1", "metadata": {"resolution": "2K"}}),
        (Dialect(resolution_case="lower"), {"model": "m", "size": "1:1", "metadata": {"resolution": "2k"}}),
        (
            Dialect(model="nano_banana_2", resolution="top"),
            {"model": "nano_banana_2", "size": "1:1", "resolution": "2k"},
        ),
        (
            Dialect(in_metadata=frozenset({"size"})),
            {"model": "m", "metadata": {"size": "1:1", "resolution": "2k"}},
        ),
        # The setting for the resolution rules over the catalogue's list.
        (
            Dialect(resolution="top", in_metadata=frozenset({"resolution"})),
            {"model": "m", "size": "1:1", "resolution": "2k"},
        ),
        (Dialect(endpoint="video"), {"model": "m", "size": "1:1", "metadata": {"resolution": "2k"}}),
    ],
)
def test_the_dialect_places_and_spells(dialect: Dialect, sent: Any) -> None:
    assert body({"size": "1:1", "resolution": "2k"}, dialect) == sent


@pytest.mark.parametrize("field", CHOICES["references"])
def test_the_dialect_names_the_field_of_the_references(field: str) -> None:
    references = [ReferenceMedia(url=URL, kind="image"), ReferenceMedia(url=OTHER, kind="image")]
    assert body({}, Dialect(references=field), references=references) == {"model": "m", field: [URL, OTHER]}


def test_what_may_be_chosen_holds_what_is_chosen_by_default() -> None:
    defaults = {name: getattr(Dialect(), name) for name in CHOICES}
    assert defaults.pop("endpoint") is None
    assert all(value in CHOICES[name] for name, value in defaults.items())


def test_urls_among_the_parameters_come_before_the_references() -> None:
    found = body({"image_urls": [OTHER]}, references=[ReferenceMedia(url=URL, kind="image")])
    assert found == {"model": "m", "image_urls": [OTHER, URL]}
    assert body({"image_urls": [OTHER]}) == {"model": "m", "image_urls": [OTHER]}


def test_metadata_of_the_users_own_is_sent_with_what_the_dialect_adds() -> None:
    dialect = Dialect(in_metadata=frozenset({"enable_gif"}))
    params = {"metadata": {"seed": 7, "resolution": "1K"}, "resolution": "4K", "enable_gif": True}
    assert body(params, dialect) == {
        "model": "m",
        "metadata": {"seed": 7, "resolution": "4K", "enable_gif": True},
    }
    assert body({"metadata": {"resolution": "1k"}}, Dialect(resolution="top", resolution_case="upper")) == {
        "model": "m",
        "metadata": {"resolution": "1k"},
    }
    assert body({"metadata": None}) == {"model": "m"}


def test_values_keep_their_types() -> None:
    sent = {"n": 2, "audio": False, "duration": 8, "strength": 0.5, "resolution": 1024, "seed": None}
    assert body(dict(sent), Dialect(resolution="top", resolution_case="upper")) == {"model": "m", **sent}


def test_an_id_of_the_users_own_where_nobody_else_sets_one() -> None:
    assert body({"client_business_id": "order-1"})["client_business_id"] == "order-1"


def test_what_would_stand_in_anothers_place_is_refused_all_at_once() -> None:
    params = {
        "model": "x",
        "prompt": "x",
        "client_business_id": "x",
        "metadata": {"client_business_id": "x"},
        "image_urls": URL,
    }
    with pytest.raises(InvalidRequestError) as caught:
        toapis.request_body("m", "p", params, client_request_id="job-1", key="k")
    assert [fault.path for fault in caught.value.faults] == [
        "model_params.model",
        "model_params.prompt",
        "model_params.image_urls",
        "model_params.client_business_id",
        "model_params.metadata.client_business_id",
        "client_request_id",
    ]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("metadata", ["2K", "", 0, [], ["resolution"], True])
def test_metadata_that_is_no_object(metadata: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"model_params\.metadata: it is no object"):
        toapis.request_body("m", "p", {"metadata": metadata, "resolution": "1K"}, key="k")


# -- tasks -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("own_id", ["another-key", None])
def test_an_answer_about_another_task_is_not_ours(own_id: str | None) -> None:
    document = {**CREATED, "client_business_id": own_id}
    with pytest.raises(UnexpectedAnswerError, match="another generation"):
        read(toapis.get_generation("task_img_other"), document)


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


# -- the other calls -------------------------------------------------------------------------------


def test_an_uploaded_file() -> None:
    data = {"id": "upload_ab12cd34", "url": URL, "mime_type": "image/jpeg", "size": 90210}
    for kind in ("image", "video"):
        found = read(toapis.upload_file(PART, kind), {"success": True, "message": "", "data": data})
        assert (found.id, found.url, found.duration_token) == ("upload_ab12cd34", URL, None)
    assert read(toapis.upload_file(PART, "image"), {"data": {"url": URL, "id": 5}}).id == "5"
    assert read(toapis.upload_file(PART, "image"), {"data": {"url": URL, "id": [5]}}).id is None


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"data": None}, {"data": URL}, {"data": []}, {"data": {"id": "x"}}, {"data": {"url": ""}}],
)
def test_what_is_no_file(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.upload_file(PART, "image"), document)


@pytest.mark.parametrize(
    ("document", "balance"),
    [
        (
            {"success": True, "remain_balance": 10.5, "used_balance": 2.3, "unlimited_quota": False},
            Balance(credits=10.5, unit="balance units"),
        ),
        (
            {"success": True, "remain_balance": 10.5, "remain_credits": 2100, "unlimited_quota": False},
            Balance(credits=2100),
        ),
        ({"success": True, "remain_balance": 1, "remain_credits": 0}, Balance(credits=0)),
        (
            {"success": True, "remain_balance": -1, "unlimited_quota": True},
            Balance(credits=-1, unlimited=True, unit="balance units"),
        ),
        (
            {"remain_balance": -1, "remain_credits": -1, "unlimited_quota": True},
            Balance(credits=-1, unlimited=True),
        ),
        ({"remain_balance": "10.5", "message": ""}, Balance(credits=10.5, unit="balance units")),
    ],
)
def test_balances(document: Any, balance: Balance) -> None:
    assert read(toapis.get_credits(), document) == balance


@pytest.mark.parametrize("document", [None, [], {}, {"success": True}, {"remain_balance": "much"}, 7])
def test_what_is_no_balance(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.get_credits(), document)


def test_models() -> None:
    entry = {"id": "m", "object": "model", "created": 1, "owned_by": "x", "supported_endpoint_types": ["y"]}
    found = read(toapis.list_models(), {"success": True, "object": "list", "data": [entry, {"id": "n"}]})
    assert [model.id for model in found] == ["m", "n"]
    assert found[0].model_extra == {key: entry[key] for key in entry if key != "id"}
    assert read(toapis.list_models(), {"success": True, "data": []}) == []


@pytest.mark.parametrize("document", [None, {}, {"success": True}, {"data": {}}, [1], [{"name": "no id"}]])
def test_what_is_no_list_of_models(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.list_models(), document)


# -- anything at all -------------------------------------------------------------------------------

_KEYS = ["id", "task_id", "status", "code", "data", "error", "message", "success", "url", "type", "result"]
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 600),
    st.floats(),
    st.sampled_from(
        ["queued", "failed", "completed", "429", "insufficient_quota", "internal_error", URL, ""]
    ),
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([200, 202, 400, 403, 404, 422, 429, 500, 502]))
def test_whatever_comes_is_a_result_or_an_error_of_the_tree(document: Any, status: int) -> None:
    for call in (
        toapis.create_generation("{}", "k"),
        toapis.upload_file(PART, "image"),
        toapis.get_credits(),
        toapis.list_models(),
    ):
        error: GatewayError | None = None
        try:
            read(call, document, status)
        except GatewayError as caught:
            error = caught
        assert "s3cret" not in str(error)
        if status >= 300 or (isinstance(document, dict) and document.get("success") is False):
            assert error is not None
        if status == 429:
            assert isinstance(error, RateLimitedError | InsufficientCreditsError)
