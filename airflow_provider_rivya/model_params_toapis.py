"""
The parameters of every ToAPIs model as a ``TypedDict``: an IDE completes them and mypy checks a plain dict.

Written by ``make models`` from the model catalogue of 2026-09-15; not to be edited. Nothing here is needed at
run time, so a DAG file can import it for type checkers alone:

.. code-block:: python

    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from airflow_provider_rivya.model_params_toapis import Gemini31FlashImagePreviewParams

    look: "Gemini31FlashImagePreviewParams" = {"size": "16:9", "resolution": "2K", "n": 1}

The types are those of the wire: a select takes the text of one of its options, ``"true"`` and ``"5"`` too.
Ranges and steps, which types cannot tell, are checked by the operator before anything is sent.
"""

from typing import Any, Literal, Required, TypedDict


class Gemini31FlashImagePreviewParams(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 (``gemini-3.1-flash-image-preview``), image. Source:
    https://docs.toapis.com/docs/en/api-reference/images/gemini-3.1-flash/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal[
        "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "5:4", "4:5", "21:9", "1:4", "4:1", "1:8", "8:1"
    ]
    """The gateway's default is 1:1."""

    resolution: Literal["0.5K", "1K", "2K", "4K"]
    """The gateway's default is 1K."""

    google_search: bool
    """True or false; no default is documented. Off by default."""

    google_image_search: bool
    """True or false; no default is documented. Off by default; needs google_search."""

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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1."""

    orientation: Literal["landscape", "portrait"]
    """No default is documented."""

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

    The public documentation does not show them all; others are passed on with a warning.
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
    The gateway's default is 1:1. Every ratio at 1k, 2k and 4k; pixels are of an earlier edition of the page.
    """

    resolution: Literal["1k", "2k", "4k", "1024", "1536", "2048"]
    """The gateway's default is 1k."""

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

    The public documentation does not show them all; others are passed on with a warning.
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
    transparent areas are painted again.
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


class GrokImagine10EditParams(TypedDict, total=False):
    """
    Parameters of Grok Imagine 1.0 (edit) (``grok-imagine-1.0-edit``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/grok-imagine-1.0/edits
    """

    n: int
    """A number from 1 to 10 in steps of 1; no default is documented. 1 to 10 is advised."""

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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
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

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: Literal[8]
    """8; no default is documented. Seconds, fixed."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    resolution: Literal["720p", "1080p", "4k"]
    """The gateway's default is 720p."""

    generation_type: Literal["frame", "reference"]
    """
    No default is documented. What the reference images are: first and last frame, or examples; without it two
    are frames and three are examples.
    """

    enable_gif: bool
    """True or false; no default is documented. At 720p alone."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31QualityParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Quality (``veo3.1-quality``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/veo3/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: Literal[8]
    """8; no default is documented. Seconds, fixed."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    resolution: Literal["720p", "1080p", "4k"]
    """The gateway's default is 720p."""

    generation_type: Literal["frame"]
    """
    No default is documented. What the reference images are: first and last frame; examples are not taken.
    """

    enable_gif: bool
    """True or false; no default is documented. At 720p alone."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31QualityOfficialParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Quality (official channel) (``Veo3.1-quality-official``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/veo3-official/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["16:9", "9:16"]
    """The gateway's default is 16:9."""

    resolution: str
    """720p, 1080p, perhaps more; the gateway's default is 720p."""

    duration: Literal[4, 6, 8]
    """4, 6, 8; the gateway's default is 8. Seconds."""

    generateAudio: bool
    """True or false; no default is documented. Off by default."""

    negativePrompt: str
    """A text; no default is documented."""

    personGeneration: Literal["allow_adult", "dont_allow"]
    """No default is documented."""

    lastFrame: str
    """A text; no default is documented. The URL of a picture; needs a first frame."""

    referenceImages: Any
    """JSON values; no default is documented. At most 3 URLs; ignored beside a first frame."""

    compressionQuality: Literal["optimized", "lossless"]
    """The gateway's default is optimized."""

    resizeMode: Literal["pad", "crop"]
    """No default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31FastOfficialParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Fast (official channel) (``Veo3.1-fast-official``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/veo3-official/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["16:9", "9:16"]
    """The gateway's default is 16:9."""

    resolution: str
    """720p, 1080p, perhaps more; the gateway's default is 720p."""

    duration: Literal[4, 6, 8]
    """4, 6, 8; the gateway's default is 8. Seconds."""

    generateAudio: bool
    """True or false; no default is documented. Off by default."""

    negativePrompt: str
    """A text; no default is documented."""

    personGeneration: Literal["allow_adult", "dont_allow"]
    """No default is documented."""

    lastFrame: str
    """A text; no default is documented. The URL of a picture; needs a first frame."""

    referenceImages: Any
    """JSON values; no default is documented. At most 3 URLs; ignored beside a first frame."""

    compressionQuality: Literal["optimized", "lossless"]
    """The gateway's default is optimized."""

    resizeMode: Literal["pad", "crop"]
    """No default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class KlingV3Params(TypedDict, total=False):
    """
    Parameters of Kling v3 (``kling-v3``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/kling-v3/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    mode: Literal["std", "pro"]
    """The gateway's default is std. 720P or 1080P."""

    duration: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    """
    3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15; the gateway's default is 5. Seconds; 15 only without images.
    """

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    audio: bool
    """True or false; no default is documented. Off by default."""

    negative_prompt: str
    """A text; no default is documented."""

    last_frame_image: str
    """A text; no default is documented. URL of the last frame."""

    watermark: bool
    """True or false; no default is documented."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Frames as public URLs, a list of object {url, role}; roles
    first_frame, last_frame. Only a reading of the newer edition of the page has it.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GeminiOmniParams(TypedDict, total=False):
    """
    Parameters of Gemini Omni (``gemini_omni``), video. Source:
    https://toapis.com/ja/model-guide/gemini-omni-flash/markdown

    The public documentation does not show them all; others are passed on with a warning.
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


class GptImage2OfficialParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2 (official channel) (``gpt-image-2-official``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2/official
    """

    size: str
    """
    1:1, 3:2, 2:3, 4:3, 3:4, 5:4, 4:5, 16:9, 9:16, 2:1, 1:2, 21:9, 9:21, auto, perhaps more; the gateway's
    default is 1:1.
    """

    resolution: Literal["1k", "2k", "4k"]
    """The gateway's default is 1k. Bases 1024, 2048 and 3840; every preset ratio is listed for all three."""

    quality: Literal["low", "medium", "high"]
    """The gateway's default is high. 4k with high can take more than 120 s."""

    background: Literal["auto", "transparent", "opaque"]
    """The gateway's default is auto. Transparent is advised with png."""

    output_format: Literal["png", "jpeg"]
    """The gateway's default is png. Webp is not taken."""

    output_compression: int
    """
    A number from 0 to 100 in steps of 1; the gateway's default is 100. Jpeg only; the page describes 0 as no
    compression and 100 as the strongest.
    """

    n: int
    """A number from 1 to 10 in steps of 1; the gateway's default is 1."""

    mask_url: str
    """
    A public http(s) URL; no default is documented. Alpha channel, transparent = to be repainted; the first
    reference's size.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25FlareVipParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Flare VIP (``gpt-image-2.5-flare-vip``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5-vip/generation
    """

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """The gateway's default is high. Small letters."""

    size: str
    """
    A text; the gateway's default is 1024x1024. WxH in pixels, e.g. 1024x1024, 1536x1024, 1024x1536,
    1280x1024; further sizes are taken as the upstream allows; ratios are not meant here.
    """

    background: Literal["transparent"]
    """No default is documented. Left out for a normal picture."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25FlareOfficialParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Flare (official channel) (``gpt-image-2.5-flare-official``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5-official/generation
    """

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """The gateway's default is high."""

    size: str
    """
    A text; the gateway's default is 1024x1024. WxH in pixels, e.g. 1024x1024, 1536x1024, 1024x1536,
    1280x1024; further sizes are taken as the upstream allows; ratios are not meant here.
    """

    background: Literal["transparent"]
    """No default is documented. Left out: the upstream's own; png keeps the alpha channel."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25FlareParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Flare (``gpt-image-2.5-flare``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "3:2", "2:3", "3:4", "4:3", "5:4", "4:5", "16:9", "9:16", "21:9"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    background: str
    """Transparent, perhaps more; no default is documented."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25SunburstVipParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Sunburst VIP (``gpt-image-2.5-sunburst-vip``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5-vip/generation
    """

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """The gateway's default is high. Small letters."""

    size: str
    """
    A text; the gateway's default is 1024x1024. WxH in pixels, e.g. 1024x1024, 1536x1024, 1024x1536,
    1280x1024; further sizes are taken as the upstream allows; ratios are not meant here.
    """

    background: Literal["transparent"]
    """No default is documented. Left out for a normal picture."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25SunburstOfficialParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Sunburst (official channel) (``gpt-image-2.5-sunburst-official``), image.
    Source: https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5-official/generation
    """

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """The gateway's default is high."""

    size: str
    """
    A text; the gateway's default is 1024x1024. WxH in pixels, e.g. 1024x1024, 1536x1024, 1024x1536,
    1280x1024; further sizes are taken as the upstream allows; ratios are not meant here.
    """

    background: Literal["transparent"]
    """No default is documented. Left out: the upstream's own; png keeps the alpha channel."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GptImage25SunburstParams(TypedDict, total=False):
    """
    Parameters of GPT Image 2.5 Sunburst (``gpt-image-2.5-sunburst``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gpt-image-2.5/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "3:2", "2:3", "3:4", "4:3", "5:4", "4:5", "16:9", "9:16", "21:9"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    background: str
    """Transparent, perhaps more; no default is documented."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini3ProImageOfficialParams(TypedDict, total=False):
    """
    Parameters of Nano Banana Pro (official channel) (``gemini-3-pro-image-official``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gemini-3-pro-image-official/generation
    """

    size: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """The gateway's default is 1K."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    temperature: float
    """A number from 0.0 to 2.0; no default is documented."""

    topP: float
    """A number from 0.0 to 1.0; the gateway's default is 0.95."""

    maxOutputTokens: int
    """A number in steps of 1; the gateway's default is 32768."""

    personGeneration: Literal["ALLOW_ALL", "ALLOW_ADULT", "ALLOW_NONE"]
    """No default is documented."""

    imageOutputOptions: Any
    """
    JSON values; no default is documented. Object: mimeType (image/png, image/jpeg, image/webp),
    compressionQuality (integer, JPEG only).
    """

    thinkingConfig: Any
    """
    JSON values; no default is documented. Object: thinkingBudget (0 to 24576), thinkingLevel (LOW, MEDIUM,
    HIGH, MINIMAL).
    """

    safetySettings: Any
    """
    JSON values; no default is documented. Array of {category, threshold}; categories
    HARM_CATEGORY_HATE_SPEECH, _DANGEROUS_CONTENT, _SEXUALLY_EXPLICIT, _HARASSMENT; thresholds OFF,
    BLOCK_LOW_AND_ABOVE, BLOCK_MEDIUM_AND_ABOVE, BLOCK_ONLY_HIGH.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini3ProImagePreviewVipParams(TypedDict, total=False):
    """
    Parameters of Nano Banana Pro VIP (``gemini-3-pro-image-preview-vip``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gemini-3-pro-image-vip/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini31FlashImageOfficialParams(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 (official channel) (``gemini-3.1-flash-image-official``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/gemini-3.1-flash-official/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "4:1", "8:1"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Gemini31FlashImagePreviewVipParams(TypedDict, total=False):
    """
    Parameters of Nano Banana 2 VIP (``gemini-3.1-flash-image-preview-vip``), image. Source:
    https://docs.toapis.com/llms.txt

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    """No default is documented."""

    resolution: Literal["1K", "2K", "4K"]
    """No default is documented."""

    n: Literal[1]
    """1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class QwenImage30Params(TypedDict, total=False):
    """
    Parameters of Qwen Image 3.0 (``qwen-image-3.0``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/qwen-image-3.0/generation
    """

    size: str
    """
    1:1, 4:3, 3:4, 16:9, 9:16, 3:2, 2:3, perhaps more; no default is documented. Left out: the model chooses.
    """

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K. Counts only with a ratio; metadata.resolution is taken too."""

    n: Literal[1]
    """1; the gateway's default is 1. 2 or more: HTTP 400 invalid_request."""

    prompt_extend: bool
    """True or false; no default is documented. On by default."""

    prompt_extend_mode: Literal["direct", "agent"]
    """No default is documented. Agent is for text-to-image; with image_urls it becomes direct."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: int
    """A number in steps of 1; no default is documented."""

    watermark: bool
    """True or false; no default is documented. Off by default."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class QwenImage30ProParams(TypedDict, total=False):
    """
    Parameters of Qwen Image 3.0 Pro (``qwen-image-3.0-pro``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/qwen-image-3.0/generation
    """

    size: str
    """
    1:1, 4:3, 3:4, 16:9, 9:16, 3:2, 2:3, perhaps more; no default is documented. Left out: the model chooses.
    """

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K. Counts only with a ratio; metadata.resolution is taken too."""

    n: Literal[1]
    """1; the gateway's default is 1. 2 or more: HTTP 400 invalid_request."""

    prompt_extend: bool
    """True or false; no default is documented. On by default."""

    prompt_extend_mode: Literal["direct", "agent"]
    """No default is documented. Agent is for text-to-image; with image_urls it becomes direct."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: int
    """A number in steps of 1; no default is documented."""

    watermark: bool
    """True or false; no default is documented. Off by default."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedream50ProParams(TypedDict, total=False):
    """
    Parameters of Seedream 5.0 Pro (``doubao-seedream-5-0-pro``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/seedream-5.0-pro/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
    """No default is documented."""

    resolution: Literal["1K", "2K"]
    """No default is documented."""

    n: int
    """A number of at least 1 in steps of 1; the gateway's default is 1."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Flux2FlexParams(TypedDict, total=False):
    """
    Parameters of FLUX.2 flex (``flux-2-flex``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/flux-2/generation
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K. 2K costs more."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Flux2ProParams(TypedDict, total=False):
    """
    Parameters of FLUX.2 pro (``flux-2-pro``), image. Source:
    https://docs.toapis.com/docs/cn/api-reference/images/flux-2/generation
    """

    size: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]
    """The gateway's default is 1:1."""

    resolution: Literal["1K", "2K"]
    """The gateway's default is 1K. 2K costs more."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Sora2VvipParams(TypedDict, total=False):
    """
    Parameters of Sora 2 VVIP (``sora-2-vvip``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/sora2/generation
    """

    duration: Literal[4, 8, 12]
    """4, 8, 12; no default is documented. Seconds."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    thumbnail: bool
    """True or false; no default is documented. A preview picture."""

    n: int
    """A number from 1 to 4 in steps of 1; the gateway's default is 1. Variants, in metadata."""

    watermark: bool
    """True or false; no default is documented. Off by default."""

    private: bool
    """True or false; no default is documented. True: not published and not to be remixed; off by default."""

    style: Literal["thanksgiving", "comic", "news", "selfie", "nostalgic", "anime"]
    """No default is documented."""

    storyboard: bool
    """True or false; no default is documented."""

    character_url: str
    """A public http(s) URL; no default is documented. A video URL; one second shorter result."""

    character_timestamps: str
    """A text; no default is documented. "start,end" of a 2-second part; one second shorter result."""

    character_create: bool
    """True or false; no default is documented. Off by default."""

    character_from_task: str
    """A text; no default is documented. An earlier task's id."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Veo31LiteParams(TypedDict, total=False):
    """
    Parameters of Veo 3.1 Lite (``veo3.1-lite``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/veo3/generation
    """

    duration: Literal[8]
    """8; no default is documented. Seconds, fixed."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    generation_type: Literal["frame", "reference"]
    """No default is documented. Left out: 2 images mean frames, 3 mean reference."""

    resolution: Literal["720p", "1080p", "4k"]
    """The gateway's default is 720p."""

    enable_gif: bool
    """True or false; no default is documented. Off by default."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GeminiOmniFlashParams(TypedDict, total=False):
    """
    Parameters of Gemini Omni Flash (``gemini-omni-flash``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/gemini-omni-flash/generation
    """

    duration: Literal[4, 6, 10]
    """4, 6, 10; the gateway's default is 6. Seconds."""

    aspect_ratio: Literal["16:9", "9:16"]
    """The gateway's default is 16:9."""

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 720p. 1080p is landscape only."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GeminiOmniFlashPreviewOfficialParams(TypedDict, total=False):
    """
    Parameters of Gemini Omni Flash Preview (official channel) (``gemini-omni-flash-preview-official``),
    video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/gemini-omni-flash-preview-official/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: int
    """A number from 1 to 10 in steps of 1; no default is documented. Seconds."""

    aspect_ratio: Literal["16:9", "9:16"]
    """No default is documented."""

    resolution: Literal["720p"]
    """No default is documented."""

    operation: str
    """Generate, edit, perhaps more; no default is documented."""

    video_list: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {video_url}; at most 3.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Seedance2Params(TypedDict, total=False):
    """
    Parameters of Seedance 2 (``seedance-2``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/seedance-2/generation
    """

    duration: Literal[-1, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    """
    -1, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15; the gateway's default is 0. Seconds; 0 and -1 are
    automatic.
    """

    private_asset_review: bool
    """
    True or false; no default is documented. Reviews the media first; refuses asset:// with HTTP 400; off by
    default.
    """

    aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive"]
    """No default is documented. Adaptive: from the input."""

    resolution: Literal["480p", "720p", "1080p", "4k"]
    """The gateway's default is 720p."""

    generate_audio: bool
    """True or false; no default is documented. On by default."""

    return_last_frame: bool
    """True or false; no default is documented. The result has last_frame_url then; off by default."""

    tools: Any
    """
    JSON values; no default is documented. [{"type": "web_search"}], text-to-video alone; the count is in
    usage.tool_usage.web_search.
    """

    seed: int
    """A number in steps of 1; no default is documented."""

    callback_url: str
    """A public http(s) URL; no default is documented. See the page on webhooks."""

    trace_id: str
    """A text; no default is documented."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 9;
    roles first_frame (at most 1), last_frame (at most 1), reference_image (at most 9).
    """

    video_with_roles: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {url, role}; roles
    reference_video.
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; roles
    reference_audio; not alone: an image or a video beside it.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Seedance2FastParams(TypedDict, total=False):
    """
    Parameters of Seedance 2 Fast (``seedance-2-fast``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/seedance-2/generation
    """

    duration: Literal[-1, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    """
    -1, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15; the gateway's default is 0. Seconds; 0 and -1 are
    automatic.
    """

    private_asset_review: bool
    """
    True or false; no default is documented. Reviews the media first; refuses asset:// with HTTP 400; off by
    default.
    """

    aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive"]
    """No default is documented. Adaptive: from the input."""

    resolution: Literal["480p", "720p"]
    """The gateway's default is 720p."""

    generate_audio: bool
    """True or false; no default is documented. On by default."""

    return_last_frame: bool
    """True or false; no default is documented. The result has last_frame_url then; off by default."""

    tools: Any
    """
    JSON values; no default is documented. [{"type": "web_search"}], text-to-video alone; the count is in
    usage.tool_usage.web_search.
    """

    seed: int
    """A number in steps of 1; no default is documented."""

    callback_url: str
    """A public http(s) URL; no default is documented. See the page on webhooks."""

    trace_id: str
    """A text; no default is documented."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 9;
    roles first_frame (at most 1), last_frame (at most 1), reference_image (at most 9).
    """

    video_with_roles: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {url, role}; roles
    reference_video.
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; roles
    reference_audio; not alone: an image or a video beside it.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Seedance2MiniParams(TypedDict, total=False):
    """
    Parameters of Seedance 2 Mini (``seedance-2-mini``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/seedance-2/generation
    """

    duration: int
    """
    A number from 4 to 15 in steps of 1; no default is documented. Seconds; the page's default 0 (automatic)
    is for the other two.
    """

    private_asset_review: bool
    """
    True or false; no default is documented. Reviews the media first; refuses asset:// with HTTP 400; off by
    default.
    """

    aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive"]
    """No default is documented. Adaptive: from the input."""

    resolution: Literal["480p", "720p"]
    """The gateway's default is 720p."""

    generate_audio: bool
    """True or false; no default is documented. On by default."""

    return_last_frame: bool
    """True or false; no default is documented. The result has last_frame_url then; off by default."""

    tools: Any
    """
    JSON values; no default is documented. [{"type": "web_search"}], text-to-video alone; the count is in
    usage.tool_usage.web_search.
    """

    seed: int
    """A number in steps of 1; no default is documented."""

    callback_url: str
    """A public http(s) URL; no default is documented. See the page on webhooks."""

    trace_id: str
    """A text; no default is documented."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 9;
    roles first_frame (at most 1), last_frame (at most 1), reference_image (at most 9).
    """

    video_with_roles: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {url, role}; at most 3;
    roles reference_video (at most 3).
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; at most 3;
    roles reference_audio (at most 3); not alone: an image or a video beside it.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Seedance25Params(TypedDict, total=False):
    """
    Parameters of Seedance 2.5 (``seedance-2-5``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/seedance-2-5/generation
    """

    video_operation: Literal["generate", "edit", "extend"]
    """The gateway's default is generate."""

    duration: Literal[
        -1,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        23,
        24,
        25,
        26,
        27,
        28,
        29,
        30,
    ]
    """
    -1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30;
    no default is documented. Seconds; -1 is automatic; edit takes -1 alone; extend counts the whole length.
    """

    private_asset_review: bool
    """True or false; no default is documented. Off by default."""

    aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive"]
    """No default is documented."""

    resolution: Literal["480p", "720p", "1080p"]
    """No default is documented."""

    output_format: Literal["mp4", "mov"]
    """The gateway's default is mp4."""

    generate_audio: bool
    """True or false; no default is documented. On by default."""

    return_last_frame: bool
    """True or false; no default is documented. Off by default."""

    tools: Any
    """JSON values; no default is documented. [{"type": "web_search"}], text-to-video alone."""

    callback_url: str
    """A public http(s) URL; no default is documented."""

    trace_id: str
    """A text; no default is documented."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 30;
    roles first_frame (at most 1), last_frame (at most 1), reference_image (at most 30).
    """

    video_with_roles: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {url, role}; at most 10;
    roles reference_video (at most 10).
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; at most 10;
    roles reference_audio (at most 10); audio alone is taken.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedance10ProFastParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.0 Pro Fast (``doubao-seedance-1-0-pro-fast``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/doubao-seedance/generation
    """

    duration: int
    """A number from 2 to 12 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
    """The gateway's default is 16:9."""

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    seed: int
    """A number from -1 to 4294967295 in steps of 1; no default is documented."""

    private_asset_review: bool
    """True or false; no default is documented. Off by default."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; roles
    first_frame (at most 1), reference (at most 1).
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedance10ProQualityParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.0 Pro Quality (``doubao-seedance-1-0-pro-quality``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/doubao-seedance/generation
    """

    duration: int
    """A number from 2 to 12 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
    """The gateway's default is 16:9."""

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    seed: int
    """A number from -1 to 4294967295 in steps of 1; no default is documented."""

    private_asset_review: bool
    """True or false; no default is documented. Off by default."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; roles
    first_frame (at most 1), last_frame (at most 1), reference (at most 1).
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class DoubaoSeedance15ProParams(TypedDict, total=False):
    """
    Parameters of Seedance 1.5 Pro (``doubao-seedance-1-5-pro``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/doubao-seedance-1-5/generation
    """

    duration: int
    """A number from 4 to 12 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
    """The gateway's default is 16:9."""

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 720p."""

    seed: int
    """A number from -1 to 4294967295 in steps of 1; no default is documented."""

    audio: bool
    """True or false; no default is documented. Off by default."""

    camerafixed: bool
    """True or false; no default is documented. Off by default."""

    private_asset_review: bool
    """True or false; no default is documented. Off by default."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 2;
    roles first_frame (at most 1), last_frame (at most 1).
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Happyhorse11Params(TypedDict, total=False):
    """
    Parameters of HappyHorse 1.1 (``happyhorse-1.1``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/happyhorse/generation
    """

    action: Literal["text-to-video", "image-to-video", "reference-to-video", "video-edit"]
    """The gateway's default is text-to-video. Left out: a first frame means image-to-video."""

    url: str
    """A text; no default is documented. The video to edit; required for video-edit."""

    audio_setting: Literal["auto", "origin"]
    """The gateway's default is auto. Video-edit alone."""

    duration: int
    """A number from 3 to 15 in steps of 1; the gateway's default is 5. Seconds."""

    resolution: Literal["720P", "1080P"]
    """The gateway's default is 1080P."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
    """The gateway's default is 16:9. With a first frame the frame decides."""

    seed: int
    """A number in steps of 1; no default is documented."""

    watermark: bool
    """True or false; no default is documented. ON unless it is switched off; on by default."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class MiniMaxHailuo02Params(TypedDict, total=False):
    """
    Parameters of MiniMax Hailuo 02 (``MiniMax-Hailuo-02``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/minimax-hailuo/generation
    """

    duration: Literal[6, 10]
    """6, 10; the gateway's default is 6. Seconds."""

    resolution: Literal["512P", "768P", "1080P"]
    """The gateway's default is 768P."""

    last_frame_image: str
    """A text; no default is documented. URL of the last frame."""

    prompt_optimizer: bool
    """True or false; no default is documented. On by default."""

    fast_pretreatment: bool
    """True or false; no default is documented. Off by default."""

    aigc_watermark: bool
    """True or false; no default is documented. Off by default."""

    callback_url: str
    """A public http(s) URL; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class MiniMaxHailuo23Params(TypedDict, total=False):
    """
    Parameters of MiniMax Hailuo 2.3 (``MiniMax-Hailuo-2.3``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/minimax-hailuo-2.3/generation
    """

    duration: Literal[6, 10]
    """6, 10; the gateway's default is 6. Seconds."""

    resolution: Literal["768P", "1080P"]
    """The gateway's default is 768P."""

    prompt_optimizer: bool
    """True or false; no default is documented. On by default."""

    fast_pretreatment: bool
    """True or false; no default is documented. Off by default."""

    aigc_watermark: bool
    """True or false; no default is documented. Off by default."""

    callback_url: str
    """A public http(s) URL; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class MiniMaxHailuo23FastParams(TypedDict, total=False):
    """
    Parameters of MiniMax Hailuo 2.3 Fast (``MiniMax-Hailuo-2.3-Fast``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/minimax-hailuo-2.3/generation
    """

    duration: Literal[6, 10]
    """6, 10; the gateway's default is 6. Seconds."""

    resolution: Literal["768P", "1080P"]
    """The gateway's default is 768P."""

    prompt_optimizer: bool
    """True or false; no default is documented. On by default."""

    fast_pretreatment: bool
    """True or false; no default is documented. Off by default."""

    aigc_watermark: bool
    """True or false; no default is documented. Off by default."""

    callback_url: str
    """A public http(s) URL; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class MiniMaxH3Params(TypedDict, total=False):
    """
    Parameters of MiniMax Hailuo H3 (``MiniMax-H3``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/minimax-h3/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "adaptive"]
    """No default is documented."""

    resolution: Literal["2K", "768P"]
    """No default is documented."""

    duration: int
    """A number in steps of 1; no default is documented. Seconds; the range was not seen."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 9;
    roles first_frame (at most 1), last_frame (at most 1), reference_image (at most 9).
    """

    video_with_roles: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {url, role}; at most 3.
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; at most 3; not
    alone.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Wan30VideoParams(TypedDict, total=False):
    """
    Parameters of Wan 3.0 (``wan3.0-video``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/wan3.0/generation
    """

    duration: int
    """A number from 2 to 30 in steps of 1; the gateway's default is 5. Seconds."""

    ratio: Literal["adaptive", "16:9", "9:16", "1:1", "4:3", "3:4"]
    """The gateway's default is adaptive."""

    resolution: Literal["480p", "720p", "1080p"]
    """The gateway's default is 1080p."""

    audio: bool
    """True or false; no default is documented. On by default."""

    watermark: bool
    """True or false; no default is documented. Off by default."""

    seed: int
    """A number in steps of 1; no default is documented."""

    media: Any
    """JSON values; no default is documented. In metadata: one {type: file, url} or one {type: link, url}."""

    image_with_roles: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {url, role}; at most 2;
    roles first_frame (at most 1), last_frame (at most 1).
    """

    video_list: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {video_url}; at most 5; 15
    s in all.
    """

    audio_with_roles: Any
    """
    JSON values; no default is documented. Audios as public URLs, a list of object {url, role}; at most 5;
    roles reference_audio (at most 5); 15 s in all.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Wan26Params(TypedDict, total=False):
    """
    Parameters of Wan 2.6 (``wan2.6``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/wan2.6/generation
    """

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
    """The gateway's default is 16:9. Not with an image."""

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 1080p."""

    duration: Literal[5, 10, 15]
    """5, 10, 15; the gateway's default is 5. Seconds."""

    negative_prompt: str
    """A text; no default is documented."""

    seed: int
    """A number in steps of 1; no default is documented."""

    prompt_extend: bool
    """True or false; no default is documented. On by default."""

    audio: bool
    """True or false; no default is documented. On by itself."""

    shot_type: Literal["single", "multi"]
    """No default is documented. Text and reference video."""

    watermark: bool
    """True or false; no default is documented."""

    reference_urls: Any
    """JSON values; no default is documented. Array of video URLs, in metadata."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Wan26FlashParams(TypedDict, total=False):
    """
    Parameters of Wan 2.6 Flash (``wan2.6-flash``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/wan2.6-flash/generation
    """

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 1080p."""

    duration: Literal[5, 10, 15]
    """5, 10, 15; the gateway's default is 5. Seconds."""

    audio: bool
    """True or false; no default is documented. Changes the price; on by default."""

    watermark: bool
    """True or false; no default is documented."""

    reference_urls: Any
    """JSON values; no default is documented. Array of video URLs, in metadata."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class KlingV26Params(TypedDict, total=False):
    """
    Parameters of Kling 2.6 (``kling-v2-6``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/kling-2-6/generation
    """

    mode: Literal["std", "pro"]
    """The gateway's default is std. 720P or 1080P; std is silent."""

    duration: Literal[5, 10]
    """5, 10; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    negative_prompt: str
    """A text; no default is documented."""

    audio: bool
    """True or false; no default is documented. Pro alone; off by default."""

    watermark: bool
    """True or false; no default is documented. The name of the field is taken from the siblings."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Kling30TurboParams(TypedDict, total=False):
    """
    Parameters of Kling 3.0 Turbo (``kling-3.0-turbo``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/kling-3.0-turbo/generation
    """

    resolution: Literal["720p", "1080p"]
    """The gateway's default is 720p."""

    duration: int
    """A number from 3 to 15 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9. Text-to-video alone."""

    watermark: bool
    """True or false; no default is documented. Off by default."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class KlingV3OmniParams(TypedDict, total=False):
    """
    Parameters of Kling v3 Omni (``kling-v3-omni``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/kling-v3-omni/generation
    """

    mode: Literal["std", "pro"]
    """The gateway's default is std. 720P or 1080P."""

    duration: int
    """A number from 3 to 15 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: str
    """16:9, 9:16, 1:1, perhaps more; the gateway's default is 16:9."""

    audio: bool
    """True or false; no default is documented. Off by default."""

    watermark: bool
    """True or false; no default is documented."""

    image_list: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {image_url, type}; type
    first_frame or end_frame; end_frame needs first_frame.
    """

    element_list: Any
    """
    JSON values; no default is documented. Image or videos as public URLs, a list of object {url, type, role}.
    """

    video_list: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {video_url, refer_type,
    keep_original_sound}; at most 1; refer_type: base, feature; keep_original_sound: yes, no.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class KlingVideoO1Params(TypedDict, total=False):
    """
    Parameters of Kling Video O1 (``kling-video-o1``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/kling-video-o1/generation
    """

    mode: Literal["std", "pro"]
    """The gateway's default is std. 720P or 1080P."""

    duration: int
    """A number from 3 to 10 in steps of 1; the gateway's default is 5. Seconds."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    """The gateway's default is 16:9."""

    watermark: bool
    """True or false; no default is documented."""

    image_list: Any
    """
    JSON values; no default is documented. Images as public URLs, a list of object {image_url, type}; type
    first_frame or end_frame; end_frame needs first_frame.
    """

    element_list: Any
    """
    JSON values; no default is documented. Image or videos as public URLs, a list of object {url, type, role}.
    """

    video_list: Any
    """
    JSON values; no default is documented. Videos as public URLs, a list of object {video_url, refer_type,
    keep_original_sound}; at most 1; refer_type: base, feature; keep_original_sound: yes, no.
    """

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Viduq3ProParams(TypedDict, total=False):
    """
    Parameters of Vidu Q3 Pro (``viduq3-pro``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/viduq3-pro/generation
    """

    duration: int
    """A number from 1 to 16 in steps of 1; the gateway's default is 5. Seconds."""

    resolution: Literal["540p", "720p", "1080p"]
    """The gateway's default is 720p."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
    """No default is documented. Text-to-video alone."""

    audio: bool
    """True or false; no default is documented. On by default."""

    seed: int
    """A number in steps of 1; no default is documented. A later reading puts it into metadata."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Viduq3TurboParams(TypedDict, total=False):
    """
    Parameters of Vidu Q3 Turbo (``viduq3-turbo``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/viduq3/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: int
    """A number from 1 to 16 in steps of 1; no default is documented. Seconds."""

    resolution: Literal["540p", "720p", "1080p"]
    """No default is documented."""

    aspect_ratio: str
    """A text; no default is documented. Text-to-video."""

    audio: bool
    """True or false; no default is documented."""

    generation_type: str
    """A text; no default is documented. In metadata; values not seen."""

    seed: int
    """A number in steps of 1; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class Viduq3Params(TypedDict, total=False):
    """
    Parameters of Vidu Q3 (``viduq3``), video. Source:
    https://docs.toapis.com/docs/en/api-reference/videos/viduq3/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: int
    """A number from 3 to 16 in steps of 1; no default is documented. Seconds."""

    resolution: Literal["540p", "720p", "1080p"]
    """No default is documented."""

    aspect_ratio: str
    """A text; no default is documented. Text-to-video."""

    generation_type: str
    """A text; no default is documented. In metadata; values not seen."""

    seed: int
    """A number in steps of 1; no default is documented."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GrokVideo10Params(TypedDict, total=False):
    """
    Parameters of Grok Video 1.0 (``grok-video-1.0``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/grok-video/generation
    """

    duration: int
    """A number from 1 to 15 in steps of 1; the gateway's default is 8. Seconds."""

    resolution: Literal["480p", "720p"]
    """The gateway's default is 720p."""

    aspect_ratio: Literal["16:9", "9:16", "3:2", "2:3", "1:1"]
    """No default is documented."""

    image: str
    """A text; no default is documented. URL of the main picture."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """


class GrokVideo15Params(TypedDict, total=False):
    """
    Parameters of Grok Video 1.5 (``grok-video-1.5``), video. Source:
    https://docs.toapis.com/docs/cn/api-reference/videos/grok-video-1.5/generation

    The public documentation does not show them all; others are passed on with a warning.
    """

    duration: int
    """A number from 1 to 15 in steps of 1; no default is documented. Seconds."""

    resolution: Literal["480p", "720p"]
    """No default is documented."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "3:2", "2:3"]
    """No default is documented."""

    image: Required[str]
    """A text; required. URL of the one picture."""

    metadata: dict[str, Any]
    """
    A mapping of JSON values; no default is documented. Further options of the model; what the gateway reads
    there is not documented in full.
    """
