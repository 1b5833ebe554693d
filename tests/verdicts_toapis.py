"""Verdicts on ToAPIs requests, written by hand from the gateway's public pages, not derived from the code."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.verdicts import Refused, files

NB2 = "gemini-3.1-flash-image-preview"
NB2_OFFICIAL = "gemini-3.1-flash-image-preview-official"
NB1 = "gemini-2.5-flash-image-preview"
NB1_OFFICIAL = "gemini-2.5-flash-image-official"
PRO = "gemini-3-pro-image-preview"
GPT15 = "gpt-image-1.5-official"
MASK = "https://example.org/mask.png"
URL_FORMAT = {"response_format": "url"}


class Sent(NamedTuple):
    """
    A request that is right.

    :param wire: the parameters, flat, before a dialect puts some of them into ``metadata``.
    :param sent_as: the id that is sent.
    :param warned: a part of each warning, in order; nothing else is warned of.
    """

    model: Any
    prompt: Any
    params: Any
    references: list[Any] | None
    wire: dict[str, Any]
    sent_as: str
    warned: tuple[str, ...] = ()


def sent(
    model: str,
    params: dict[str, Any] | None = None,
    *warned: str,
    wire: dict[str, Any] | None = None,
    references: list[Any] | None = None,
    prompt: str = "a",
    sent_as: str | None = None,
) -> Sent:
    return Sent(model, prompt, params, references or [], wire or params or {}, sent_as or model, warned)


_SIZE = "which sizes and formats"
_SIZES = "how many files, which sizes and formats"

ACCEPTED: list[Sent] = [
    # Every spelling of Nano Banana 2, and what is sent for it.
    sent(NB2),
    sent("nano-banana-2", None, "'nano-banana-2' is sent as 'gemini-3.1-flash-image-preview'", sent_as=NB2),
    sent("nano_banana_2", None, "dialect={'model': 'nano_banana_2'} sends it as written", sent_as=NB2),
    sent("gemini-3-1-flash-image-preview", None, "each guide has its own spelling", sent_as=NB2),
    sent("nano-banana", None, "the reference page gives both", sent_as=NB1),
    sent("nano-banana-pro", None, "is sent as 'gemini-3-pro-image-preview'", sent_as=PRO),
    sent("doubao-seedance-4-5", None, "the earlier edition of the page", sent_as="doubao-seedream-4-5"),
    # Ratios: what all pages list, and what only some do.
    sent(NB2, {"size": "16:9", "n": 2, "resolution": "4K"}),
    sent(NB2, {"size": "8:1"}, "'8:1' is sent, but the reference page lists it, the guides list fewer"),
    sent(NB2, {"size": "21:9"}, "another guide does not"),
    sent(PRO, {"size": "5:4"}, "the guide does not"),
    sent(NB2_OFFICIAL, {"size": "4:1", "n": 1}),
    sent("gpt-4o-image", {"size": "16:9"}, "seven ratios, which were not seen"),
    # Resolutions in capitals and small letters, whatever the model's page uses.
    sent(NB2, {"resolution": "2k"}, wire={"resolution": "2K"}),
    sent(GPT15, {"resolution": "2K"}, wire={"resolution": "2k"}),
    sent("gemini_omni", {"resolution": "720p"}, wire={"resolution": "720P"}),
    sent("veo3.1-fast", {"resolution": "4K"}, wire={"resolution": "4k"}),
    sent("doubao-seedream-4-0", {"resolution": "4K"}, "the list of values was not seen"),
    sent("gemini-3-pro-image-preview-4k", {"resolution": "4k"}, wire={"resolution": "4K"}),
    # Numbers.
    sent(NB2, {"n": 3.0}, wire={"n": 3}),
    sent(NB1, {"n": 1}),
    sent(NB1, {"n": 4}, "the earlier one takes 1 to 4"),
    sent(PRO, {"n": 2}, "the reference page fixes it at 1"),
    sent("gpt-4o-image", {"n": 3}, "the reference page takes 1, 2 or 4"),
    sent(GPT15, {"n": 10}, "the page on edits 1 to 10"),
    sent("grok-4-2-image", {"n": 4}),
    sent("grok-imagine-1.0", {"n": 10}),
    sent("doubao-seedream-5-0", {"n": 15, "resolution": "3K"}),
    sent("sora-2-official", {"duration": "12"}, wire={"duration": 12}),
    sent("sora-2", {"duration": 10, "aspect_ratio": "16:9"}),
    # Prompts.
    sent("gpt-4o-image", prompt="x" * 1000),
    sent(PRO, None, "has 1,001 characters, and the reference page allows 1,000", prompt="x" * 1001),
    sent("gpt-image-2", URL_FORMAT, "allows 4,000 characters, a later edition 32,000", prompt="x" * 32_000),
    sent(NB2, prompt="x" * 100_000),
    # What goes together.
    sent("gpt-image-2", {"size": "16:9", "resolution": "1k", **URL_FORMAT}),
    sent(
        "gpt-image-2",
        {"size": "1:1", "resolution": "4K", **URL_FORMAT},
        wire={"size": "1:1", "resolution": "4k", **URL_FORMAT},
    ),
    sent("gpt-image-2", {"size": "1536x1024", **URL_FORMAT}, "takes pixels"),
    sent(
        "gpt-image-2",
        {"size": "1024x1024", "resolution": "1k", **URL_FORMAT},
        "takes pixels",
        "the edition of the page that takes pixels knows no resolution",
    ),
    sent("gpt-image-2", {"resolution": "4k", **URL_FORMAT}),
    sent(
        "gpt-image-2",
        {"resolution": 2048, **URL_FORMAT},
        "only an earlier guide",
        wire={"resolution": "2048", **URL_FORMAT},
    ),
    sent("gpt-image-2", None, "one page makes b64_json its default"),
    sent("gpt-image-2-vip", {"size": "2:3", **URL_FORMAT}),
    sent("gpt-image-2-vip", {"size": "2:1", **URL_FORMAT}),
    sent("gpt-image-2-vip", {"quality": "high", **URL_FORMAT}),
    sent(GPT15, {"resolution": "4k", "size": "21:9"}),
    sent(GPT15, {"resolution": "4k", "size": "auto"}),
    sent(GPT15, {"background": "transparent"}, "silently turns it into auto"),
    sent("doubao-seedream-4-0", {"size": "auto"}, _SIZES, references=files("image")),
    sent(
        "doubao-seedream-4-5",
        {"n": 2},
        "depends on the number of references",
        _SIZES,
        references=files("image"),
    ),
    sent("kling-v3", {"duration": 15, "mode": "pro"}),
    sent("kling-v3", {"duration": 8}, "a reading of the newer one takes 3 to 15"),
    sent(
        "kling-v3",
        {"duration": 10},
        "which sizes and formats",
        references=files("image", "image"),
    ),
    sent("kling-v2-6", {"audio": True, "mode": "pro"}),
    sent("doubao-seedream-5-0", {"n": 2}, "depends on the number", _SIZE, references=files("image")),
    sent("grok-imagine-1.0-edit", {"n": 2}, _SIZES, references=files("image")),
    sent(
        "flux-kontext-max",
        {"size": "match_input_image"},
        "which sizes and formats",
        references=files("image"),
    ),
    # Options of their own kinds.
    sent("kling-v3", {"audio": True}),
    sent("veo3.1-quality", {"enable_gif": "false"}, wire={"enable_gif": False}),
    sent("flux-kontext-pro", {"response_format": "jpeg"}, "png is the page's example"),
    sent(NB1_OFFICIAL, {"temperature": 0.5, "topP": 1, "maxOutputTokens": 1024}),
    sent(NB1_OFFICIAL, {"safetySettings": [{"category": "x"}]}, "its exact nesting is not documented"),
    sent(PRO, {"orientation": "landscape"}),
    sent("doubao-seedream-5-0", {"web": True}, "is passed on although it is not listed"),
    sent(
        PRO, {"mask_url": MASK}, "only the earlier edition", "needs reference files", wire={"mask_url": MASK}
    ),
    # References.
    sent(NB2, references=files(*["image"] * 6, size=10_000_000)),
    sent(NB2, None, "takes at most 6", references=files(*["image"] * 14)),
    sent(PRO, None, "7 files are sent, but the newer edition", references=files(*["image"] * 7)),
    sent(
        NB2, {"resolution": "0.5k", "google_search": True}, wire={"resolution": "0.5K", "google_search": True}
    ),
    # The second edition's models.
    sent(
        "gpt-image-2-official",
        {"size": "21:9", "resolution": "4K"},
        wire={"size": "21:9", "resolution": "4k"},
    ),
    sent("gpt-image-2-official", {"n": 5}, "at most 4"),
    sent("gpt-image-2.5-sunburst-official", {"size": "1536x1024", "quality": "xhigh"}),
    sent("seedance-2", {"duration": -1, "return_last_frame": True}),
    sent(
        "seedance-2-5",
        {"duration": 30, "image_with_roles": [{"url": MASK, "role": "first_frame"}]},
        "is sent as given",
    ),
    sent("viduq3-pro", {"duration": 16, "resolution": "540P"}, wire={"duration": 16, "resolution": "540p"}),
    sent("MiniMax-Hailuo-2.3", {"duration": 6}),
    sent("Veo3.1-fast-official", {"duration": 4, "lastFrame": MASK}),
    sent(NB2, None, "an upload takes GIF, but no page", references=files("image", mime="image/gif")),
    sent(GPT15, None, "an upload takes GIF", references=files("image", mime="image/gif")),
    sent("gemini_omni", None, "no field for references is listed", _SIZES, references=files("image")),
]

# Model, model_params, the key at fault, a phrase of the message; the prompt is right.
_PARAMS_REFUSED: list[tuple[str, Any, str, str]] = [
    (NB2, {"n": "1"}, "n", "did you mean 1, without quotes?"),
    ("grok-4-1-image", {"n": " 2 "}, "n", "has to be a JSON number; allowed: 1, 2, 4"),
    (NB2, {"n": "two"}, "n", "the text 'two' is refused"),
    (NB2, {"n": 0}, "n", "too small"),
    (NB2, {"n": 1.5}, "n", "between two steps"),
    (NB2, {"n": True}, "n", "not True"),
    (NB2_OFFICIAL, {"n": 2}, "n", "allowed: 1; did you mean 1?"),
    (NB1, {"n": 5}, "n", "allowed: 1, 2, 3, 4"),
    ("gpt-4o-image", {"n": 5}, "n", "did you mean 4?"),
    ("grok-4-1-image", {"n": 3}, "n", "allowed: 1, 2, 4"),
    (GPT15, {"n": 11}, "n", "did you mean 10?"),
    ("grok-imagine-1.0", {"n": 11}, "n", "too large"),
    ("doubao-seedream-4-0", {"n": 16}, "n", "too large"),
    (NB2, {"size": "1024x1024"}, "size", "is not an option"),
    (NB2, {"size": 969}, "size", "'16:9' (in YAML"),
    (NB2, {"size": "2:1"}, "size", "is not an option"),
    (NB2_OFFICIAL, {"size": "1:4"}, "size", "is not an option"),
    (NB2, {"resolution": "3K"}, "resolution", "allowed: 0.5K, 1K, 2K, 4K"),
    (NB2, {"resolution": "2 k"}, "resolution", "did you mean '2K'"),
    ("gemini-3-pro-image-preview-4k", {"resolution": "2K"}, "resolution", "allowed: 4K"),
    ("doubao-seedream-4-5", {"resolution": "1K"}, "resolution", "allowed: 2K, 4K"),
    ("doubao-seedream-4-5", {"size": "auto"}, "size", "is not an option"),
    ("gpt-image-2-vip", {"size": "auto"}, "size", "is not an option"),
    ("gpt-image-2", {"size": "7:4", "resolution": "1k"}, "size", "is not an option"),
    ("qwen-image-3.0", {"n": 9}, "n", "n"),
    ("gpt-image-2.5-flare-vip", {"quality": "HIGH"}, "quality", "did you mean 'high'"),
    ("gpt-image-2-official", {"output_compression": 101}, "output_compression", "too large"),
    ("gpt-image-2-official", {"mask_url": MASK}, "mask_url", "needs reference files"),
    ("seedance-2", {"duration": 3}, "duration", "allowed"),
    ("gemini-omni-flash", {"resolution": "1080p", "aspect_ratio": "9:16"}, "aspect_ratio", "1080p"),
    ("kling-3.0-turbo", {"duration": 16}, "duration", "too large"),
    ("Veo3.1-fast-official", {"duration": 5}, "duration", "allowed: 4, 6, 8"),
    (
        GPT15,
        {"resolution": "4K"},
        "size",
        "is not set, and its default '1:1' does not go with resolution '4k'",
    ),
    (GPT15, {"size": "1:1", "resolution": "4k"}, "size", "did you mean resolution '1k' or '2k'?"),
    ("doubao-seedream-4-0", {"size": "auto"}, "size", "needs reference files, and none is given"),
    ("flux-kontext-pro", {"size": "match_input_image"}, "size", "nothing to match"),
    (NB2, {"response_format": "b64_json"}, "response_format", "did you mean 'url'?"),
    ("gpt-image-2", {"response_format": "b64_json"}, "response_format", "results are fetched from URLs"),
    (GPT15, {"output_format": "webp"}, "output_format", "allowed: png, jpeg"),
    (GPT15, {"mask_url": "data:image/png;base64,iVBORw0KGgo="}, "mask_url", "a data URI is not a URL"),
    ("gpt-4o-image", {"mask_url": "/data/mask.png"}, "mask_url", "not a URL that the gateway could fetch"),
    (NB2, {"image_urls": ["https://example.org/a.png"]}, "image_urls", "use the argument reference_media"),
    ("gpt-image-2", {"reference_images": []}, "reference_images", "use the argument reference_media"),
    ("gpt-4o-image", {"images": []}, "images", "use the argument reference_media"),
    (NB2, {"client_business_id": "order-1"}, "client_business_id", "the operator sets it"),
    (NB2, {"metadata": {"resolution": "2K"}}, "metadata.resolution", "did you mean model_params.resolution?"),
    (NB2, {"metadata": {"client_business_id": "x"}}, "metadata.client_business_id", "the operator sets it"),
    (NB2, {"metadata": "2K"}, "metadata", "a mapping is needed"),
    (NB2, {"metadata": {"a": {1: 2}}}, "metadata.a", "cannot be a key"),
    (NB2, {"aspect_ratio": "1:1"}, "aspect_ratio", "did you mean size?"),
    (NB2, {"max_images": 2}, "max_images", "did you mean n?"),
    ("sora-2", {"size": "16:9"}, "size", "did you mean aspect_ratio?"),
    ("flux-kontext-pro", {"output_format": "png"}, "output_format", "did you mean response_format?"),
    ("kling-v3", {"sound": True}, "sound", "did you mean audio?"),
    ("kling-v3", {"audio": 1}, "audio", "true or false is needed, not 1"),
    ("kling-v2-6", {"audio": True}, "mode", "does not go with audio True: std is silent"),
    ("veo3.1-quality", {"enable_gif": True, "resolution": "4k"}, "resolution", "GIF does not go with"),
    ("veo3.1-quality", {"generation_type": "reference"}, "generation_type", "allowed: frame"),
    ("MiniMax-Hailuo-02", {"resolution": "1080P", "duration": 10}, "duration", "1080P is 6 s only"),
    ("happyhorse-1.1", {"action": "video-edit"}, "url", "is needed with action 'video-edit'"),
    ("kling-v3", {"duration": 16}, "duration", "allowed: 3, 4, 5"),
    ("veo3.1-fast", {"duration": 5}, "duration", "allowed: 8"),
    ("veo3.1-fast", {"generation_type": "style"}, "generation_type", "allowed: frame, reference"),
    ("sora-2-official", {"duration": 10}, "duration", "allowed: 4, 8, 12"),
    ("gemini_omni", {"resolution": "1080P"}, "resolution", "allowed: 720P"),
    (NB1_OFFICIAL, {"temperature": 2.1}, "temperature", "from 0.0 to 2.0"),
    (NB1_OFFICIAL, {"topP": -0.1}, "topP", "too small"),
    ("grok-4-1-image", {"resolution": "2K"}, "resolution", "is not a parameter of grok-4-1-image"),
    ("gpt-4o-image", {"quality": "ultra"}, "quality", "allowed: standard, hd"),
]

_OTHERWISE_REFUSED: list[Refused] = [
    Refused("Nano Banana 2", "a", {}, [], "model", f"did you mean {NB2}"),
    Refused("veo3.1-fast-official", "a", {}, [], "model", "did you mean Veo3.1-fast-official"),
    Refused("gpt-image-3", "a", {}, [], "model", "did you mean gpt-image-2"),
    Refused(NB2, None, {}, [], "prompt", "is missing"),
    Refused(NB1, "x" * 1001, {}, [], "prompt", "1 too many for gemini-2.5-flash-image-preview"),
    Refused("gpt-image-2", "x" * 32_001, URL_FORMAT, [], "prompt", "at most 32,000"),
    Refused("grok-4-1-image", "x" * 1001, {}, [], "prompt", "at most 1,000"),
    Refused(NB2, "a", {}, files(*["image"] * 15), "reference_media", "at most 14 files"),
    Refused(NB1_OFFICIAL, "a", {}, files(*["image"] * 4), "reference_media", "at most 3 files"),
    Refused("gpt-4o-image", "a", {}, files(*["image"] * 6), "reference_media", "at most 5 files"),
    Refused("flux-kontext-pro", "a", {}, files("image", "image"), "reference_media", "at most 1 file"),
    Refused("kling-v3", "a", {}, files(*["image"] * 3), "reference_media", "at most 2 files"),
    Refused("grok-imagine-1.0-edit", "a", {}, [], "reference_media", "none is given"),
    Refused("MiniMax-Hailuo-2.3-Fast", "a", {}, [], "reference_media", "none is given"),
    Refused(
        "doubao-seedream-5-0", "a", {}, files(*["image"] * 11), "reference_media", "none longer than 3:1"
    ),
    Refused("grok-imagine-1.0", "a", {}, files("image"), "reference_media", "takes no files"),
    Refused(NB2, "a", {}, files("image", size=10_000_001), "reference_media[0]", "at most 10 MB"),
    Refused(GPT15, "a", {}, files("image", size=20_000_000), "reference_media[0]", "at most 10 MB"),
    Refused(NB2, "a", {}, files("image", mime="image/tiff"), "reference_media[0]", "image/webp"),
    Refused(GPT15, "a", {}, files("image", mime="image/webp"), "reference_media[0]", "image/png, image/jpeg"),
    Refused(NB2, "a", {}, files("audio"), "reference_media[0]", "of kind 'audio'"),
    Refused("sora-2", "a", {}, files("video"), "reference_media[0]", "of kind 'video'; allowed: image"),
    Refused(
        "kling-v3", "a", {"duration": 15}, files("image"), "model_params.duration", "without reference files"
    ),
]

REFUSED = [
    *(
        Refused(model, "a cat", params, [], f"model_params.{key}", phrase)
        for model, params, key, phrase in _PARAMS_REFUSED
    ),
    *_OTHERWISE_REFUSED,
]

_OWN_PLACE = "Right on the wire, where the client itself writes it."
_NAMESAKE = "Not forbidden: any further field may be right. The name of another model's field is not."
_UNKNOWN_KEY = "Not forbidden on the wire; the model's table, which was seen in full, has no such parameter."
_NO_URL = "Documented; but what a finished task then returns is not, and the client fetches URLs."

CLIENT_ALONE = {
    (NB2, "model_params.response_format"): _NO_URL,
    ("gpt-image-2", "model_params.response_format"): _NO_URL,
    (NB2, "model_params.image_urls"): _OWN_PLACE,
    ("gpt-image-2", "model_params.reference_images"): _OWN_PLACE,
    ("gpt-4o-image", "model_params.images"): _OWN_PLACE,
    (NB2, "model_params.client_business_id"): _OWN_PLACE,
    (NB2, "model_params.metadata.resolution"): _OWN_PLACE,
    (NB2, "model_params.metadata.client_business_id"): _OWN_PLACE,
    (NB2, "model_params.metadata.a"): "A key that is no text: JSON turns it into one.",
    (NB2, "model_params.aspect_ratio"): _NAMESAKE,
    (NB2, "model_params.max_images"): _NAMESAKE,
    ("sora-2", "model_params.size"): _NAMESAKE,
    ("flux-kontext-pro", "model_params.output_format"): _NAMESAKE,
    ("kling-v3", "model_params.sound"): _NAMESAKE,
    ("grok-4-1-image", "model_params.resolution"): _UNKNOWN_KEY,
}
"""The refused rows, by model and path, that no page forbids: there the client is stricter, and why."""
