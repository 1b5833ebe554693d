"""
The parameters of every ToAPIs model as a ``TypedDict``: an IDE completes them and mypy checks a plain dict.

Written by ``make models`` from the model catalogue of 2026-05-02; not to be edited. Nothing here is needed at
run time, so a DAG file can import it for type checkers alone:

.. code-block:: python

    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from airflow_provider_rivya.model_params_toapis import Gemini31FlashImagePreviewParams

    look: "Gemini31FlashImagePreviewParams" = {"size": "16:9", "resolution": "2K", "n": 1}

The types are those of the wire: a select takes the text of one of its options, ``"true"`` and ``"5"`` too.
Ranges and steps, which types cannot tell, are checked by the operator before anything is sent.
"""

from typing import Any, Literal, TypedDict


class Gemini31FlashImagePreviewParams(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 (``gemini-3.1-flash-image-preview``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gemini-3.1-flash/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal[
        "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "5:4", "4:5", "21:9", "1:4", "4:1", "1:8", "8:1"
    ]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1. No greatest number is documented."""

    response_format: Literal["url"]
    """
    The gateway's default is url. B64_json is not sent: what a finished task then returns is not documented,
    and results are fetched from URLs. Only one of the four pages lists this parameter.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini31FlashImagePreviewOfficialParams(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 (Vertex direct) (``gemini-3.1-flash-image-preview-official``), image. Source:
    https://dashlyai.mintlify.app/docs/en/api-reference/images/gemini-3.1-flash-official/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "4:1", "8:1"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    temperature: float
    """A number; no default is documented."""

    topP: float
    """A number; no default is documented."""

    maxOutputTokens: int
    """A number in steps of 1; no default is documented."""

    personGeneration: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    imageOutputOptions: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    thinkingConfig: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    safetySettings: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini25FlashImagePreviewParams(TypedDict, total=False):
    """
    Parameters of Nano Banana (``gemini-2.5-flash-image-preview``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gemini-2.5-flash/generation
    """

    size: Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"]
    """
    No default is documented. About 1024x1024, 1792x1024, 1024x1792, 1365x1024, 1024x1365, 1536x1024 and
    1024x1536 pixels.
    """

    resolution: str
    """1K, perhaps more; no default is documented."""

    n: Literal[1, 2, 3, 4]
    """1, 2, 3, 4; the gateway's default is 1."""

    quality: Literal["standard", "hd"]
    """The gateway's default is standard. Only the earlier edition of the page lists this parameter."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini25FlashImageOfficialParams(TypedDict, total=False):
    """
    Parameters of Nano Banana (Vertex direct) (``gemini-2.5-flash-image-official``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gemini-2.5-flash-official/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """No default is documented."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    temperature: float
    """A number from 0.0 to 2.0; the gateway's default is 1.0."""

    topP: float
    """A number from 0.0 to 1.0; the gateway's default is 0.95."""

    maxOutputTokens: int
    """A number in steps of 1; the gateway's default is 32768."""

    personGeneration: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    imageOutputOptions: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    safetySettings: Any
    """JSON values; no default is documented. Its exact nesting is not documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini3ProImagePreviewParams(TypedDict, total=False):
    """
    Parameters of Nano Banana Pro (``gemini-3-pro-image-preview``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gemini-3-pro-image/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1."""

    mask_url: str
    """
    A public http(s) URL; no default is documented. A PNG of the reference's size, up to 4 MB. Only the
    earlier edition of the page lists this parameter.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini3ProImagePreview4kParams(TypedDict, total=False):
    """
    Parameters of Nano Banana Pro at 4K (``gemini-3-pro-image-preview-4k``), image. Source:
    https://toapis.com/ru/model-guide/gemini-3-pro-image-preview-4k

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["1:1", "16:9", "9:16", "4:3", "3:4", "21:9"]
    """The gateway's default is 1:1."""

    resolution: Literal["4K"]
    """No default is documented. This id takes nothing else."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gpt4oImageParams(TypedDict, total=False):
    """
    Parameters of GPT-4o Image (``gpt-4o-image``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gpt-4o/generation
    """

    size: str
    """1:1, 2:3, 3:2, perhaps more; the gateway's default is 1:1."""

    n: Literal[1, 2, 3, 4]
    """1, 2, 3, 4; the gateway's default is 1. Charged in advance."""

    quality: Literal["standard", "hd"]
    """No default is documented. Only an earlier edition of the page lists this parameter."""

    mask_url: str
    """A public http(s) URL; no default is documented. A PNG of the reference's size, up to 4 MB."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage2Params(TypedDict, total=False):
    """
    Parameters of GPT Image 2 (``gpt-image-2``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gpt-image-2/generation
    """

    size: Literal[
        "1:1",
        "3:2",
        "2:3",
        "4:3",
        "3:4",
        "5:4",
        "4:5",
        "16:9",
        "9:16",
        "2:1",
        "1:2",
        "21:9",
        "9:21",
        "1024x1024",
        "1536x1024",
        "1024x1536",
    ]
    """
    No default is documented. 2K takes every ratio, 1K and 4K some; pixels are of another edition of the page.
    One edition of the page takes pixels, the other and the guide take ratios.
    """

    resolution: Literal["1K", "2K", "4K", "1024", "1536", "2048"]
    """No default is documented."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1. No greatest number is documented."""

    response_format: Literal["url"]
    """
    No default is documented. B64_json is not sent: what a finished task then returns is not documented, and
    results are fetched from URLs.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage2VipParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2 VIP (``gpt-image-2-vip``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gpt-image-2-vip/generation
    """

    size: Literal[
        "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "2:1", "1:2", "21:9", "9:21"
    ]
    """The gateway's default is 1:1. Auto is refused by the gateway."""

    resolution: Literal["1k", "2k", "4k"]
    """The gateway's default is 1k."""

    quality: Literal["low", "medium", "high"]
    """The gateway's default is medium."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1. No greatest number is documented."""

    response_format: Literal["url"]
    """
    No default is documented. B64_json is not sent: what a finished task then returns is not documented, and
    results are fetched from URLs.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage15OfficialParams(TypedDict, total=False):
    """
    Parameters of GPT Image (official channel) (``gpt-image-1.5-official``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gpt-image-2/official

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal[
        "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "2:1", "1:2", "21:9", "9:21", "auto"
    ]
    """The gateway's default is 1:1."""

    resolution: Literal["1k", "2k", "4k"]
    """The gateway's default is 1k."""

    quality: Literal["low", "medium", "high"]
    """No default is documented. High at 4k can take more than 120 s."""

    n: Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """1, 2, 3, 4, 5, 6, 7, 8, 9, 10; the gateway's default is 1."""

    mask_url: str
    """
    A public http(s) URL; no default is documented. A PNG with alpha of the first reference's size;
    transparent areas are painted anew.
    """

    output_format: Literal["png", "jpeg"]
    """No default is documented. No webp; jpeg has a compression of 0 to 100 whose field was not seen."""

    background: str
    """Auto, transparent, perhaps more; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Grok41ImageParams(TypedDict, total=False):
    """
    Parameters of Grok 4.1 Image (``grok-4-1-image``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/grok-image/generation
    """

    size: Literal["1:1", "2:3", "3:2", "16:9", "9:16"]
    """The gateway's default is 1:1."""

    n: Literal[1, 2, 4]
    """1, 2, 4; the gateway's default is 1. Charged in advance."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Grok42ImageParams(TypedDict, total=False):
    """
    Parameters of Grok 4.2 Image (``grok-4-2-image``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/grok-image/generation
    """

    size: Literal["1:1", "2:3", "3:2", "16:9", "9:16"]
    """The gateway's default is 1:1."""

    n: Literal[1, 2, 4]
    """1, 2, 4; the gateway's default is 1. Charged in advance."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GrokImagine10Params(TypedDict, total=False):
    """
    Parameters of Grok Imagine 1.0 (``grok-imagine-1.0``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/grok-imagine-1.0/generation
    """

    size: Literal["1:1", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    n: int
    """A number from 1 to 10 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedream40Params(TypedDict, total=False):
    """
    Parameters of Seedream 4.0 (``doubao-seedream-4-0``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/seedream-4.0/generation
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21", "auto"]
    """The gateway's default is 1:1. Auto needs a reference."""

    resolution: str
    """2K, perhaps more; no default is documented."""

    n: int
    """A number from 1 to 15 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedream45Params(TypedDict, total=False):
    """
    Parameters of Seedream 4.5 (``doubao-seedream-4-5``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/seedream-4.5/generation
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
    """No default is documented."""

    resolution: Literal["2K", "4K"]
    """
    The gateway's default is 2K. 2048x2048 or 2560x1440 pixels, and 4096x4096 or 5404x3040; there is no 1K.
    """

    n: int
    """A number from 1 to 15 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedream50Params(TypedDict, total=False):
    """
    Parameters of Seedream 5.0 (``doubao-seedream-5-0``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/seedream-5.0/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
    """No default is documented."""

    resolution: Literal["2K", "3K"]
    """No default is documented."""

    n: int
    """A number from 1 to 15 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class FluxKontextProParams(TypedDict, total=False):
    """
    Parameters of Flux Kontext Pro (``flux-kontext-pro``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/flux-kontext/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
    """No default is documented. Match_input_image by default with a reference, 16:9 without."""

    response_format: str
    """Png, perhaps more; no default is documented. The image's format on this model; goes into metadata."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class FluxKontextMaxParams(TypedDict, total=False):
    """
    Parameters of Flux Kontext Max (``flux-kontext-max``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/flux-kontext/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: Literal["match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
    """No default is documented. Match_input_image by default with a reference, 16:9 without."""

    response_format: str
    """Png, perhaps more; no default is documented. The image's format on this model; goes into metadata."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Sora2Params(TypedDict, total=False):
    """
    Parameters of Sora 2 (``sora-2``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/sora2/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: int
    """
    A number of at least 1 in steps of 1; no default is documented. Seconds, 10 in the page's example; the
    list of values was not seen.
    """

    aspect_ratio: str
    """A text; no default is documented. E.g. 16:9; the list of values was not seen."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Sora2ProParams(TypedDict, total=False):
    """
    Parameters of Sora 2 Pro (``sora-2-pro``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/sora2/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: int
    """
    A number of at least 1 in steps of 1; no default is documented. Seconds, 10 in the page's example; the
    list of values was not seen.
    """

    aspect_ratio: str
    """A text; no default is documented. E.g. 16:9; the list of values was not seen."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Sora2VipParams(TypedDict, total=False):
    """
    Parameters of Sora 2 VIP (``sora-2-vip``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/sora2/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: int
    """
    A number of at least 1 in steps of 1; no default is documented. Seconds, 10 in the page's example; the
    list of values was not seen.
    """

    aspect_ratio: str
    """A text; no default is documented. E.g. 16:9; the list of values was not seen."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Sora2OfficialParams(TypedDict, total=False):
    """
    Parameters of Sora 2 (official channel) (``sora-2-official``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/sora-2-official/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: Literal[4, 8, 12]
    """4, 8, 12; the gateway's default is 4. Seconds."""

    aspect_ratio: Literal["16:9", "9:16"]
    """The gateway's default is 9:16. 1280x720 or 720x1280 pixels."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31FastParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Fast (``veo3.1-fast``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/veo3/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: Literal[8]
    """8; no default is documented. Seconds, fixed."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    resolution: Literal["720p", "1080p", "4k"]
    """No default is documented."""

    generation_type: Literal["frame", "reference"]
    """No default is documented. What the reference images are: first and last frame, or examples."""

    enable_gif: bool
    """True or false; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31QualityParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Quality (``veo3.1-quality``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/veo3/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    duration: Literal[8]
    """8; no default is documented. Seconds, fixed."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    resolution: Literal["720p", "1080p", "4k"]
    """No default is documented."""

    generation_type: Literal["frame", "reference"]
    """No default is documented. What the reference images are: first and last frame, or examples."""

    enable_gif: bool
    """True or false; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31QualityOfficialParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Quality (official channel) (``Veo3.1-quality-official``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/veo3-official/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: str
    """A text; no default is documented. A ratio such as 16:9; the list of values was not seen."""

    resolution: str
    """A text; no default is documented. The list of values was not seen."""

    duration: int
    """
    A number of at least 1 in steps of 1; no default is documented. Seconds; the list of values was not seen.
    """

    generateAudio: bool
    """True or false; no default is documented. That it is true or false is taken from its name."""

    negativePrompt: str
    """A text; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31FastOfficialParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Fast (official channel) (``Veo3.1-fast-official``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/veo3-official/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    size: str
    """A text; no default is documented. A ratio such as 16:9; the list of values was not seen."""

    resolution: str
    """A text; no default is documented. The list of values was not seen."""

    duration: int
    """
    A number of at least 1 in steps of 1; no default is documented. Seconds; the list of values was not seen.
    """

    generateAudio: bool
    """True or false; no default is documented. That it is true or false is taken from its name."""

    negativePrompt: str
    """A text; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class KlingV3Params(TypedDict, total=False):
    """
    Parameters of Kling v3 (``kling-v3``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/kling-v3/generation

    The public documentation does not show them all; others are handed on with a warning.
    """

    mode: Literal["std", "pro"]
    """No default is documented. 720P or 1080P."""

    duration: Literal[5, 10, 15]
    """
    5, 10, 15; no default is documented. Seconds; 15 only without images. The name of this field is taken over
    from the other video models, not from a page.
    """

    aspect_ratio: str
    """
    A text; no default is documented. E.g. 16:9; the list of values was not seen. The name of this field is
    taken over from the other video models, not from a page.
    """

    audio: bool
    """True or false; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GeminiOmniParams(TypedDict, total=False):
    """
    Parameters of Gemini Omni (``gemini_omni``), video. Source:
    https://toapis.com/ja/model-guide/gemini-omni-flash/markdown

    The public documentation does not show them all; others are handed on with a warning.
    """

    aspect_ratio: Literal["16:9", "9:16"]
    """The gateway's default is 16:9."""

    duration: Literal[6, 10]
    """6, 10; the gateway's default is 6. Seconds."""

    resolution: Literal["720P"]
    """No default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """
