"""Every open point of what ToAPIs takes in, in every setting of its switch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.toapis_tools import (
    NANO,
    PNG_DATA_URI,
    PUBLIC,
    VIDEOS,
    create,
    create_video,
    status,
    upload,
)
from tests.integration.sandbox.wire_tools import picture
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess


@pytest.mark.parametrize(
    ("ids", "taken"),
    [
        ("all", {NANO: 200, "nano-banana-2": 200, "nano_banana_2": 200, "nano-banana": 200}),
        ("reference", {NANO: 200, "nano-banana-2": 400, "nano_banana_2": 400, "nano-banana": 200}),
        (
            "guide",
            {NANO: 400, "nano-banana-2": 200, "gemini-3-1-flash-image-preview": 200, "gpt-4o-image": 200},
        ),
    ],
)
def test_model_ids(sandbox: SandboxProcess, ids: str, taken: dict[str, int]) -> None:
    sandbox.assume(toapis_model_ids=ids)
    assert {name: create(sandbox, name).status for name in taken} == taken
    listed = {entry["id"] for entry in sandbox.get("/v1/models?type=image", key=TOAPIS_KEY).json()["data"]}
    assert {name for name in taken if name in listed} == {name for name in taken if taken[name] == 200}


@pytest.mark.parametrize(
    ("field", "taken"),
    [
        ("any", ["image_urls", "reference_images", "images"]),
        ("image_urls", ["image_urls"]),
        ("reference_images", ["reference_images"]),
        ("images", ["images"]),
    ],
)
def test_reference_field(sandbox: SandboxProcess, field: str, taken: list[str]) -> None:
    sandbox.assume(toapis_reference_field=field)
    bodies: list[dict[str, Any]] = [{name: [PUBLIC]} for name in ("image_urls", "reference_images", "images")]
    assert [name for body in bodies for name in body if create(sandbox, **body).status == 200] == taken
    assert sandbox.ledger()["charges"] == len(taken)


@pytest.mark.parametrize(
    ("several", "statuses"),
    [
        ("merge", [400, 400]),
        ("refuse", [400, 400]),
        ("image_urls", [400, 200]),
        ("reference_images", [200, 400]),
    ],
)
def test_several_reference_fields(sandbox: SandboxProcess, several: str, statuses: list[int]) -> None:
    """One of the two lists is too long: it counts or it does not."""
    sandbox.assume(toapis_several_reference_fields=several)
    long, short = [PUBLIC] * 15, [PUBLIC]
    answers = [
        create(sandbox, image_urls=long, reference_images=short),
        create(sandbox, image_urls=short, reference_images=long),
    ]
    assert [answer.status for answer in answers] == statuses
    both = create(sandbox, image_urls=short, reference_images=short)
    assert both.status == (400 if several == "refuse" else 200)


@pytest.mark.parametrize(
    ("form", "string", "item"), [("strings", 200, 400), ("objects", 400, 200), ("both", 200, 200)]
)
def test_reference_elements(sandbox: SandboxProcess, form: str, string: int, item: int) -> None:
    sandbox.assume(toapis_reference_elements=form)
    assert create(sandbox, image_urls=[PUBLIC]).status == string
    assert create(sandbox, image_urls=[{"url": PUBLIC}]).status == item
    assert create(sandbox, image_urls=[{"href": PUBLIC}]).status == 400


@pytest.mark.parametrize(("form", "code"), [("refuse", 400), ("accept", 200)])
def test_base64_references(sandbox: SandboxProcess, form: str, code: int) -> None:
    sandbox.assume(toapis_base64_references=form)
    assert create(sandbox, image_urls=[PNG_DATA_URI]).status == code
    for wrong in ("data:image/png;base64,AAAA", "data:image/png;base64,?", "data:text/plain,x"):
        assert create(sandbox, image_urls=[wrong]).status == 400


@pytest.mark.parametrize(("form", "code"), [("accept", 200), ("refuse", 400)])
def test_foreign_references(sandbox: SandboxProcess, form: str, code: int) -> None:
    sandbox.assume(toapis_foreign_references=form)
    assert create(sandbox, image_urls=[PUBLIC]).status == code
    own = upload(sandbox, picture()).json()["data"]["url"]
    assert create(sandbox, image_urls=[own]).status == 200
    assert create(sandbox, image_urls=[f"{sandbox.url}/uploads/7/1_none.png"]).status == 400


@pytest.mark.parametrize(("form", "code"), [("refuse", 400), ("accept", 200)])
def test_gif_references(sandbox: SandboxProcess, form: str, code: int) -> None:
    sandbox.assume(toapis_gif_references=form)
    url = upload(sandbox, picture(form="GIF")).json()["data"]["url"]
    assert create(sandbox, image_urls=[url]).status == code


@pytest.mark.parametrize(
    ("place", "top", "inner"), [("any", 200, 200), ("metadata", 400, 200), ("top", 200, 400)]
)
def test_resolution_place(sandbox: SandboxProcess, place: str, top: int, inner: int) -> None:
    sandbox.assume(toapis_resolution_place=place)
    assert create(sandbox, resolution="2K").status == top
    assert create(sandbox, metadata={"resolution": "2K"}).status == inner


@pytest.mark.parametrize(("wins", "credits"), [("metadata", [8]), ("top", [5]), ("refuse", [])])
def test_resolution_conflict(sandbox: SandboxProcess, wins: str, credits: list[int]) -> None:
    sandbox.assume(toapis_resolution_conflict=wins)
    create(sandbox, resolution="1K", metadata={"resolution": "4K"})
    assert [entry["credits"] for entry in sandbox.ledger()["entries"]] == credits
    assert create(sandbox, resolution="2K", metadata={"resolution": "2K"}).status == 200


@pytest.mark.parametrize(
    ("case", "statuses"),
    [
        ("as_documented", [200, 400, 400, 200]),
        ("any", [200, 200, 200, 200]),
        ("upper", [200, 400, 200, 400]),
        ("lower", [400, 200, 400, 200]),
    ],
)
def test_resolution_case(sandbox: SandboxProcess, case: str, statuses: list[int]) -> None:
    sandbox.assume(toapis_resolution_case=case)
    asked = [(NANO, "2K"), (NANO, "2k"), ("gpt-image-2-vip", "2K"), ("gpt-image-2-vip", "2k")]
    assert [create(sandbox, model, resolution=text).status for model, text in asked] == statuses


@pytest.mark.parametrize(("form", "code"), [("accept", 200), ("refuse", 400)])
@pytest.mark.parametrize(
    "body",
    [
        {"size": "8:1"},
        {"response_format": "url"},
        {"model": "gemini-2.5-flash-image-preview", "n": 2},
        {"model": "gemini-3-pro-image-preview", "n": 2},
        {"model": "gemini-3-pro-image-preview", "prompt": "x" * 1001},
        {"model": "gpt-image-2", "prompt": "x" * 4001},
    ],
    ids="-".join,
)
def test_disputed(sandbox: SandboxProcess, body: dict[str, Any], form: str, code: int) -> None:
    sandbox.assume(toapis_disputed=form)
    assert create(sandbox, **body).status == code
    assert create(sandbox).status == 200


@pytest.mark.parametrize(("most", "code"), [(10, 400), (None, 200), (50, 200)])
def test_undocumented_n_max(sandbox: SandboxProcess, most: int | None, code: int) -> None:
    sandbox.assume(toapis_undocumented_n_max=most)
    assert create(sandbox, n=50).status == code


@pytest.mark.parametrize(("form", "code"), [("refuse", 400), ("ignore", 200)])
def test_unknown_fields(sandbox: SandboxProcess, form: str, code: int) -> None:
    sandbox.assume(
        toapis_unknown_fields=form,
        toapis_resolution_place="metadata",
        toapis_reference_field="reference_images",
    )
    assert create(sandbox, "gpt-4o-image", seed=3).status == code
    assert create(sandbox, resolution="4K").status == code
    assert create(sandbox, image_urls=[PUBLIC] * 99).status == code
    if form == "ignore":
        assert [entry["credits"] for entry in sandbox.ledger()["entries"]] == [10, 5, 5]


def test_what_was_not_seen_in_full_may_have_more(sandbox: SandboxProcess) -> None:
    """A page that was not seen in full may list further parameters, and so may metadata."""
    assert create(sandbox, "flux-kontext-max", seed=3).status == 200
    assert create(sandbox, "gpt-4o-image", metadata={"seed": 3}).status == 200
    assert create(sandbox, "doubao-seedream-4-0", metadata={"resolution": "3K"}).status == 200


@pytest.mark.parametrize(
    ("how", "statuses", "charges"),
    [
        ("new_task", [200, 200], 2),
        ("same_task", [200, 200], 1),
        (400, [200, 400], 1),
        (409, [200, 409], 1),
    ],
)
def test_repeated_client_business_id(
    sandbox: SandboxProcess, how: str | int, statuses: list[int], charges: int
) -> None:
    sandbox.assume(toapis_repeated_client_business_id=how)
    answers = [create(sandbox, client_business_id="mine") for _ in range(2)]
    assert [answer.status for answer in answers] == statuses
    assert sandbox.ledger()["charges"] == charges
    if how == "same_task":
        assert answers[0].json()["id"] == answers[1].json()["id"]
    other = create(sandbox, client_business_id="mine", key="sk-sandbox-other")
    assert other.status == 200


@pytest.mark.parametrize(("form", "index"), [("latest", 1), ("first", 0)])
def test_shared_client_business_id(sandbox: SandboxProcess, form: str, index: int) -> None:
    sandbox.assume(toapis_shared_client_business_id=form)
    made = [create(sandbox, client_business_id="mine").json()["id"] for _ in range(2)]
    assert status(sandbox, "mine").json()["id"] == made[index]


@pytest.mark.parametrize(
    ("how", "at_once", "later"), [("at_once", 200, 200), ("delayed", 404, 200), ("never", 404, 404)]
)
def test_lookup(sandbox: SandboxProcess, how: str, at_once: int, later: int) -> None:
    sandbox.assume(toapis_lookup=how, toapis_lookup_delay_seconds=30)
    task = create(sandbox, client_business_id="order/7 ä?").json()["id"]
    assert status(sandbox, "order/7 ä?").status == at_once
    assert status(sandbox, task).json()["client_business_id"] == "order/7 ä?"
    sandbox.advance(31)
    assert status(sandbox, "order/7 ä?").status == later
    assert status(sandbox, "order/7 ä?", key="sk-sandbox-other").status == 404
    assert status(sandbox, "order/7 ä?", path=VIDEOS).status == 404


@pytest.mark.parametrize(("videos", "code"), [(True, 200), (False, 404)])
def test_lookup_videos(sandbox: SandboxProcess, videos: bool, code: int) -> None:
    sandbox.assume(toapis_lookup_videos=videos)
    task = create_video(sandbox, client_business_id="mine").json()["id"]
    assert status(sandbox, "mine", path=VIDEOS).status == code
    assert status(sandbox, task, path=VIDEOS).status == 200
    create(sandbox, client_business_id="mine")
    assert status(sandbox, "mine").json()["id"].startswith("task_img_")


def test_the_id_may_be_in_metadata(sandbox: SandboxProcess) -> None:
    made = create(sandbox, metadata={"client_business_id": "inner"}).json()["id"]
    assert status(sandbox, "inner").json()["id"] == made
    both = create(sandbox, client_business_id="top", metadata={"client_business_id": "below"}).json()["id"]
    assert status(sandbox, "top").json()["id"] == both
    assert status(sandbox, "below").status == 404


@pytest.mark.parametrize("echo", [True, False])
def test_create_echoes_client_business_id(sandbox: SandboxProcess, echo: bool) -> None:
    sandbox.assume(toapis_create_echoes_client_business_id=echo)
    created = create(sandbox, client_business_id="mine").json()
    assert created.get("client_business_id") == ("mine" if echo else None)
    assert status(sandbox, created["id"]).json()["client_business_id"] == "mine"
    assert "client_business_id" not in create(sandbox).json()


@pytest.mark.parametrize(("limit", "code"), [(None, 200), (9, 400), (10, 200)])
def test_client_business_id_max_length(sandbox: SandboxProcess, limit: int | None, code: int) -> None:
    sandbox.assume(toapis_client_business_id_max_length=limit)
    assert create(sandbox, client_business_id="0123456789").status == code
