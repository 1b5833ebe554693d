"""
The parameters of every model as a ``TypedDict``: an IDE completes them and mypy checks a plain dict.

Written by ``make models`` from the model catalogue of 2026-05-11; not to be edited. Nothing here is needed at
run time, so a DAG file can import it for type checkers alone:

.. code-block:: python

    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from airflow_provider_rivya.model_params import NanoBanana2Params

    look: "NanoBanana2Params" = {"aspect_ratio": "16:9", "output_format": "png"}

The types are those of the wire: a select takes the text of one of its options, ``"true"`` and ``"5"`` too.
Ranges and steps, which types cannot tell, are checked by the operator before anything is sent.
"""

from typing import Literal, Required, TypedDict


class ElevenlabsDialogueV3DialogueItem(TypedDict):
    """One element of ``dialogue`` of elevenlabs-dialogue-v3."""

    voice: Required[str]
    text: Required[str]


class Model4oImageParams(TypedDict, total=False):
    """Parameters of 4o Image (``4o-image``), image. Source: https://rivya.ai/docs/api/models/4o-image"""

    size: Literal["1:1", "3:2", "2:3"]
    """The gateway's default is 1:1. This model's name for aspect ratio."""


class Flux2FlexParams(TypedDict, total=False):
    """
    Parameters of Flux 2 Flex (``flux-2-flex``), image. Source: https://rivya.ai/docs/api/models/flux-2-flex
    """

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K."""


class Flux2ProParams(TypedDict, total=False):
    """
    Parameters of Flux 2 Pro (``flux-2-pro``), image. Source: https://rivya.ai/docs/api/models/flux-2-pro
    """

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K."""


class FluxKontextMaxParams(TypedDict, total=False):
    """
    Parameters of Flux Kontext Max (``flux-kontext-max``), image. Source:
    https://rivya.ai/docs/api/models/flux-kontext-max

    The public documentation does not show them all; others are passed on with a warning.
    """

    aspectRatio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
    """The gateway's default is 16:9."""

    outputFormat: Literal["jpeg", "png"]
    """The gateway's default is jpeg."""

    enableTranslation: Literal["true", "false"]
    """The gateway's default is true."""

    promptUpsampling: Literal["false", "true"]
    """The gateway's default is false. Lets the model expand the prompt first."""

    safetyTolerance: float
    """
    A number from 0 to 6; the gateway's default is 2. Lower is stricter; the full 0-6 range is for generation,
    editing takes a narrower range (upper bound not given).
    """

    watermark: str
    """
    A text; no default is documented. Free text, unlike other models where watermark is a true/false select.
    """


class FluxKontextProParams(TypedDict, total=False):
    """
    Parameters of Flux Kontext Pro (``flux-kontext-pro``), image. Source:
    https://rivya.ai/docs/api/models/flux-kontext-pro

    The public documentation does not show them all; others are passed on with a warning.
    """

    aspectRatio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
    """The gateway's default is 16:9."""

    outputFormat: Literal["jpeg", "png"]
    """The gateway's default is jpeg."""

    enableTranslation: Literal["true", "false"]
    """The gateway's default is true."""

    promptUpsampling: Literal["false", "true"]
    """The gateway's default is false. Lets the model expand the prompt first."""

    safetyTolerance: float
    """
    A number from 0 to 6; the gateway's default is 2. Lower is stricter; the full 0-6 range is for generation,
    editing takes a narrower range (upper bound not given).
    """

    watermark: str
    """
    A text; no default is documented. Free text, unlike other models where watermark is a true/false select.
    """


class GoogleImagen4Params(TypedDict, total=False):
    """
    Parameters of Google Imagen4 (``google-imagen4``), image. Source:
    https://rivya.ai/docs/api/models/google-imagen4
    """

    aspect_ratio: Literal["1:1", "16:9", "9:16", "3:4", "4:3"]
    """The gateway's default is 1:1."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: str
    """
    A text; no default is documented. Text here, number on the fast variant; omit for a random result; the
    same integer helps repeat a result but is no guarantee.
    """


class GoogleImagen4FastParams(TypedDict, total=False):
    """
    Parameters of Google Imagen4 Fast (``google-imagen4-fast``), image. Source:
    https://rivya.ai/docs/api/models/google-imagen4-fast
    """

    aspect_ratio: Literal["1:1", "16:9", "9:16", "3:4", "4:3"]
    """The gateway's default is 16:9."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: int
    """
    A number of at least 0; no default is documented. Omit for a random result; the same integer helps repeat
    a result but is no guarantee.
    """


class GoogleImagen4UltraParams(TypedDict, total=False):
    """
    Parameters of Google Imagen4 Ultra (``google-imagen4-ultra``), image. Source:
    https://rivya.ai/docs/api/models/google-imagen4-ultra
    """

    aspect_ratio: Literal["1:1", "16:9", "9:16", "3:4", "4:3"]
    """The gateway's default is 1:1."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: str
    """
    A text; no default is documented. Text here, number on the fast variant; omit for a random result; the
    same integer helps repeat a result but is no guarantee.
    """


class GptImage15Params(TypedDict, total=False):
    """
    Parameters of GPT Image 1.5 (``gpt-image-1-5``), image. Source:
    https://rivya.ai/docs/api/models/gpt-image-1-5
    """

    quality: Literal["medium", "high"]
    """The gateway's default is medium."""

    aspect_ratio: Literal["1:1", "2:3", "3:2"]
    """The gateway's default is 1:1."""


class GptImage2Params(TypedDict, total=False):
    """
    Parameters of GPT Image 2 (``gpt-image-2``), image. Source: https://rivya.ai/docs/api/models/gpt-image-2
    """

    aspect_ratio: Literal["auto", "1:1", "9:16", "16:9", "4:3", "3:4"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""


class GrokImagineParams(TypedDict, total=False):
    """
    Parameters of Grok Imagine (``grok-imagine``), image. Source:
    https://rivya.ai/docs/api/models/grok-imagine
    """

    aspect_ratio: Literal["1:1", "2:3", "3:2", "16:9", "9:16"]
    """The gateway's default is 1:1."""

    enable_pro: Literal["false", "true"]
    """
    The gateway's default is false. Quality switch for text-to-image only; true costs more; ignored when
    editing an image.
    """


class IdeogramV3Params(TypedDict, total=False):
    """
    Parameters of Ideogram V3 (``ideogram-v3``), image. Source: https://rivya.ai/docs/api/models/ideogram-v3
    """

    rendering_speed: Literal["TURBO", "BALANCED", "QUALITY"]
    """The gateway's default is BALANCED. TURBO is the cheapest, QUALITY the dearest."""

    style: Literal["AUTO", "GENERAL", "REALISTIC", "DESIGN"]
    """The gateway's default is AUTO."""

    expand_prompt: Literal["true", "false"]
    """The gateway's default is true."""

    image_size: Literal[
        "square", "square_hd", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"
    ]
    """The gateway's default is square_hd."""

    seed: int
    """
    A number of at least 0; no default is documented. Omit for a random result; the same integer helps repeat
    a result but is no guarantee.
    """

    negative_prompt: str
    """A text; no default is documented."""


class MidjourneyParams(TypedDict, total=False):
    """
    Parameters of Midjourney (``midjourney``), image. Source: https://rivya.ai/docs/api/models/midjourney
    """

    speed: Literal["relaxed", "fast", "turbo"]
    """The gateway's default is relaxed."""

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    version: Literal["7", "6.1", "6", "niji7", "niji6"]
    """The gateway's default is 7."""


class NanoBananaParams(TypedDict, total=False):
    """
    Parameters of Nano Banana (``nano-banana``), image. Source: https://rivya.ai/docs/api/models/nano-banana
    """

    imageSize: Literal["1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "auto"]
    """The gateway's default is 1:1. Holds an aspect ratio."""

    output_format: Literal["png", "jpeg"]
    """The gateway's default is png."""


class NanoBanana2Params(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 (``nano-banana-2``), image. Source:
    https://rivya.ai/docs/api/models/nano-banana-2
    """

    aspect_ratio: Literal[
        "auto",
        "1:1",
        "16:9",
        "9:16",
        "3:2",
        "2:3",
        "4:3",
        "3:4",
        "5:4",
        "4:5",
        "21:9",
        "4:1",
        "1:4",
        "8:1",
        "1:8",
    ]
    """The gateway's default is auto."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    output_format: Literal["jpg", "png"]
    """The gateway's default is jpg."""

    google_search: Literal["false", "true"]
    """The gateway's default is false."""


class NanoBananaProParams(TypedDict, total=False):
    """
    Parameters of Nano Banana Pro (``nano-banana-pro``), image. Source:
    https://rivya.ai/docs/api/models/nano-banana-pro
    """

    aspect_ratio: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "auto"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    output_format: Literal["png", "jpg"]
    """The gateway's default is png."""


class QwenImageParams(TypedDict, total=False):
    """
    Parameters of Qwen Image (``qwen-image``), image. Source: https://rivya.ai/docs/api/models/qwen-image
    """

    image_size: Literal[
        "square", "square_hd", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"
    ]
    """The gateway's default is square_hd."""

    output_format: Literal["png", "jpeg"]
    """The gateway's default is png."""


class Qwen2ImageParams(TypedDict, total=False):
    """
    Parameters of Qwen2 Image (``qwen2-image``), image. Source: https://rivya.ai/docs/api/models/qwen2-image
    """

    image_size: Literal["1:1", "3:4", "4:3", "9:16", "16:9"]
    """The gateway's default is 16:9. Holds an aspect ratio, not a named size as on qwen-image."""

    output_format: Literal["png", "jpeg"]
    """The gateway's default is png."""

    seed: int
    """
    A number of at least 0; no default is documented. Omit for a random result; the same integer helps repeat
    a result but is no guarantee.
    """

    nsfw_checker: Literal["false", "true"]
    """The gateway's default is false."""


class Seedream30Params(TypedDict, total=False):
    """
    Parameters of Seedream 3.0 (``seedream-3-0``), image. Source:
    https://rivya.ai/docs/api/models/seedream-3-0
    """

    image_size: Literal[
        "square", "square_hd", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"
    ]
    """The gateway's default is square_hd."""

    guidance_scale: float
    """A number from 1 to 10 in steps of 0.1; the gateway's default is 2.5."""

    seed: int
    """
    A number from 0 to 2147483647; no default is documented. Omit for a random result; the same integer helps
    repeat a result but is no guarantee.
    """


class Seedream40Params(TypedDict, total=False):
    """
    Parameters of Seedream 4.0 (``seedream-4-0``), image. Source:
    https://rivya.ai/docs/api/models/seedream-4-0
    """

    image_size: Literal[
        "square",
        "square_hd",
        "portrait_4_3",
        "portrait_3_2",
        "portrait_16_9",
        "landscape_4_3",
        "landscape_3_2",
        "landscape_16_9",
        "landscape_21_9",
    ]
    """The gateway's default is square_hd. Framing only; pixels come from image_resolution."""

    image_resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K. This model's name for resolution."""

    max_images: int
    """A number from 1 to 6 in steps of 1; the gateway's default is 1. Most images one task may return."""

    seed: int
    """
    A number from 0 to 2147483647 in steps of 1; no default is documented. Omit for a random result; the same
    integer helps repeat a result but is no guarantee.
    """

    nsfw_checker: Literal["false", "true"]
    """The gateway's default is false."""


class Seedream45Params(TypedDict, total=False):
    """
    Parameters of Seedream 4.5 (``seedream-4-5``), image. Source:
    https://rivya.ai/docs/api/models/seedream-4-5
    """

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"]
    """The gateway's default is 1:1."""

    quality: Literal["basic", "high"]
    """The gateway's default is basic."""


class Seedream5LiteParams(TypedDict, total=False):
    """
    Parameters of Seedream 5.0 Lite (``seedream-5-lite``), image. Source:
    https://rivya.ai/docs/api/models/seedream-5-lite
    """

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"]
    """The gateway's default is 1:1."""

    quality: Literal["basic", "high"]
    """The gateway's default is basic."""


class Wan27ImageParams(TypedDict, total=False):
    """
    Parameters of Wan 2.7 Image (``wan-2-7-image``), image. Source:
    https://rivya.ai/docs/api/models/wan-2-7-image
    """

    aspect_ratio: Literal["1:1", "16:9", "4:3", "21:9", "3:4", "9:16", "8:1", "1:8"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 2K."""

    watermark: Literal["false", "true"]
    """The gateway's default is false."""

    seed: int
    """
    A number from 0 to 2147483647; no default is documented. Omit for a random result; the same integer helps
    repeat a result but is no guarantee.
    """


class Wan27ImageProParams(TypedDict, total=False):
    """
    Parameters of Wan 2.7 Image Pro (``wan-2-7-image-pro``), image. Source:
    https://rivya.ai/docs/api/models/wan-2-7-image-pro
    """

    aspect_ratio: Literal["1:1", "16:9", "4:3", "21:9", "3:4", "9:16", "8:1", "1:8"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 2K."""

    watermark: Literal["false", "true"]
    """The gateway's default is false."""

    seed: int
    """
    A number from 0 to 2147483647 in steps of 1; no default is documented. Omit for a random result; the same
    integer helps repeat a result but is no guarantee.
    """


class ZImageParams(TypedDict, total=False):
    """Parameters of Z-Image (``z-image``), image. Source: https://rivya.ai/docs/api/models/z-image"""

    aspect_ratio: Literal["1:1", "4:3", "3:4", "16:9", "9:16"]
    """The gateway's default is 1:1."""


class GrokImagineVideoParams(TypedDict, total=False):
    """
    Parameters of Grok Imagine Video (``grok-imagine-video``), video. Source:
    https://rivya.ai/docs/api/models/grok-imagine-video
    """

    mode: Literal["fun", "normal", "spicy"]
    """The gateway's default is normal."""

    duration: int
    """A number from 6 to 30 in steps of 1; the gateway's default is 6."""

    resolution: Literal["480p", "720p"]
    """The gateway's default is 480p."""

    aspect_ratio: Literal["1:1", "16:9", "9:16", "2:3", "3:2"]
    """The gateway's default is 2:3."""


class HailuoProParams(TypedDict, total=False):
    """
    Parameters of Hailuo Pro (``hailuo-pro``), video. Source: https://rivya.ai/docs/api/models/hailuo-pro
    """

    prompt_optimizer: Literal["false", "true"]
    """The gateway's default is false."""


class HailuoStandardParams(TypedDict, total=False):
    """
    Parameters of Hailuo Standard (``hailuo-standard``), video. Source:
    https://rivya.ai/docs/api/models/hailuo-standard
    """

    duration: Literal["6", "10"]
    """The gateway's default is 6."""

    resolution: Literal["512P", "768P"]
    """The gateway's default is 512P."""

    prompt_optimizer: Literal["false", "true"]
    """The gateway's default is false."""


class Happyhorse10Params(TypedDict, total=False):
    """
    Parameters of HappyHorse 1.0 (``happyhorse-1-0``), video. Source:
    https://rivya.ai/docs/api/models/happyhorse-1-0
    """

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 1080p."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
    """The gateway's default is 16:9."""

    duration: float
    """A number from 3 to 15; the gateway's default is 5."""

    audio_setting: Literal["auto", "origin"]
    """The gateway's default is auto."""

    seed: int
    """A number from 0 to 2147483647; the gateway's default is 0."""


class Kling26Params(TypedDict, total=False):
    """Parameters of Kling 2.6 (``kling-2-6``), video. Source: https://rivya.ai/docs/api/models/kling-2-6"""

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    sound: Literal["false", "true"]
    """The gateway's default is false."""

    aspect_ratio: Literal["1:1", "16:9", "9:16"]
    """The gateway's default is 1:1."""


class Kling30Params(TypedDict, total=False):
    """Parameters of Kling 3.0 (``kling-3-0``), video. Source: https://rivya.ai/docs/api/models/kling-3-0"""

    mode: Literal["std", "pro"]
    """The gateway's default is pro."""

    multi_shots: Literal["false", "true"]
    """The gateway's default is false."""

    duration: Literal["3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]
    """The gateway's default is 5."""

    sound: Literal["false", "true"]
    """The gateway's default is false."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""


class KlingV21MasterParams(TypedDict, total=False):
    """
    Parameters of Kling V2.1 Master (``kling-v2-1-master``), video. Source:
    https://rivya.ai/docs/api/models/kling-v2-1-master
    """

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    negative_prompt: str
    """A text; no default is documented."""

    cfg_scale: float
    """A number from 0 to 1; the gateway's default is 0.5."""


class KlingV25TurboProParams(TypedDict, total=False):
    """
    Parameters of Kling V2.5 Turbo Pro (``kling-v2-5-turbo-pro``), video. Source:
    https://rivya.ai/docs/api/models/kling-v2-5-turbo-pro
    """

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    negative_prompt: str
    """A text; no default is documented."""

    cfg_scale: float
    """A number from 0 to 1; the gateway's default is 0.5."""


class RunwayParams(TypedDict, total=False):
    """Parameters of Runway (``runway``), video. Source: https://rivya.ai/docs/api/models/runway"""

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    quality: Literal["720p", "1080p"]
    """The gateway's default is 720p."""

    aspectRatio: Literal["16:9", "4:3", "1:1", "3:4", "9:16"]
    """The gateway's default is 16:9."""

    waterMark: str
    """A text; no default is documented."""


class Seedance10LiteParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.0 Lite (``seedance-1-0-lite``), video. Source:
    https://rivya.ai/docs/api/models/seedance-1-0-lite
    """

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    aspect_ratio: Literal["16:9", "4:3", "1:1", "3:4", "9:16", "9:21"]
    """The gateway's default is 16:9."""

    camera_fixed: Literal["false", "true"]
    """The gateway's default is false."""

    seed: int
    """A number from -1 to 2147483647; the gateway's default is -1."""

    enable_safety_checker: Literal["true", "false"]
    """The gateway's default is true."""


class Seedance10ProParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.0 Pro (``seedance-1-0-pro``), video. Source:
    https://rivya.ai/docs/api/models/seedance-1-0-pro
    """

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
    """The gateway's default is 16:9."""

    camera_fixed: Literal["false", "true"]
    """The gateway's default is false."""

    seed: int
    """A number from -1 to 2147483647; the gateway's default is -1."""

    enable_safety_checker: Literal["true", "false"]
    """The gateway's default is true."""


class Seedance15ProParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.5 Pro (``seedance-1-5-pro``), video. Source:
    https://rivya.ai/docs/api/models/seedance-1-5-pro
    """

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["4", "8", "12"]
    """The gateway's default is 8."""

    generate_audio: Literal["false", "true"]
    """The gateway's default is false."""

    aspectRatio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "21:9"]
    """The gateway's default is 1:1."""

    fixed_lens: Literal["false", "true"]
    """The gateway's default is false."""


class Seedance2Params(TypedDict, total=False):
    """
    Parameters of Seedance 2.0 (``seedance-2``), video. Source: https://rivya.ai/docs/api/models/seedance-2
    """

    seedance_scene: Literal["text", "frames", "reference"]
    """
    The gateway's default is text. Text = prompt only; frames = first or first+last frame; reference =
    multimodal references.
    """

    resolution: Literal["480p", "720p"]
    """The gateway's default is 720p."""

    aspect_ratio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive"]
    """The gateway's default is 16:9."""

    duration: float
    """A number from 4 to 15; the gateway's default is 5."""

    generate_audio: Literal["true", "false"]
    """The gateway's default is true."""

    return_last_frame: Literal["false", "true"]
    """The gateway's default is false. Also returns the last frame as an image."""

    web_search: Literal["false", "true"]
    """The gateway's default is false."""

    nsfw_checker: Literal["false", "true"]
    """The gateway's default is false."""


class Seedance2FastParams(TypedDict, total=False):
    """
    Parameters of Seedance 2.0 Fast (``seedance-2-fast``), video. Source:
    https://rivya.ai/docs/api/models/seedance-2-fast
    """

    seedance_scene: Literal["text", "frames", "reference"]
    """
    The gateway's default is text. Text = prompt only; frames = first or first+last frame; reference =
    multimodal references.
    """

    resolution: Literal["480p", "720p"]
    """The gateway's default is 720p."""

    aspect_ratio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive"]
    """The gateway's default is 16:9."""

    duration: float
    """A number from 4 to 15; the gateway's default is 5."""

    generate_audio: Literal["true", "false"]
    """The gateway's default is true."""

    return_last_frame: Literal["false", "true"]
    """The gateway's default is false. Also returns the last frame as an image."""

    web_search: Literal["false", "true"]
    """The gateway's default is false."""

    nsfw_checker: Literal["false", "true"]
    """The gateway's default is false."""


class Sora2Params(TypedDict, total=False):
    """Parameters of Sora 2 (``sora-2``), video. Source: https://rivya.ai/docs/api/models/sora-2"""

    n_frames: Literal["10", "15"]
    """The gateway's default is 10. Duration in seconds."""

    aspect_ratio: Literal["landscape", "portrait"]
    """The gateway's default is landscape."""

    remove_watermark: Literal["false", "true"]
    """The gateway's default is false."""

    upload_method: Literal["s3", "oss"]
    """The gateway's default is s3."""


class Sora2ProParams(TypedDict, total=False):
    """
    Parameters of Sora 2 Pro (``sora-2-pro``), video. Source: https://rivya.ai/docs/api/models/sora-2-pro
    """

    size: Literal["standard", "high"]
    """No default is documented."""

    n_frames: Literal["10", "15"]
    """The gateway's default is 10. Duration in seconds."""

    aspect_ratio: Literal["landscape", "portrait"]
    """The gateway's default is landscape."""

    remove_watermark: Literal["false", "true"]
    """The gateway's default is false."""

    upload_method: Literal["s3", "oss"]
    """The gateway's default is s3."""


class SoraWatermarkRemoverParams(TypedDict, total=False):
    """
    Parameters of Sora Watermark Remover (``sora-watermark-remover``), video. Source:
    https://rivya.ai/docs/api/models/sora-watermark-remover
    """

    video_url: Required[str]
    """A public http(s) URL; required."""

    upload_method: Required[Literal["s3", "oss"]]
    """Required."""


class Veo31FastParams(TypedDict, total=False):
    """
    Parameters of Veo3.1 Fast (``veo3-1-fast``), video. Source: https://rivya.ai/docs/api/models/veo3-1-fast
    """

    generationType: Literal["FIRST_AND_LAST_FRAMES_2_VIDEO", "REFERENCE_2_VIDEO"]
    """The gateway's default is FIRST_AND_LAST_FRAMES_2_VIDEO."""

    aspectRatio: Literal["16:9", "9:16", "Auto"]
    """The gateway's default is 16:9."""

    watermark: str
    """A text; no default is documented."""

    seeds: int
    """A number from 10000 to 99999 in steps of 1; no default is documented."""

    enableTranslation: Literal["true", "false"]
    """The gateway's default is true."""


class Veo31LiteParams(TypedDict, total=False):
    """
    Parameters of Veo3.1 Lite (``veo3-1-lite``), video. Source: https://rivya.ai/docs/api/models/veo3-1-lite
    """

    aspectRatio: Literal["16:9", "9:16", "Auto"]
    """The gateway's default is 16:9."""

    watermark: str
    """A text; no default is documented."""

    seeds: int
    """A number from 10000 to 99999 in steps of 1; no default is documented."""

    enableTranslation: Literal["true", "false"]
    """The gateway's default is true."""


class Wan22A14bTurboParams(TypedDict, total=False):
    """
    Parameters of Wan 2.2 A14B Turbo (``wan-2-2-a14b-turbo``), video. Source:
    https://rivya.ai/docs/api/models/wan-2-2-a14b-turbo

    The public documentation does not show them all; others are passed on with a warning.
    """

    resolution: Literal["480p", "580p", "720p"]
    """
    The gateway's default is 720p. Text and image runs: 480p or 720p; image+audio runs also 580p; tiers a mode
    lacks are filtered out.
    """

    aspect_ratio: Literal["16:9", "9:16"]
    """The gateway's default is 16:9. Text-to-video only."""

    enable_prompt_expansion: Literal["false", "true"]
    """The gateway's default is false. Text and image runs only."""

    seed: int
    """A number from 0 to 2147483647; no default is documented."""

    acceleration: Literal["none", "regular"]
    """The gateway's default is none. Text and image runs only."""

    num_frames: float
    """A number; no default is documented."""


class Wan22AnimateReplaceParams(TypedDict, total=False):
    """
    Parameters of Wan Animate Replace (``wan-2-2-animate-replace``), video. Source:
    https://rivya.ai/docs/api/models/wan-2-2-animate-replace
    """

    video_url: str
    """
    A public http(s) URL; no default is documented. Public video URL (MP4, MOV or MKV); not a local upload
    path.
    """

    image_url: str
    """
    A public http(s) URL; no default is documented. Public image URL (JPEG, PNG or WebP); scaled and
    centre-cropped when the ratio differs.
    """

    resolution: Literal["480p", "580p", "720p"]
    """The gateway's default is 480p. Higher tiers usually cost more credits."""


class Wan25VideoParams(TypedDict, total=False):
    """
    Parameters of Wan 2.5 Video (``wan-2-5-video``), video. Source:
    https://rivya.ai/docs/api/models/wan-2-5-video
    """

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["5", "10"]
    """The gateway's default is 5."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    enable_prompt_expansion: Literal["false", "true"]
    """The gateway's default is false."""

    seed: int
    """A number from 0 to 2147483647; no default is documented."""

    negative_prompt: str
    """A text; no default is documented."""

    nsfw_checker: Literal["false", "true"]
    """The gateway's default is false."""


class Wan26Params(TypedDict, total=False):
    """Parameters of Wan 2.6 (``wan-2-6``), video. Source: https://rivya.ai/docs/api/models/wan-2-6"""

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["5", "10", "15"]
    """The gateway's default is 5."""


class Wan27VideoParams(TypedDict, total=False):
    """
    Parameters of Wan 2.7 Video (``wan-2-7-video``), video. Source:
    https://rivya.ai/docs/api/models/wan-2-7-video

    The public documentation does not show them all; others are passed on with a warning.
    """

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 720p."""

    duration: Literal["5", "10", "15"]
    """
    The gateway's default is 5. Text and image runs: 5, 10 or 15; video edit: at most 10, longer choices are
    normalised.
    """

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
    """
    The gateway's default is 16:9. Used by text-to-video and video edit; image-to-video follows the uploaded
    frame.
    """

    negative_prompt: str
    """A text; no default is documented."""

    prompt_extend: Literal["true", "false"]
    """The gateway's default is true."""

    watermark: Literal["false", "true"]
    """The gateway's default is false."""

    audio_setting: Literal["auto", "origin"]
    """The gateway's default is auto. Video edit only."""

    seed: int
    """A number from 0 to 2147483647; no default is documented."""


class ElevenlabsDialogueV3Params(TypedDict, total=False):
    """
    Parameters of ElevenLabs Dialogue V3 (``elevenlabs-dialogue-v3``), audio. Source:
    https://rivya.ai/docs/api/models/elevenlabs-dialogue-v3

    The public documentation does not show them all; others are passed on with a warning.
    """

    dialogue: Required[list[ElevenlabsDialogueV3DialogueItem]]
    """A list of objects; required. Lines of speech; the server makes the task prompt from them."""

    default_voice: Literal[
        "Adam",
        "Alice",
        "Bill",
        "Brian",
        "Callum",
        "Charlie",
        "Chris",
        "Daniel",
        "Eric",
        "George",
        "Harry",
        "Jessica",
        "Laura",
        "Liam",
        "Lily",
        "Matilda",
        "River",
        "Roger",
        "Sarah",
        "Will",
    ]
    """The gateway's default is Adam."""

    stability: Literal["0", "0.5", "1"]
    """The gateway's default is 0.5. A select of strings here, a number on the text-to-speech models."""

    language_code: str
    """A text; no default is documented. Locale code."""


class ElevenlabsMultilingualV2Params(TypedDict, total=False):
    """
    Parameters of ElevenLabs Multilingual V2 (``elevenlabs-multilingual-v2``), audio. Source:
    https://rivya.ai/docs/api/models/elevenlabs-multilingual-v2
    """

    voice: Required[
        Literal[
            "TX3LPaxmHKxFdv7VOQHJ",
            "cgSgspJ2msm6clMCkdW9",
            "pNInz6obpgDQGcFmaJgB",
            "BIvP0GN1cAtSRTxNHnWS",
            "aMSt68OGf4xUZAnLpTU8",
        ]
    ]
    """Required."""

    stability: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0.5."""

    similarity_boost: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0.75."""

    style: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0."""

    speed: float
    """A number from 0.7 to 1.2 in steps of 0.05; the gateway's default is 1."""

    timestamps: Literal["false", "true"]
    """The gateway's default is false."""

    previous_text: str
    """A text; no default is documented. Context before the text."""

    next_text: str
    """A text; no default is documented. Context after the text."""

    language_code: str
    """A text; no default is documented. Locale code such as en or zh."""


class ElevenlabsSoundEffectV2Params(TypedDict, total=False):
    """
    Parameters of ElevenLabs Sound Effect V2 (``elevenlabs-sound-effect-v2``), audio. Source:
    https://rivya.ai/docs/api/models/elevenlabs-sound-effect-v2
    """

    loop: Literal["false", "true"]
    """The gateway's default is false."""

    duration_seconds: float
    """A number from 0.5 to 22 in steps of 0.5; the gateway's default is 3."""

    prompt_influence: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0.3."""

    output_format: Literal[
        "mp3_22050_32",
        "mp3_44100_32",
        "mp3_44100_64",
        "mp3_44100_96",
        "mp3_44100_128",
        "mp3_44100_192",
        "pcm_8000",
        "pcm_16000",
        "pcm_22050",
        "pcm_24000",
        "pcm_44100",
        "pcm_48000",
        "ulaw_8000",
        "alaw_8000",
        "opus_48000_32",
        "opus_48000_64",
        "opus_48000_96",
        "opus_48000_128",
        "opus_48000_192",
    ]
    """The gateway's default is mp3_44100_128."""


class ElevenlabsTurbo25Params(TypedDict, total=False):
    """
    Parameters of ElevenLabs Turbo 2.5 (``elevenlabs-turbo-2-5``), audio. Source:
    https://rivya.ai/docs/api/models/elevenlabs-turbo-2-5
    """

    voice: Required[
        Literal[
            "TX3LPaxmHKxFdv7VOQHJ",
            "cgSgspJ2msm6clMCkdW9",
            "pNInz6obpgDQGcFmaJgB",
            "BIvP0GN1cAtSRTxNHnWS",
            "aMSt68OGf4xUZAnLpTU8",
        ]
    ]
    """Required."""

    stability: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0.5."""

    similarity_boost: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0.75."""

    style: float
    """A number from 0 to 1 in steps of 0.05; the gateway's default is 0."""

    speed: float
    """A number from 0.7 to 1.2 in steps of 0.05; the gateway's default is 1."""

    timestamps: Literal["false", "true"]
    """The gateway's default is false."""

    previous_text: str
    """A text; no default is documented. Context before the text."""

    next_text: str
    """A text; no default is documented. Context after the text."""

    language_code: str
    """A text; no default is documented. Locale code such as en or zh."""


class SunoMusicParams(TypedDict, total=False):
    """
    Parameters of Suno Music (``suno-music``), audio. Source: https://rivya.ai/docs/api/models/suno-music
    """

    model: Literal["V4", "V4_5", "V4_5PLUS", "V4_5ALL", "V5", "V5_5"]
    """
    The gateway's default is V4_5. Params.model, the engine version; not the top-level model id; versions may
    differ in cost.
    """

    instrumental: Literal["false", "true"]
    """The gateway's default is false."""


class SunoSoundsParams(TypedDict, total=False):
    """
    Parameters of Suno Sounds (``suno-sounds``), audio. Source: https://rivya.ai/docs/api/models/suno-sounds
    """

    model: Literal["V5", "V5_5"]
    """
    The gateway's default is V5. Params.model, the engine version; not the top-level model id; versions may
    differ in cost.
    """

    soundLoop: Literal["false", "true"]
    """The gateway's default is false."""

    soundTempo: int
    """A number from 1 to 300 in steps of 1; no default is documented. Beats per minute."""

    soundKey: Literal[
        "Any",
        "Cm",
        "C#m",
        "Dm",
        "D#m",
        "Em",
        "Fm",
        "F#m",
        "Gm",
        "G#m",
        "Am",
        "A#m",
        "Bm",
        "C",
        "C#",
        "D",
        "D#",
        "E",
        "F",
        "F#",
        "G",
        "G#",
        "A",
        "A#",
        "B",
    ]
    """The gateway's default is Any."""
