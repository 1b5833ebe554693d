"""Video results: real MP4 files with the size, playing time, pictures and sound that were asked for."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import av
import pytest
from PIL import Image

from airflow_provider_rivya.media.types import MP4 as MP4_TYPE
from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.rivya.checks import check_generation
from airflow_provider_rivya.sandbox.rivya.references import Lookup
from tests.integration.sandbox.wire_tools import (
    MP4,
    create,
    finished,
    opened,
    picture,
    reference,
    result,
    upload,
)
from tests.sandbox_process import Answer, SandboxProcess

RED, GREEN, BLUE = (220, 30, 30), (30, 190, 60), (30, 60, 210)
CATEGORIES_BESIDES_IMAGES: list[tuple[str, dict[str, Any]]] = [("sora-2", {}), ("suno-music", {})]


@dataclass(frozen=True)
class Played:
    """What a player shows of a film."""

    size: tuple[int, int]
    seconds: float
    codec: str
    sound: str | None
    content: bytes

    @cached_property
    def pictures(self) -> list[Image.Image]:
        with av.open(io.BytesIO(self.content), "r") as container:
            return [
                frame.to_image()  # type: ignore[no-untyped-call]  # has no hints
                for frame in container.decode(video=0)
            ]


def played(content: bytes) -> Played:
    with av.open(io.BytesIO(content), "r") as container:
        video = container.streams.video[0]
        sound = container.streams.audio[0].codec_context.name if container.streams.audio else None
        assert container.duration is not None
        codec = video.codec_context.name
        return Played((video.width, video.height), container.duration / av.time_base, codec, sound, content)


def film(sandbox: SandboxProcess, model: str, *items: dict[str, Any], **params: Any) -> Played:
    return played(result(sandbox, model, {**params, "referenceMediaItems": list(items)}).body)


def hue(image: Image.Image) -> tuple[int, int, int]:
    """The colour of the upper part, away from the prompt."""
    upper = (0, 0, image.width, max(1, image.height // 2))
    small = image.convert("RGB").crop(upper).resize((1, 1))
    pixel = small.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def near(pixel: tuple[int, int, int], colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))


def coloured(colour: tuple[int, int, int], width: int = 320, height: int = 180) -> bytes:
    return picture(width, height, "#{:02x}{:02x}{:02x}".format(*colour), "PNG")


@pytest.fixture
def rich_sandbox(sandbox: SandboxProcess) -> SandboxProcess:
    sandbox.reset(credits=100_000)
    return sandbox


@pytest.mark.parametrize(
    ("model", "params", "size", "seconds", "sound"),
    [
        ("seedance-2", {"duration": 4, "resolution": "480p"}, (854, 480), 4, "aac"),
        ("seedance-2-fast", {"duration": 4.5, "generate_audio": "false"}, (1280, 720), 4.5, None),
        ("seedance-1-0-lite", {"resolution": "480p", "aspect_ratio": "9:21"}, (480, 1120), 5, None),
        ("kling-3-0", {"duration": "3", "mode": "std", "sound": "true"}, (1280, 720), 3, "aac"),
        ("kling-3-0", {"duration": "3", "aspect_ratio": "1:1"}, (1080, 1080), 3, None),
        ("grok-imagine-video", {"duration": 30}, (480, 720), 30, None),
        ("hailuo-standard", {"duration": "10"}, (910, 512), 10, None),
        ("sora-2", {"aspect_ratio": "portrait"}, (720, 1280), 10, None),
        ("happyhorse-1-0", {"duration": 3}, (1920, 1080), 3, None),
        ("wan-2-2-a14b-turbo", {"num_frames": -7, "resolution": "580p"}, (1032, 580), 5, None),
    ],
)
def test_size_time_and_sound_follow_the_parameters(
    rich_sandbox: SandboxProcess,
    model: str,
    params: dict[str, Any],
    size: tuple[int, int],
    seconds: float,
    sound: str | None,
) -> None:
    answer = result(rich_sandbox, model, params)
    shown = played(answer.body)
    assert (shown.size, shown.sound) == (size, sound)
    assert shown.seconds == pytest.approx(seconds, abs=0.1)
    assert shown.codec == ("h264" if "libx264" in av.codecs_available else "mpeg4")
    assert answer.headers["content-type"] == MP4_TYPE.mime_type
    # The index comes first, so that a player can begin before it has the whole file.
    assert answer.body.index(b"moov") < answer.body.index(b"mdat")


def test_the_film_moves(sandbox: SandboxProcess) -> None:
    shown = film(sandbox, "veo3-1-lite")
    assert len(shown.pictures) == 120
    assert len({image.resize((64, 36)).tobytes() for image in shown.pictures[::10]}) == 12


def test_the_prompt_changes_the_film(sandbox: SandboxProcess) -> None:
    films = []
    for prompt in "ab":
        created = create(sandbox, "seedance-1-0-lite", prompt=prompt, params={"resolution": "480p"})
        films.append(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body)
    assert films[0] != films[1]


@pytest.mark.parametrize("prompt", ["灯台 " * 200, "<b>&\x00\u202e"])
def test_any_prompt_can_be_filmed(sandbox: SandboxProcess, prompt: str) -> None:
    created = create(sandbox, "hailuo-standard", prompt=prompt)
    assert played(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body).size == (910, 512)


def test_first_and_last_frame(sandbox: SandboxProcess) -> None:
    items = [reference(upload(sandbox, coloured(colour))) for colour in (RED, GREEN)]
    shown = film(sandbox, "hailuo-standard", *items)
    assert near(hue(shown.pictures[0]), RED)
    assert near(hue(shown.pictures[-1]), GREEN)


def test_further_references_are_shown_as_photographs(rich_sandbox: SandboxProcess) -> None:
    items = [reference(upload(rich_sandbox, coloured(colour))) for colour in (RED, GREEN, BLUE)]
    params = {"generationType": "REFERENCE_2_VIDEO"}
    shown = film(rich_sandbox, "veo3-1-fast", *items, **params).pictures[40].resize((160, 90))
    pixels = [shown.crop((x, y, x + 1, y + 1)) for x in range(160) for y in range(90)]
    for colour in (RED, GREEN, BLUE):
        assert sum(near(hue(pixel), colour) for pixel in pixels) > 300


def test_without_an_aspect_ratio_the_film_has_that_of_its_reference(sandbox: SandboxProcess) -> None:
    item = reference(upload(sandbox, coloured(RED, 300, 600)))
    assert film(sandbox, "hailuo-standard", item).size == (512, 1024)


def test_a_video_is_measured_and_edited(sandbox: SandboxProcess) -> None:
    made = result(sandbox, "kling-2-6", {"aspect_ratio": "9:16"}).body
    video = upload(sandbox, made, kind="video", model="wan-2-6")
    file = video.json()
    assert file["duration_seconds"] == pytest.approx(5, abs=0.1)
    item = {**reference(video, "video"), "durationToken": file["duration_token"]}
    assert film(sandbox, "wan-2-6", item).size == (720, 1280)


def test_a_broken_video_is_no_reason_to_fail(sandbox: SandboxProcess) -> None:
    video = upload(sandbox, MP4, kind="video", model="wan-2-6")
    item = {**reference(video, "video"), "durationToken": video.json()["duration_token"]}
    assert film(sandbox, "wan-2-6", item).size == (1280, 720)


def test_return_last_frame_adds_a_still(sandbox: SandboxProcess) -> None:
    params = {"return_last_frame": "true", "duration": 4, "resolution": "480p"}
    status = finished(sandbox, create(sandbox, "seedance-2", params=params))
    video, still = (sandbox.get(url, key=None) for url in status["result"]["urls"])
    assert [answer.headers["content-type"] for answer in (video, still)] == ["video/mp4", "image/png"]
    image, last = opened(still.body), played(video.body).pictures[-1]
    assert image.size == last.size == (854, 480)
    tiny = [picture.convert("L").resize((16, 9)).tobytes() for picture in (image, last)]
    assert max(abs(a - b) for a, b in zip(*tiny, strict=True)) < 12


@pytest.mark.parametrize(("model", "params"), CATEGORIES_BESIDES_IMAGES)
def test_without_pyav_only_images_are_made(
    monkeypatch: pytest.MonkeyPatch, model: str, params: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    lookup = Lookup(lambda url: None, 0.0)
    body = {"model": model, "prompt": "A lighthouse", "params": params}
    with pytest.raises(ApiError, match=r"airflow-provider-rivya\[sandbox\]") as refused:
        check_generation(body, Assumptions(), lookup)
    assert refused.value.code == "validation_failed"
    assert check_generation({**body, "model": "z-image"}, Assumptions(), lookup).prompt == "A lighthouse"


def test_the_overview_plays_what_was_made(sandbox: SandboxProcess) -> None:
    for model, params in CATEGORIES_BESIDES_IMAGES:
        finished(sandbox, create(sandbox, model, params=params))
    page = sandbox.get("/", key=None).body.decode()
    assert "<video controls" in page
    assert "<audio controls" in page
    shown: list[Answer] = [
        sandbox.get(f"/sandbox/results/{task['id']}/0", key=None) for task in sandbox.tasks()
    ]
    assert [answer.headers["content-type"] for answer in shown] == ["video/mp4", "audio/mpeg"]
