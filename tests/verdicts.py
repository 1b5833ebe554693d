"""Verdicts written by hand from the gateway's public model pages, not derived from the code."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_rivya.catalog.references import ReferenceFacts

VOICE = "TX3LPaxmHKxFdv7VOQHJ"
URL = "https://example.org/clip.mp4"


def files(*kinds: str, mime: str | None = None, size: int = 1000) -> list[ReferenceFacts]:
    usual = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg"}
    return [
        ReferenceFacts(f"reference_media[{i}]", f"file-{i}", kind, mime or usual.get(kind), size)
        for i, kind in enumerate(kinds)
    ]


class Accepted(NamedTuple):
    """``wire`` is what goes to the gateway as ``params``."""

    model: Any
    prompt: Any
    params: Any
    references: list[ReferenceFacts]
    wire: dict[str, Any]


class Refused(NamedTuple):
    """``path`` is the place of the one fault, ``phrase`` a part of its message."""

    model: Any
    prompt: Any
    params: Any
    references: list[ReferenceFacts]
    path: str
    phrase: str


ACCEPTED: list[Accepted] = [
    Accepted("z-image", "a cat", None, [], {}),
    Accepted("z-image", "x" * 1000, {}, [], {}),
    Accepted("4o-image", "x" * 100_000, {"size": "3:2"}, [], {"size": "3:2"}),
    Accepted("nano-banana-2", "a", {"google_search": True}, [], {"google_search": "true"}),
    Accepted(
        "nano-banana-2", "a", {"google_search": "false", "resolution": None}, [], {"google_search": "false"}
    ),
    Accepted("nano-banana-2", "a", {}, files(*["image"] * 14, size=30_000_000), {}),
    Accepted("nano-banana", "a", {"imageSize": "21:9"}, files(*["image"] * 10), {"imageSize": "21:9"}),
    Accepted("midjourney", "a", {"version": 6.1}, [], {"version": "6.1"}),
    Accepted("midjourney", "a", {"version": 7}, [], {"version": "7"}),
    Accepted("midjourney", "a", {"version": 7.0}, [], {"version": "7"}),
    Accepted("google-imagen4", "a", {"seed": 42}, [], {"seed": "42"}),
    Accepted("google-imagen4-fast", "a", {"seed": "42"}, [], {"seed": 42}),
    Accepted("seedream-3-0", "a", {"guidance_scale": 0.1 + 0.2 + 1}, [], {"guidance_scale": 1.3}),
    Accepted("seedream-4-0", "a", {"max_images": 6.0}, files("image"), {"max_images": 6}),
    Accepted(
        "flux-kontext-pro",
        "a",
        {"watermark": "(c) me", "safetyTolerance": 6},
        files("image"),
        {"watermark": "(c) me", "safetyTolerance": 6},
    ),
    Accepted("flux-kontext-pro", "a", {"inputImage": [1, {"b": None}]}, [], {"inputImage": [1, {"b": None}]}),
    Accepted(
        "ideogram-v3",
        "a",
        {"rendering_speed": "TURBO", "seed": 0},
        [],
        {"rendering_speed": "TURBO", "seed": 0},
    ),
    Accepted(
        "wan-2-7-image",
        "a",
        {"watermark": True},
        files(*["image"] * 9, size=20_000_000),
        {"watermark": "true"},
    ),
    Accepted("sora-2", "a", {"n_frames": 15}, files("image"), {"n_frames": "15"}),
    Accepted(
        "seedance-1-0-pro", "a", {"seed": -1, "duration": 10}, files("image"), {"seed": -1, "duration": "10"}
    ),
    Accepted("happyhorse-1-0", "a", {"duration": 3}, files(*["image"] * 9), {"duration": 3}),
    Accepted("happyhorse-1-0", "a", {}, files("video", *["image"] * 5), {}),
    Accepted("wan-2-6", "a", {}, files("video", mime="video/x-matroska", size=10_000_000), {}),
    Accepted("wan-2-7-video", "a", {"brand_new": 1}, files("video"), {"brand_new": 1}),
    Accepted(
        "sora-watermark-remover",
        None,
        {"video_url": URL, "upload_method": "oss"},
        [],
        {"video_url": URL, "upload_method": "oss"},
    ),
    Accepted("wan-2-2-animate-replace", None, None, [], {}),
    Accepted(
        "elevenlabs-turbo-2-5",
        "hi",
        {"voice": VOICE, "speed": 0.7, "style": 1.0},
        [],
        {"voice": VOICE, "speed": 0.7, "style": 1},
    ),
    Accepted(
        "elevenlabs-dialogue-v3",
        None,
        {"dialogue": ({"voice": "Adam", "text": "hi"},), "stability": 0.5},
        [],
        {"dialogue": [{"voice": "Adam", "text": "hi"}], "stability": "0.5"},
    ),
    Accepted(
        "elevenlabs-sound-effect-v2",
        "rain",
        {"duration_seconds": 0.5, "loop": False},
        [],
        {"duration_seconds": 0.5, "loop": "false"},
    ),
    Accepted("suno-music", "rock", {"model": "V5"}, [], {"model": "V5"}),
    Accepted(
        "suno-sounds",
        "bell",
        {"soundTempo": "120", "soundKey": "C#m"},
        [],
        {"soundTempo": 120, "soundKey": "C#m"},
    ),
]

_WITHOUT_PROMPT = ("sora-watermark-remover", "wan-2-2-animate-replace", "elevenlabs-dialogue-v3")

# Model, model_params, the key at fault, a phrase of the message; the prompt is right.
_PARAMS_REFUSED: list[tuple[str, Any, str, str]] = [
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

_OTHERWISE_REFUSED: list[Refused] = [
    Refused("Nano_Banana 2", "a", {}, [], "model", "did you mean nano-banana-2"),
    Refused("nanobanana-2", "a", {}, [], "model", "nano-banana-2"),
    Refused(None, "a", {}, [], "model", "a model id is needed"),
    Refused("z-image", None, {}, [], "prompt", "is missing"),
    Refused("z-image", " \n", {}, [], "prompt", "is blank"),
    Refused("z-image", 5, {}, [], "prompt", "a text is needed"),
    Refused("z-image", "x" * 1003, {}, [], "prompt", "1,003 characters, 3 too many"),
    Refused("qwen2-image", "x" * 801, {}, [], "prompt", "at most 800"),
    Refused("z-image", "a\ud800", {}, [], "prompt", "surrogate"),
    Refused("z-image", "a", '{"aspect_ratio": "1:1"}', [], "model_params", "a mapping is needed"),
    Refused("z-image", "a", {5: "1:1"}, [], "model_params", "5 cannot be a key"),
    Refused(
        "sora-watermark-remover",
        None,
        {"video_url": URL, "upload_method": "s3"},
        files("video"),
        "reference_media",
        "public URLs in model_params",
    ),
    Refused("z-image", "a", {}, files("image"), "reference_media", "takes no files"),
    Refused("nano-banana-2", "a", {}, files(*["image"] * 15), "reference_media", "at most 14 files"),
    Refused("nano-banana-2", "a", {}, files("audio"), "reference_media[0]", "of kind 'audio'"),
    Refused("nano-banana-2", "a", {}, files("image", mime="image/gif"), "reference_media[0]", "image/webp"),
    Refused("nano-banana-2", "a", {}, files("image", size=30_000_001), "reference_media[0]", "at most 30 MB"),
    Refused("nano-banana-2", "a", {}, files("image", size=0), "reference_media[0]", "is empty"),
    Refused("seedream-4-5", "a", {}, files("image", size=10_000_001), "reference_media[0]", "at most 10 MB"),
    Refused("happyhorse-1-0", "a", {}, files(*["image"] * 10), "reference_media", "fit no mode"),
    Refused("happyhorse-1-0", "a", {}, files("video", "video"), "reference_media", "exactly 1 video"),
    Refused("happyhorse-1-0", "a", {}, files("video", *["image"] * 6), "reference_media", "6 images"),
    Refused(
        "happyhorse-1-0", "a", {}, files("video", mime="video/webm"), "reference_media[0]", "video/quicktime"
    ),
    Refused("wan-2-6", "a", {}, files("image", "video"), "reference_media", "at most 1 file"),
    Refused("wan-2-7-video", "a", {}, files("text"), "reference_media[0]", "image, video, audio"),
]

REFUSED = [
    *(
        Refused(
            model, None if model in _WITHOUT_PROMPT else "a cat", params, [], f"model_params.{key}", phrase
        )
        for model, params, key, phrase in _PARAMS_REFUSED
    ),
    *_OTHERWISE_REFUSED,
]

_GAPS = "Not documented in full: any further key may be right. The client takes such keys too, but not "
_NAMESAKE = f"{_GAPS}the name that another model has for a parameter of this one."
_EXACT = (
    "No greatest value is documented. JSON readers may round such a number; a rounded seed repeats nothing."
)

CLIENT_ALONE = {
    ("flux-kontext-max", "model_params.output_format"): _NAMESAKE,
    ("wan-2-7-video", "model_params.aspectRatio"): _NAMESAKE,
    ("wan-2-7-video", "model_params.files"): f"{_GAPS}the name of what it has an argument for.",
    (
        "nano-banana-2",
        "model_params.referenceMediaItems",
    ): "Right on the wire, where the client itself writes it.",
    ("qwen2-image", "model_params.seed"): _EXACT,
}
"""
The refused rows, by model and path, of which the gateway's contract takes some: there the client is
stricter, and why. Of ``qwen2-image`` these are the two seeds beyond the exact integers.
"""


def stricter(case: Refused) -> bool:
    """Whether it is one of the rows that the contract does not forbid."""
    return (case.model, case.path) in CLIENT_ALONE and not isinstance(case.params.get("seed"), float | str)
