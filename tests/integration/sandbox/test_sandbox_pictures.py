"""The result files: real pictures of the right format and size, with the references on them."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.integration.sandbox.wire_tools import create, finished, opened, picture, reference, result, upload
from tests.sandbox_process import SandboxProcess


@pytest.mark.parametrize(
    ("model", "params", "form", "size"),
    [
        ("nano-banana-2", {}, "JPEG", (1024, 1024)),
        ("nano-banana-2", {"output_format": "png", "aspect_ratio": "16:9"}, "PNG", (1368, 768)),
        ("nano-banana-2", {"aspect_ratio": "1:8"}, "JPEG", (360, 2896)),
        ("nano-banana-2", {"resolution": "4K", "aspect_ratio": "3:2"}, "JPEG", (5016, 3344)),
        ("nano-banana-pro", {"output_format": "jpg", "resolution": "2K"}, "JPEG", (2048, 2048)),
        ("nano-banana", {"imageSize": "9:16", "output_format": "jpeg"}, "JPEG", (768, 1368)),
        ("4o-image", {"size": "3:2"}, "PNG", (1256, 840)),
        ("flux-kontext-pro", {}, "JPEG", (1368, 768)),
        ("flux-kontext-pro", {"outputFormat": "png", "aspectRatio": "1:1"}, "PNG", (1024, 1024)),
        ("qwen-image", {"image_size": "square"}, "PNG", (512, 512)),
        ("qwen-image", {"image_size": "portrait_4_3"}, "PNG", (888, 1184)),
        ("qwen2-image", {}, "PNG", (1368, 768)),
        ("seedream-4-0", {"image_size": "landscape_21_9", "image_resolution": "2K"}, "PNG", (3128, 1344)),
        ("z-image", {"aspect_ratio": "4:3"}, "PNG", (1184, 888)),
    ],
)
def test_format_and_size_follow_the_parameters(
    sandbox: SandboxProcess, model: str, params: dict[str, Any], form: str, size: tuple[int, int]
) -> None:
    answer = result(sandbox, model, params)
    image = opened(answer.body)
    assert (image.format, image.size) == (form, size)
    assert answer.headers["content-type"] == f"image/{form.lower()}"
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_head_tells_the_length_without_the_bytes(sandbox: SandboxProcess) -> None:
    url = finished(sandbox, create(sandbox))["result"]["primary_url"]
    head, body = sandbox.request("HEAD", url, key=None), sandbox.get(url, key=None)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(body.body)))
    assert head.headers["content-type"] == "image/png"


def test_several_images_are_several_files(sandbox: SandboxProcess) -> None:
    status = finished(sandbox, create(sandbox, "seedream-4-0", params={"max_images": 3}))
    urls = status["result"]["urls"]
    contents = [sandbox.get(url, key=None).body for url in urls]
    assert len(urls) == len(set(contents)) == 3
    assert {opened(content).format for content in contents} == {"PNG"}
    assert status["result"]["primary_url"] == urls[0]
    for name in ("3.png", "0.jpg", "0", "-1.png", "%C2%B2.png"):
        assert sandbox.get(urls[0].replace("0.png", name), key=None).status == 404


def test_auto_follows_the_first_reference(sandbox: SandboxProcess) -> None:
    items = [reference(upload(sandbox, picture(300, 200))), reference(upload(sandbox, picture(100, 400)))]
    created = create(sandbox, "nano-banana-2", params={"referenceMediaItems": items})
    image = opened(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body)
    assert image.width / image.height == pytest.approx(1.5, rel=0.01)


def share_of(image: Image.Image, colour: tuple[int, int, int]) -> float:
    small = image.convert("RGB").resize((64, 64), Image.Resampling.NEAREST)
    pixels = [small.getpixel((x, y)) for x in range(64) for y in range(64)]
    near = sum(
        isinstance(pixel, tuple) and all(abs(a - b) < 24 for a, b in zip(pixel, colour, strict=True))
        for pixel in pixels
    )
    return near / len(pixels)


def test_the_references_are_on_the_picture(sandbox: SandboxProcess) -> None:
    colours = {"#ff0000": (255, 0, 0), "#00ff00": (0, 255, 0)}
    items = [reference(upload(sandbox, picture(400, 300, name))) for name in colours]
    params = {"aspect_ratio": "1:1", "output_format": "png"}
    without = opened(result(sandbox, "nano-banana-2", params).body)
    created = create(sandbox, "nano-banana-2", params={**params, "referenceMediaItems": items})
    composed = opened(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body)
    for colour in colours.values():
        assert share_of(without, colour) == 0
        assert share_of(composed, colour) > 0.04


def test_a_reference_that_cannot_be_opened_leaves_an_empty_frame(sandbox: SandboxProcess) -> None:
    broken = reference(upload(sandbox, picture()[:60]))
    created = create(sandbox, "nano-banana-2", params={"referenceMediaItems": [broken]})
    assert opened(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body).format == "JPEG"


@pytest.mark.parametrize("prompt", ["x" * 1000, "灯台 " * 200, "a\n\tb", "<b>&\x00\u202e", "."])
def test_any_prompt_can_be_drawn(sandbox: SandboxProcess, prompt: str) -> None:
    created = create(sandbox, prompt=prompt)
    image = opened(sandbox.get(finished(sandbox, created)["result"]["primary_url"]).body)
    assert image.size == (1024, 1024)


def test_the_prompt_changes_the_picture(sandbox: SandboxProcess) -> None:
    pictures = {
        sandbox.get(finished(sandbox, create(sandbox, prompt=p))["result"]["primary_url"]).body for p in "ab"
    }
    assert len(pictures) == 2


def test_a_result_does_not_change(sandbox: SandboxProcess) -> None:
    url = finished(sandbox, create(sandbox))["result"]["primary_url"]
    assert sandbox.get(url).body == sandbox.get(url).body


def test_there_is_no_result_before_its_time(sandbox: SandboxProcess) -> None:
    created = create(sandbox)
    url = finished(sandbox, created)["result"]["primary_url"]
    sandbox.fault(kind="generation_fails")
    failed = finished(sandbox, create(sandbox))
    assert failed["result"] is None
    assert sandbox.get(url).status == 200
