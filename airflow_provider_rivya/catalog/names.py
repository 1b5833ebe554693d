"""
Finds the parameter a writer meant.

The models of one gateway do not agree on names: an aspect ratio is ``aspect_ratio``, ``aspectRatio``,
``size``, ``imageSize`` or ``image_size``. ``_MEANINGS`` groups the keys that the model pages document as
the same thing (by their options and notes; a test holds it against the catalogue), followed by a few
words that people use for it elsewhere.
"""

from __future__ import annotations

import re

from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec

_MAX_KEY_LENGTH = 60
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
_FRAMING = re.compile(
    r"\d+:\d+|\d+x\d+|auto|adaptive|match_input_image|(?:square|portrait|landscape)(?:_.+)?"
)

# Of a quality that has a resolution beside it, or says nothing of pixels.
_CARE = frozenset(("low", "standard"))

_MEANINGS: dict[str, tuple[str, ...]] = {
    "aspect ratio": (
        "aspect_ratio",
        "image_size",
        "size",
        "ratio",
        "aspect",
        "dimensions",
    ),
    "resolution": ("resolution", "image_resolution", "quality", "size"),
    "rendering quality": ("quality",),
    "output format": ("output_format", "format", "image_format", "file_format"),
    "duration": ("duration", "duration_seconds", "n_frames", "seconds", "length"),
    "seed": ("seed", "seeds", "random_seed"),
    "number of images": (
        "max_images",
        "n",
        "num_images",
        "number_of_images",
        "num_outputs",
    ),
    "negative prompt": ("negative_prompt", "negative"),
    "prompt expansion": (
        "expand_prompt",
        "enable_prompt_expansion",
        "prompt_upsampling",
        "prompt_extend",
        "prompt_optimizer",
        "magic_prompt",
        "enhance_prompt",
    ),
    "rendering speed": ("rendering_speed", "speed"),
    "speaking speed": ("speed", "speaking_rate"),
    "guidance": ("cfg_scale", "guidance_scale", "cfg", "guidance"),
    "watermark": ("watermark", "add_watermark"),
    "watermark removal": ("remove_watermark",),
    "web search": ("web_search", "google_search"),
    "translation": ("enable_translation", "translate_prompt"),
    "content check": ("nsfw_checker", "enable_safety_checker", "safety_checker"),
    "content tolerance": ("safety_tolerance",),
    "sound": ("sound", "generate_audio", "with_audio"),
    "fixed camera": ("camera_fixed", "fixed_lens"),
    "loop": ("loop", "sound_loop"),
    "tempo": ("sound_tempo", "bpm", "tempo"),
    "musical key": ("sound_key",),
    "voice": ("voice", "default_voice", "voice_id"),
}

# Not parameters at all, but arguments of their own.
_REFERENCES = "reference_media"
_RESERVED = {
    "referencemediaitems": _REFERENCES,
    "referencemedia": _REFERENCES,
    "files": _REFERENCES,
    "prompt": "prompt",
    "clientrequestid": "client_request_id",
    "model": "model",
}
_KEPT = {"clientbusinessid": "the operator sets it, to find the task again when the answer is lost"}
_FILE_WORDS = frozenset(
    (
        "referenceimages",
        "imageurl",
        "imageurls",
        "images",
        "image",
        "inputimage",
        "inputimages",
        "videourl",
        "audiourl",
    )
)


def canonical(key: str) -> str:
    """Reduce a key to its letters and digits: ``aspectRatio`` and ``aspect_ratio`` become the same."""
    return _NOT_ALPHANUMERIC.sub("", key.lower())


_WORDS: dict[str, list[str]] = {}
for _meaning, _keys in _MEANINGS.items():
    for _key in _keys:
        _WORDS.setdefault(canonical(_key), []).append(_meaning)


def meaning_of(param: ParamSpec) -> str | None:
    """
    Tell what a model uses a parameter for, or ``None`` for one that only this model has.

    Some keys mean different things on different models: ``size`` (an aspect ratio on 4o-image, a quality on
    sora-2-pro), ``quality`` (a resolution on seedream-4-5, the care of rendering on gpt-image-2-vip) and
    ``speed`` (rendering on midjourney, speech on the voices). Their values tell.
    """
    meanings = _WORDS.get(canonical(param.key), [])
    if len(meanings) < 2:
        return meanings[0] if meanings else None
    if "aspect ratio" in meanings:
        framing = all(_FRAMING.fullmatch(option) for option in param.options)
        return "aspect ratio" if framing else "resolution"
    if "rendering quality" in meanings:
        return "rendering quality" if _CARE & param.option_set else "resolution"
    return "rendering speed" if param.type == "select" else "speaking speed"


def reserved(key: str, spec: ModelSpec | None) -> str | None:
    """
    Name the argument that a key stands for; ``None`` for others, and where the model has the key.

    At a gateway with dialects the files' own keys are meant too: which of them is sent is the dialect's.
    """
    if spec is not None and key in spec.param_by_key:
        return None
    word = canonical(key)
    if spec is not None and spec.dialect is not None and word in _FILE_WORDS:
        return _REFERENCES
    return _RESERVED.get(word)


def kept(key: str, spec: ModelSpec | None) -> str | None:
    """Tell why a key is the operator's own to set; ``None`` for others."""
    return _KEPT.get(canonical(key)) if spec is not None and spec.dialect is not None else None


def alias_for(key: str, value: object, spec: ModelSpec) -> str | None:
    """
    Return this model's own key for what ``key`` is called elsewhere.

    Another spelling of a key of the model (case, underscores) comes first. Where a word has several
    meanings on this model (``size``), the parameter that would take the value wins.
    """
    word = canonical(key)
    for param in spec.params:
        if word in (canonical(name) for name in (param.key, *param.also_called)):
            return param.key
    meanings = _WORDS.get(word)
    if not meanings:
        return None
    candidates = [param for meaning in meanings for param in spec.params if meaning_of(param) == meaning]
    fitting = [param for param in candidates if type(value) is str and value in param.option_set]
    return next((param.key for param in fitting + candidates), None)


def near_key(key: str, spec: ModelSpec) -> str:
    """Return the key of this model nearest in spelling, or an empty text."""
    word = canonical(key)
    if not word or len(word) > _MAX_KEY_LENGTH:
        return ""
    if word in _FILE_WORDS and "file" in spec.inputs:
        return _REFERENCES
    import difflib

    own = {canonical(param.key): param.key for param in spec.params}
    close = difflib.get_close_matches(word, own, n=1, cutoff=0.7)
    return own[close[0]] if close else ""
