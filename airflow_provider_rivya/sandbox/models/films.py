"""From a model's parameters to the film or the sound to be made: size, playing time, format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_rivya.sandbox.models.catalog import defaults_of

SHORTER_SIDE = re.compile(r"(\d{3,4})[pP]")
RATIO = re.compile(r"(\d+):(\d+)")
NAMED_RATIOS = {"landscape": (16, 9), "portrait": (9, 16)}
NAMED_QUALITY = {"high": 1080, "pro": 1080}
RATIO_KEYS = ("aspect_ratio", "aspectRatio", "size")
SOUND_KEYS = ("generate_audio", "sound", "audio", "generateAudio")
DEFAULT_SIDE = 720
WIDE = (16, 9)
LONGEST_RATIO = 3.0

DEFAULT_FILM_SECONDS = 5.0
SHORTEST, LONGEST = 0.5, 30.0
FRAMES_OF_A_SECOND = 16
"""Assumed of ``num_frames``, whose rate is not documented."""
SMOOTHEST, COARSEST = 24, 6
DRAWN_PIXELS = 5 * 24 * 1280 * 720
"""What one film may cost: at 720p, five seconds at the smoothest rate."""

CHARACTERS_A_SECOND = 15
LONGEST_SPEECH = 10.0
MUSIC_SECONDS = 10.0
DEFAULT_TEMPO = 96.0
OUTPUT_FORMAT = re.compile(r"(mp3|pcm|opus|ulaw|alaw)_(\d+)(?:_(\d+))?")
CODECS = {"mp3": "libmp3lame", "opus": "libopus", "pcm": "pcm_s16le", "ulaw": "pcm_mulaw", "alaw": "pcm_alaw"}
HEADERLESS = {"pcm_s16le": "s16le", "pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}


@dataclass(frozen=True)
class Film:
    """
    A video to make.

    :param width: in pixels, even; ``height`` likewise.
    :param still: whether the last frame is a second result, a still image.
    """

    width: int
    height: int
    seconds: float
    frame_rate: int
    sound: bool
    still: bool

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * self.frame_rate))


@dataclass(frozen=True)
class Sound:
    """
    An audio file to make.

    :param container: the muxer's name, ``codec`` the encoder's.
    :param rate: samples a second; ``kbps`` only where the codec has bit rates.
    :param tempo: beats a minute; ``key`` such as ``F#m``, or ``Any``.
    """

    seconds: float
    codec: str
    container: str
    rate: int
    kbps: int | None
    extension: str
    mime_type: str
    tempo: float = DEFAULT_TEMPO
    key: str = "Any"


def film(
    model: Mapping[str, Any], params: Mapping[str, Any], first_reference: tuple[int, int] | None
) -> Film:
    """
    Decide size, playing time and frame rate of a video.

    A resolution such as ``720p`` is the shorter side. The real gateway's pixel sizes and frame rates, and
    the playing time of models without a duration, are not documented. Long and large films have fewer
    frames a second, so that none takes long to draw.
    """
    settings = _settings(model, params)
    side = _side(settings)
    ratio = _ratio(settings, first_reference)
    width, height = _even(side * max(1.0, ratio)), _even(side * max(1.0, 1 / ratio))
    seconds = _film_seconds(settings)
    rate = min(SMOOTHEST, max(COARSEST, int(DRAWN_PIXELS / (width * height * seconds))))
    sound = next((settings[key] in (True, "true") for key in SOUND_KEYS if key in settings), False)
    return Film(width, height, seconds, rate, sound, settings.get("return_last_frame") in (True, "true"))


def sound(
    model: Mapping[str, Any], params: Mapping[str, Any], text: str, raw: Literal["wav", "headerless"]
) -> Sound:
    """
    Decide playing time and format of an audio file.

    :param text: what is spoken; its length gives the playing time of speech.
    :param raw: how the ``pcm``, ``ulaw`` and ``alaw`` formats are packed, which is not documented.
    """
    settings = _settings(model, params)
    known = OUTPUT_FORMAT.fullmatch(str(settings.get("output_format", "")))
    name, rate, kbps = (known[1], int(known[2]), known[3]) if known else ("mp3", 44100, "128")
    codec = CODECS[name]
    container, extension, mime_type = name, name, "audio/mpeg"
    if name == "opus":
        container, extension, mime_type = "ogg", "ogg", "audio/ogg"
    elif codec in HEADERLESS and raw == "headerless":
        container, extension, mime_type = HEADERLESS[codec], name, "application/octet-stream"
    elif codec in HEADERLESS:
        container, extension, mime_type = "wav", "wav", "audio/wav"
    return Sound(
        seconds=_sound_seconds(settings, text),
        codec=codec,
        container=container,
        rate=rate,
        kbps=int(kbps) if kbps else None,
        extension=extension,
        mime_type=mime_type,
        tempo=min(max(_number(settings.get("soundTempo")) or DEFAULT_TEMPO, 40.0), 240.0),
        key=str(settings.get("soundKey", "Any")),
    )


def _settings(model: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    return defaults_of(model) | dict(params)


def _number(value: object) -> float | None:
    """Read a playing time or tempo, whether it is a number or a select's text."""
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _side(settings: Mapping[str, Any]) -> int:
    for key in ("resolution", "quality", "size", "mode"):
        value = str(settings.get(key, ""))
        if match := SHORTER_SIDE.fullmatch(value):
            return int(match[1])
        if value in NAMED_QUALITY:
            return NAMED_QUALITY[value]
    return DEFAULT_SIDE


def _ratio(settings: Mapping[str, Any], first_reference: tuple[int, int] | None) -> float:
    aspect = next((str(settings[key]) for key in RATIO_KEYS if key in settings), "")
    if match := RATIO.fullmatch(aspect):
        width, height = int(match[1]), int(match[2])
    else:
        width, height = NAMED_RATIOS.get(aspect) or first_reference or WIDE
    if not width or not height:
        width, height = WIDE
    return min(max(width / height, 1 / LONGEST_RATIO), LONGEST_RATIO)


def _film_seconds(settings: Mapping[str, Any]) -> float:
    seconds = next((_number(settings[key]) for key in ("duration", "n_frames") if key in settings), None)
    if seconds is None and (frames := _number(settings.get("num_frames"))) is not None:
        seconds = frames / FRAMES_OF_A_SECOND
    return min(max(seconds or DEFAULT_FILM_SECONDS, SHORTEST), LONGEST)


def _sound_seconds(settings: Mapping[str, Any], text: str) -> float:
    asked = _number(settings.get("duration_seconds"))
    if asked is not None:
        return min(max(asked, SHORTEST), LONGEST)
    if "stability" not in settings:  # what every speech model has, and no other
        return MUSIC_SECONDS
    pace = CHARACTERS_A_SECOND * (_number(settings.get("speed")) or 1.0)
    return round(min(max(len(text) / pace, 1.0), LONGEST_SPEECH), 2)


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)
