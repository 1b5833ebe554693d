"""Verdicts written by hand from the gateway's public model pages, not derived from the code."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from airflow_provider_rivya.catalog.spec import load_catalog
from airflow_provider_rivya.catalog.validation import ReferenceFacts, check_request

VOICE = "TX3LPaxmHKxFdv7VOQHJ"
URL = "https://example.org/clip.mp4"


def files(*kinds: str, mime: str | None = None, size: int = 1000) -> list[ReferenceFacts]:
    usual = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg"}
    return [
        ReferenceFacts(f"reference_media[{i}]", f"file-{i}", kind, mime or usual.get(kind), size)
        for i, kind in enumerate(kinds)
    ]


class Case(NamedTuple):
    model: Any
    prompt: Any
    params: Any
    references: list[ReferenceFacts]
    wire: dict[str, Any]


class Refusal(NamedTuple):
    model: Any
    prompt: Any
    params: Any
    references: list[ReferenceFacts]
    path: str
    phrase: str


ACCEPTED = [
    Case("z-image", "a cat", None, [], {}),
    Case("z-image", "x" * 1000, {}, [], {}),
    Case("4o-image", "x" * 100_000, {"size": "3:2"}, [], {"size": "3:2"}),
    Case("nano-banana-2", "a", {"google_search": True}, [], {"google_search": "true"}),
    Case(
        "nano-banana-2", "a", {"google_search": "false", "resolution": None}, [], {"google_search": "false"}
    ),
    Case("nano-banana-2", "a", {}, files(*["image"] * 14, size=30_000_000), {}),
    Case("nano-banana", "a", {"imageSize": "21:9"}, files(*["image"] * 10), {"imageSize": "21:9"}),
    Case("midjourney", "a", {"version": 6.1}, [], {"version": "6.1"}),
    Case("midjourney", "a", {"version": 7}, [], {"version": "7"}),
    Case("midjourney", "a", {"version": 7.0}, [], {"version": "7"}),
    Case("google-imagen4", "a", {"seed": 42}, [], {"seed": "42"}),
    Case("google-imagen4-fast", "a", {"seed": "42"}, [], {"seed": 42}),
    Case("seedream-3-0", "a", {"guidance_scale": 0.1 + 0.2 + 1}, [], {"guidance_scale": 1.3}),
    Case("seedream-4-0", "a", {"max_images": 6.0}, files("image"), {"max_images": 6}),
    Case(
        "flux-kontext-pro",
        "a",
        {"watermark": "(c) me", "safetyTolerance": 6},
        files("image"),
        {"watermark": "(c) me", "safetyTolerance": 6},
    ),
    Case("flux-kontext-pro", "a", {"inputImage": [1, {"b": None}]}, [], {"inputImage": [1, {"b": None}]}),
    Case(
        "ideogram-v3",
        "a",
        {"rendering_speed": "TURBO", "seed": 0},
        [],
        {"rendering_speed": "TURBO", "seed": 0},
    ),
    Case(
        "wan-2-7-image",
        "a",
        {"watermark": True},
        files(*["image"] * 9, size=20_000_000),
        {"watermark": "true"},
    ),
    Case("sora-2", "a", {"n_frames": 15}, files("image"), {"n_frames": "15"}),
    Case(
        "seedance-1-0-pro", "a", {"seed": -1, "duration": 10}, files("image"), {"seed": -1, "duration": "10"}
    ),
    Case("happyhorse-1-0", "a", {"duration": 3}, files(*["image"] * 9), {"duration": 3}),
    Case("happyhorse-1-0", "a", {}, files("video", *["image"] * 5), {}),
    Case("wan-2-6", "a", {}, files("video", mime="video/x-matroska", size=10_000_000), {}),
    Case("wan-2-7-video", "a", {"brand_new": 1}, files("video"), {"brand_new": 1}),
    Case(
        "sora-watermark-remover",
        None,
        {"video_url": URL, "upload_method": "oss"},
        [],
        {"video_url": URL, "upload_method": "oss"},
    ),
    Case("wan-2-2-animate-replace", None, None, [], {}),
    Case(
        "elevenlabs-turbo-2-5",
        "hi",
        {"voice": VOICE, "speed": 0.7, "style": 1.0},
        [],
        {"voice": VOICE, "speed": 0.7, "style": 1},
    ),
    Case(
        "elevenlabs-dialogue-v3",
        None,
        {"dialogue": ({"voice": "Adam", "text": "hi"},), "stability": 0.5},
        [],
        {"dialogue": [{"voice": "Adam", "text": "hi"}], "stability": "0.5"},
    ),
    Case(
        "elevenlabs-sound-effect-v2",
        "rain",
        {"duration_seconds": 0.5, "loop": False},
        [],
        {"duration_seconds": 0.5, "loop": "false"},
    ),
    Case("suno-music", "rock", {"model": "V5"}, [], {"model": "V5"}),
    Case(
        "suno-sounds",
        "bell",
        {"soundTempo": "120", "soundKey": "C#m"},
        [],
        {"soundTempo": 120, "soundKey": "C#m"},
    ),
]

# Model, model_params, the key at fault, a phrase of the message; the prompt is right.
PARAMS_REFUSED: list[tuple[str, Any, str, str]] = [
    ("nano-banana", {"aspect_ratio": "1:1"}, "aspect_ratio", "did you mean imageSize"),
    ("4o-image", {"aspect_ratio": "1:1"}, "aspect_ratio", "did you mean size"),
    ("flux-2-pro", {"aspect_ratio": "1:1"}, "aspect_ratio", "did you mean aspectRatio"),
    ("qwen-image", {"aspect_ratio": "1:1"}, "aspect_ratio", "did you mean image_size"),
    ("nano-banana-2", {"imageSize": "1:1"}, "imageSize", "did you mean aspect_ratio"),
    ("nano-banana-2", {"size": "2K"}, "size", "did you mean resolution"),
    ("seedream-4-0", {"resolution": "2K"}, "resolution", "mean image_resolution"),
    ("gpt-image-1-5", {"resolution": "2K"}, "resolution", "did you mean quality"),
    ("4o-image", {"resolution": "2K"}, "resolution", "allowed: size"),
    ("flux-kontext-max", {"output_format": "png"}, "output_format", "outputFormat"),
    ("veo3-1-fast", {"seed": 12345}, "seed", "did you mean seeds"),
    ("runway", {"watermark": "x"}, "watermark", "did you mean waterMark"),
    ("sora-2", {"duration": 10}, "duration", "did you mean n_frames"),
    ("wan-2-7-video", {"aspectRatio": "1:1"}, "aspectRatio", "aspect_ratio"),
    ("nano-banana-2", {"resoluton": "2K"}, "resoluton", "did you mean resolution"),
    ("nano-banana-2", {"image_url": URL}, "image_url", "did you mean reference_media"),
    ("nano-banana-2", {"referenceMediaItems": []}, "referenceMediaItems", "use the argument reference_media"),
    ("wan-2-7-video", {"files": []}, "files", "use the argument reference_media"),
    ("nano-banana-2", {"prompt": "b"}, "prompt", "use the argument prompt"),
    ("nano-banana-2", {"client_request_id": "b"}, "client_request_id", "use the argument client_request_id"),
    ("nano-banana-2", {"model": "b"}, "model", "use the argument model"),
    ("nano-banana-2", {"resolution": "2k"}, "resolution", "did you mean '2K'"),
    ("nano-banana-2", {"output_format": "PNG"}, "output_format", "mean 'png'"),
    ("nano-banana-2", {"resolution": " 2K"}, "resolution", "blanks around it"),
    ("nano-banana-2", {"google_search": 1}, "google_search", "allowed: false, true"),
    ("nano-banana-2", {"resolution": True}, "resolution", "True is not an option"),
    ("nano-banana-2", {"aspect_ratio": 969}, "aspect_ratio", "'16:9' (in YAML"),
    ("nano-banana-2", {"resolution": ["2K"]}, "resolution", "not a list"),
    ("kling-2-6", {"duration": 7}, "duration", "allowed: 5, 10"),
    ("seedream-3-0", {"guidance_scale": 10.1}, "guidance_scale", "from 1 to 10"),
    ("seedream-3-0", {"guidance_scale": 2.55}, "guidance_scale", "2.5 or 2.6"),
    ("seedream-4-0", {"max_images": True}, "max_images", "not True"),
    ("seedream-4-0", {"max_images": 1.5}, "max_images", "between two steps"),
    ("qwen2-image", {"seed": float("nan")}, "seed", "not a JSON number"),
    ("qwen2-image", {"seed": 2**53}, "seed", "carries exactly"),
    ("qwen2-image", {"seed": " 5"}, "seed", "did you mean 5"),
    ("veo3-1-lite", {"seeds": 9999}, "seeds", "too small"),
    ("google-imagen4", {"seed": 1.5}, "seed", "a text is needed"),
    ("google-imagen4", {"negative_prompt": 5}, "negative_prompt", "a text is needed"),
    ("flux-kontext-pro", {"watermark": True}, "watermark", "free text"),
    ("elevenlabs-turbo-2-5", None, "voice", "is required"),
    ("elevenlabs-turbo-2-5", {"voice": VOICE, "speed": 1.21}, "speed", "0.7 to 1.2"),
    ("elevenlabs-turbo-2-5", {"voice": "Adam"}, "voice", "is not an option"),
    ("sora-watermark-remover", {"video_url": URL}, "upload_method", "is required"),
    ("sora-watermark-remover", {"video_url": "clips/a.mp4", "upload_method": "s3"}, "video_url", "not a URL"),
    ("elevenlabs-dialogue-v3", {}, "dialogue", "is required"),
    ("qwen2-image", {"seed": 10**400}, "seed", "more than 20 digits"),
    ("google-imagen4", {"negative_prompt": "\udfff"}, "negative_prompt", "surrogate"),
    (
        "sora-watermark-remover",
        {"video_url": " ", "upload_method": "s3"},
        "video_url",
        "must not be blank",
    ),
    (
        "sora-watermark-remover",
        {"video_url": "https://a b/c", "upload_method": "s3"},
        "video_url",
        "not a URL",
    ),
    (
        "sora-watermark-remover",
        {"video_url": "https://[a/c", "upload_method": "s3"},
        "video_url",
        "not a URL",
    ),
    ("elevenlabs-dialogue-v3", {"dialogue": [5]}, "dialogue[0]", "a mapping is needed"),
    (
        "elevenlabs-dialogue-v3",
        {"dialogue": [{"voice": "A", "text": " "}]},
        "dialogue[0].text",
        "must not be blank",
    ),
    (
        "elevenlabs-dialogue-v3",
        {"dialogue": [{"voice": "A", "text": "hi", "mood": "glad"}]},
        "dialogue[0].mood",
        "allowed: voice, text",
    ),
    (
        "elevenlabs-dialogue-v3",
        {"dialogue": [{"voice": "A", "text": "\udfff"}]},
        "dialogue[0].text",
        "surrogate",
    ),
    ("elevenlabs-dialogue-v3", {"dialogue": []}, "dialogue", "must not be empty"),
    ("elevenlabs-dialogue-v3", {"dialogue": "hi"}, "dialogue", "a list is needed"),
    ("elevenlabs-dialogue-v3", {"dialogue": [{"voice": "A"}]}, "dialogue[0].text", "is required"),
    (
        "elevenlabs-dialogue-v3",
        {"dialogue": [{"voice": "A", "text": 5}]},
        "dialogue[0].text",
        "a text is needed",
    ),
    ("suno-sounds", {"model": "V4"}, "model", "allowed: V5, V5_5"),
    ("suno-sounds", {"soundTempo": 301}, "soundTempo", "too large"),
]

REFUSED = [
    Refusal("Nano_Banana 2", "a", {}, [], "model", "did you mean nano-banana-2"),
    Refusal("nanobanana-2", "a", {}, [], "model", "nano-banana-2"),
    Refusal(None, "a", {}, [], "model", "a model id is needed"),
    Refusal("z-image", None, {}, [], "prompt", "is missing"),
    Refusal("z-image", " \n", {}, [], "prompt", "is blank"),
    Refusal("z-image", 5, {}, [], "prompt", "a text is needed"),
    Refusal("z-image", "x" * 1003, {}, [], "prompt", "1,003 characters, 3 too many"),
    Refusal("qwen2-image", "x" * 801, {}, [], "prompt", "at most 800"),
    Refusal("z-image", "a\ud800", {}, [], "prompt", "surrogate"),
    Refusal("z-image", "a", '{"aspect_ratio": "1:1"}', [], "model_params", "a mapping is needed"),
    Refusal("z-image", "a", {5: "1:1"}, [], "model_params", "5 cannot be a key"),
    Refusal(
        "sora-watermark-remover",
        None,
        {"video_url": URL, "upload_method": "s3"},
        files("video"),
        "reference_media",
        "public URLs in model_params",
    ),
    Refusal("z-image", "a", {}, files("image"), "reference_media", "takes no files"),
    Refusal("nano-banana-2", "a", {}, files(*["image"] * 15), "reference_media", "at most 14 files"),
    Refusal("nano-banana-2", "a", {}, files("audio"), "reference_media[0]", "of kind 'audio'"),
    Refusal("nano-banana-2", "a", {}, files("image", mime="image/gif"), "reference_media[0]", "image/webp"),
    Refusal("nano-banana-2", "a", {}, files("image", size=30_000_001), "reference_media[0]", "at most 30 MB"),
    Refusal("nano-banana-2", "a", {}, files("image", size=0), "reference_media[0]", "is empty"),
    Refusal("seedream-4-5", "a", {}, files("image", size=10_000_001), "reference_media[0]", "at most 10 MB"),
    Refusal("happyhorse-1-0", "a", {}, files(*["image"] * 10), "reference_media", "fit no mode"),
    Refusal("happyhorse-1-0", "a", {}, files("video", "video"), "reference_media", "exactly 1 video"),
    Refusal("happyhorse-1-0", "a", {}, files("video", *["image"] * 6), "reference_media", "6 images"),
    Refusal(
        "happyhorse-1-0", "a", {}, files("video", mime="video/webm"), "reference_media[0]", "video/quicktime"
    ),
    Refusal("wan-2-6", "a", {}, files("image", "video"), "reference_media", "at most 1 file"),
    Refusal("wan-2-7-video", "a", {}, files("text"), "reference_media[0]", "image, video, audio"),
]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case.model}-{str(case.params)[:40]}")
def test_accepted(case: Case) -> None:
    verdict = check_request(
        load_catalog(),
        model=case.model,
        prompt=case.prompt,
        model_params=case.params,
        references=case.references,
    )
    assert verdict.faults == ()
    assert verdict.normalised.model == case.model
    assert verdict.normalised.prompt == case.prompt
    assert verdict.normalised.params == case.wire
    wire = verdict.normalised.params
    assert [type(wire[key]) for key in case.wire] == [type(value) for value in case.wire.values()]


@pytest.mark.parametrize(
    "case", REFUSED, ids=lambda case: f"{str(case.model)[:30]}-{case.path}-{case.phrase[:20]}"
)
def test_refused_with_one_fault(case: Refusal) -> None:
    verdict = check_request(
        load_catalog(),
        model=case.model,
        prompt=case.prompt,
        model_params=case.params,
        references=case.references,
    )
    assert [fault.path for fault in verdict.faults] == [case.path]
    assert case.phrase in str(verdict.faults[0])


@pytest.mark.parametrize(("model", "params", "key", "phrase"), PARAMS_REFUSED)
def test_refused_for_one_parameter(model: str, params: Any, key: str, phrase: str) -> None:
    spec = load_catalog().get(model)
    assert spec is not None
    prompt = "a cat" if spec.prompt.required else None
    verdict = check_request(load_catalog(), model=model, prompt=prompt, model_params=params, references=())
    assert [fault.path for fault in verdict.faults] == [f"model_params.{key}"]
    assert phrase in str(verdict.faults[0])


def test_the_table_is_not_cut() -> None:
    assert len(ACCEPTED) + len(REFUSED) + len(PARAMS_REFUSED) >= 100
