"""What is sent to ToAPIs: methods, paths, bodies, as the assumptions say it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from airflow_provider_rivya.api.call import ApiCall, FilePart
from airflow_provider_rivya.api.dialect import CHOICES, Dialect
from airflow_provider_rivya.api.schemas import ReferenceMedia
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import InvalidRequestError

URL = "https://files.example/out.png?signature=s3cret"
OTHER = "https://files.example/two.png"
PART = FilePart("a.png", "image/png", io.BytesIO)


def body(params: dict[str, Any], dialect: Dialect | None = None, **kwargs: Any) -> Any:
    text = toapis.request_body("m", None, params, dialect=dialect, **kwargs)
    return json.loads(text)


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
    with pytest.raises(InvalidRequestError, match=r"model_params\.metadata: it is not an object"):
        toapis.request_body("m", "p", {"metadata": metadata, "resolution": "1K"}, key="k")
