"""ToAPIs in the sandbox: from create to the file, uploads, models, balance, and what a task costs."""

from __future__ import annotations

import io
import json
from typing import Any

import av
import pytest

from airflow_provider_rivya.sandbox.models.catalog import catalog
from airflow_provider_rivya.sandbox.toapis.models import GUIDE_ONLY
from airflow_provider_rivya.sandbox.toapis.pixels import OF_MODEL
from tests.integration.sandbox.toapis_tools import (
    IMAGES,
    NANO,
    OTHER_KEY,
    VIDEO_SECONDS,
    VIDEOS,
    completed,
    create,
    create_video,
    result_url,
    status,
    upload,
)
from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, MP4, WEBM, opened, picture
from tests.sandbox_process import KEY, TOAPIS_KEY, SandboxProcess

MODELS = catalog("toapis").models


def test_an_image_from_create_to_download(sandbox: SandboxProcess) -> None:
    created = create(sandbox, size="16:9", metadata={"resolution": "2K"}, n=1)
    task = created.json()
    assert created.status == 200
    assert task == {
        "id": task["id"],
        "object": "generation.task",
        "model": NANO,
        "status": "pending",
        "progress": 0,
        "created_at": task["created_at"],
        "metadata": {},
    }
    assert task["id"].startswith("task_img_")
    assert isinstance(task["created_at"], int)
    sandbox.advance(IMAGE_SECONDS / 2)
    working = status(sandbox, task["id"]).json()
    assert working["status"] == "in_progress"
    assert 0 < working["progress"] < 100
    assert not {"url", "result", "error", "completed_at", "expires_at"} & set(working)
    sandbox.advance(IMAGE_SECONDS / 2)
    done = status(sandbox, task["id"]).json()
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["completed_at"] - task["created_at"] in (IMAGE_SECONDS - 1, IMAGE_SECONDS, IMAGE_SECONDS + 1)
    assert done["expires_at"] - done["completed_at"] in (86400, 86401)
    assert done["result"] == {"type": "image", "data": [{"url": result_url(done)}]}
    file = sandbox.get(result_url(done), key=None)
    assert file.headers["content-type"] == "image/png"
    image = opened(file.body)
    assert image.width * 9 == pytest.approx(image.height * 16, rel=0.01)
    assert image.width * image.height == pytest.approx(2048**2, rel=0.02)


def test_a_video_is_an_mp4(sandbox: SandboxProcess) -> None:
    created = create_video(
        sandbox, "sora-2-official", duration=4, aspect_ratio="9:16", image_urls=["https://example.com/a.png"]
    )
    assert created.json()["metadata"] == {"size": "720x1280", "seconds": "4"}
    done = completed(sandbox, created, path=VIDEOS)
    assert done["result"] == {"type": "video", "data": [{"url": result_url(done), "format": "mp4"}]}
    file = sandbox.get(result_url(done), key=None)
    assert file.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(file.body), "r") as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == (720, 1280)
        assert film.duration is not None
        assert film.duration / av.time_base == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(
    ("model", "body", "seconds", "sound"),
    [
        ("veo3.1-quality", {"metadata": {"generation_type": "frame"}}, 8, False),
        ("kling-v3", {"duration": 5, "mode": "pro", "audio": True, "aspect_ratio": "1:1"}, 5, True),
        (
            "Veo3.1-fast-official",
            {"size": "9:16", "metadata": {"generateAudio": True}, "duration": 4},
            4,
            True,
        ),
    ],
)
def test_videos_follow_their_parameters(
    sandbox: SandboxProcess, model: str, body: dict[str, Any], seconds: int, sound: bool
) -> None:
    done = completed(sandbox, create_video(sandbox, model, **body), path=VIDEOS)
    with av.open(io.BytesIO(sandbox.get(result_url(done), key=None).body), "r") as film:
        assert film.duration is not None
        assert film.duration / av.time_base == pytest.approx(seconds, abs=0.2)
        assert bool(film.streams.audio) is sound


def test_n_images_are_n_files_charged_in_advance(sandbox: SandboxProcess) -> None:
    created = create(sandbox, n=3)
    assert sandbox.ledger("toapis")["entries"][0]["credits"] == 15
    urls = [item["url"] for item in completed(sandbox, created)["result"]["data"]]
    assert len({sandbox.get(url, key=None).body for url in urls}) == 3


@pytest.mark.parametrize(
    ("model", "size", "resolution", "pixels"),
    [
        ("gpt-image-2", "21:9", "4k", (3840, 1648)),
        ("gpt-image-1.5-official", "4:3", "1k", (1024, 768)),
        ("gpt-image-2", "1024x1536", None, (1024, 1536)),
        ("nano-banana", "4:3", None, (1365, 1024)),
    ],
)
def test_pictures_have_the_documented_pixels(
    sandbox: SandboxProcess, model: str, size: str, resolution: str | None, pixels: tuple[int, int]
) -> None:
    asked = {"size": size} | ({} if resolution is None else {"resolution": resolution})
    done = completed(sandbox, create(sandbox, model, **asked))
    assert opened(sandbox.get(result_url(done), key=None).body).size == pixels


@pytest.mark.parametrize("name", OF_MODEL)
def test_documented_pixels_belong_to_ratios_of_the_catalogue(name: str) -> None:
    size = next(rule for rule in MODELS[name]["params"] if rule["key"] == "size")
    assert {ratio for ratios in OF_MODEL[name].values() for ratio in ratios} <= set(size["options"])


def test_the_ids_of_the_guides_are_in_the_catalogue() -> None:
    ids = {name for model in MODELS.values() for name in (model["id"], *model.get("aliases", ()))}
    assert ids > GUIDE_ONLY


def test_an_upload_is_shown_in_the_result(sandbox: SandboxProcess) -> None:
    sent = upload(sandbox, picture(colour="red", form="PNG"), mime="image/png")
    data = sent.json()["data"]
    assert sent.json() == {"success": True, "message": "", "data": data}
    assert data["url"].startswith(f"{sandbox.url}/uploads/")
    assert data["url"].endswith(f"_{data['id'].removeprefix('upload_')}.png")
    assert (data["mime_type"], data["size"]) == ("image/png", len(picture(colour="red", form="PNG")))
    assert sandbox.get(data["url"], key=None).body == picture(colour="red", form="PNG")
    plain = completed(sandbox, create(sandbox))
    edited = completed(sandbox, create(sandbox, image_urls=[data["url"]]))
    pictures = [
        opened(sandbox.get(result_url(task), key=None).body).convert("RGB") for task in (plain, edited)
    ]
    colours = [image.resize((64, 64)).tobytes() for image in pictures]
    reds = [
        sum(red > 200 and green < 60 and blue < 60 for red, green, blue in zip(*[iter(c)] * 3, strict=True))
        for c in colours
    ]
    assert reds[0] < reds[1]


@pytest.mark.parametrize(
    ("form", "mime", "extension"),
    [("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp"), ("GIF", "image/gif", "gif")],
)
def test_image_uploads(sandbox: SandboxProcess, form: str, mime: str, extension: str) -> None:
    data = upload(sandbox, picture(form=form), mime=mime).json()["data"]
    assert data["mime_type"] == mime
    assert data["url"].endswith(f".{extension}")


@pytest.mark.parametrize(("content", "extension"), [(MP4, "mp4"), (WEBM, "webm")])
def test_video_uploads(sandbox: SandboxProcess, content: bytes, extension: str) -> None:
    data = upload(sandbox, content, kind="videos").json()["data"]
    assert "/videos/" in data["url"]
    assert data["url"].endswith(f".{extension}")
    assert sandbox.get(data["url"], key=None).body == content


def test_models_are_listed_by_type(sandbox: SandboxProcess) -> None:
    def ids(query: str) -> set[str]:
        answer = sandbox.get(f"/v1/models{query}", key=TOAPIS_KEY).json()
        assert (answer["success"], answer["object"]) == (True, "list")
        return {entry["id"] for entry in answer["data"]}

    of_category = {
        category: {name for name, model in MODELS.items() if model["category"] == category}
        for category in ("image", "video")
    }
    assert ids("") == ids("?type=chat") == ids("?type=audio") == set()
    assert of_category["image"] | {"nano_banana_2"} <= ids("?type=image")
    assert of_category["video"] <= ids("?type=video")
    assert ids("?type=all") == ids("?type=image") | ids("?type=video")
    assert sandbox.get("/v1/models?type=picture", key=TOAPIS_KEY).status == 400


@pytest.mark.parametrize("path", ["/v1/balance", "/balance", "/v1/user/balance"])
def test_the_balance_is_in_usd_and_credits(sandbox: SandboxProcess, path: str) -> None:
    create(sandbox, n=2)
    assert sandbox.get(path, key=TOAPIS_KEY).json() == {
        "success": True,
        "remain_balance": 4.95,
        "used_balance": 0.05,
        "unlimited_quota": False,
        "remain_credits": 990,
        "used_credits": 10,
        "credits_per_usd": 200,
    }


@pytest.mark.parametrize(
    ("model", "body", "credits"),
    [
        (NANO, {}, 5),
        (NANO, {"metadata": {"resolution": "4K"}}, 8),
        (NANO, {"resolution": "2K", "n": 2}, 12),
        ("nano-banana-pro", {}, 10),
        ("gpt-image-2", {"resolution": "2k", "size": "1:1"}, 4),
        ("gpt-4o-image", {"n": 4}, 40),
    ],
)
def test_prices(sandbox: SandboxProcess, model: str, body: dict[str, Any], credits: float) -> None:
    create(sandbox, model, **body)
    entry = sandbox.ledger()["entries"][0]
    assert (entry["gateway"], entry["kind"], entry["credits"]) == ("toapis", "charge", credits)
    assert sandbox.credits("toapis") == 1000 - credits


def test_listed_prices_are_those_of_the_catalogue(sandbox: SandboxProcess) -> None:
    listed = {name: model["credits"] for name, model in MODELS.items() if model["credits"] is not None}
    assert listed
    for name, credits in listed.items():
        before = sandbox.credits("toapis")
        assert create(sandbox, name).status == 200
        assert before - sandbox.credits("toapis") == pytest.approx(credits)


def test_both_gateways_write_into_one_ledger(sandbox: SandboxProcess) -> None:
    sandbox.post("/api/v1/generations", {"model": "z-image", "prompt": "A tree"})
    create(sandbox, client_business_id="mine")
    entries = sandbox.ledger()["entries"]
    assert [(entry["seq"], entry["gateway"], entry["account"]) for entry in entries] == [
        (1, "rivya", "sandbox"),
        (2, "toapis", "toapis"),
    ]
    assert entries[1]["client_business_id"] == "mine"
    assert [entry["seq"] for entry in sandbox.ledger("toapis")["entries"]] == [2]
    assert sandbox.ledger("rivya")["charges"] == sandbox.ledger("toapis")["charges"] == 1
    assert set(sandbox.ledger("toapis")["balance"]) == {"toapis", "toapis-other"}
    assert sandbox.get("/sandbox/ledger?gateway=other", key=None).status == 400
    assert [task["gateway"] for task in sandbox.tasks()] == ["rivya", "toapis"]


def test_the_accounts_are_apart(sandbox: SandboxProcess) -> None:
    task = create(sandbox).json()
    assert status(sandbox, task["id"], key=OTHER_KEY).status == 404
    assert sandbox.get("/api/v1/credits", key=TOAPIS_KEY).status == 401
    assert sandbox.get("/v1/balance", key=KEY).json()["success"] is False
    sent = upload(sandbox, picture()).json()["data"]["url"]
    assert create(sandbox, image_urls=[sent], key=OTHER_KEY).status == 400


def test_a_status_endpoint_knows_its_own_tasks(sandbox: SandboxProcess) -> None:
    image, video = create(sandbox).json()["id"], create_video(sandbox).json()["id"]
    assert status(sandbox, image, path=VIDEOS).status == 404
    assert status(sandbox, video, path=IMAGES).status == 404
    assert status(sandbox, video, path=VIDEOS).status == 200


def test_results_follow_the_request(sandbox: SandboxProcess) -> None:
    """The file format that is asked for, in the two places where models have it."""
    official = completed(sandbox, create(sandbox, "gpt-image-1.5-official", output_format="jpeg"))
    assert sandbox.get(result_url(official), key=None).headers["content-type"] == "image/jpeg"
    sandbox.assume(toapis_result_format="webp")
    flux = completed(sandbox, create(sandbox, "flux-kontext-pro", metadata={"response_format": "png"}))
    assert sandbox.get(result_url(flux), key=None).headers["content-type"] == "image/png"


def test_the_page_and_the_connections_name_both(sandbox: SandboxProcess) -> None:
    completed(sandbox, create(sandbox, client_business_id="<i>"))
    page = sandbox.get("/", key=None).body.decode()
    assert "ToAPIs" in page
    assert "sk-sandbox" in page
    assert "<i>" not in page
    connections = {name: json.loads(value) for name, value in sandbox.environment().items()}
    assert connections == {
        "AIRFLOW_CONN_RIVYA_DEFAULT": {"conn_type": "rivya", "host": sandbox.url, "password": KEY},
        "AIRFLOW_CONN_TOAPIS_DEFAULT": {"conn_type": "toapis", "host": sandbox.url, "password": TOAPIS_KEY},
    }
    assert list(sandbox.environment("toapis")) == ["AIRFLOW_CONN_TOAPIS_DEFAULT"]


def test_a_video_takes_its_time(sandbox: SandboxProcess) -> None:
    created = create_video(sandbox).json()
    sandbox.advance(VIDEO_SECONDS - 5)
    assert status(sandbox, created["id"], path=VIDEOS).json()["status"] == "in_progress"
