"""From a task to its result files: their names and types, and the bytes of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from airflow_provider_rivya.sandbox.drawing.encoding import (
    FILM_SOUND_RATE,
    can_play,
    film_file,
    first_picture,
    sound_file,
)
from airflow_provider_rivya.sandbox.drawing.film import Scene
from airflow_provider_rivya.sandbox.drawing.photographs import opened, size_of
from airflow_provider_rivya.sandbox.drawing.picture import draw, seed_of
from airflow_provider_rivya.sandbox.drawing.sound import tune
from airflow_provider_rivya.sandbox.models.catalog import defaults_of
from airflow_provider_rivya.sandbox.models.films import DEFAULT_TEMPO, Film, Sound, film, sound
from airflow_provider_rivya.sandbox.models.pictures import EXTENSION, MIME_TYPE, Frame, frame
from airflow_provider_rivya.sandbox.state.store import Reference, StoredFile, Task

if TYPE_CHECKING:
    from PIL import Image

FIRST_AND_LAST = "FIRST_AND_LAST_FRAMES_2_VIDEO"
FRAMES_OF_A_RUN = 2
RawAudio = Literal["wav", "headerless"]


@dataclass(frozen=True)
class ResultFile:
    """One result: the last part of its URL and its Content-Type."""

    name: str
    mime_type: str


def files_of(task: Task, raw_audio: str) -> list[ResultFile]:
    """
    Return a task's results in the order in which they are made.

    :param raw_audio: the switch of that name.
    """
    category = task.model["category"]
    if category == "video":
        still = [ResultFile("1.png", "image/png")] if film_of(task).still else []
        return [ResultFile("0.mp4", "video/mp4"), *still]
    if category == "audio":
        heard = sound_of(task, raw_audio)
        return [ResultFile(f"0.{heard.extension}", heard.mime_type)]
    picture = frame_of(task)
    extension, mime_type = EXTENSION[picture.format], MIME_TYPE[picture.format]
    return [ResultFile(f"{index}.{extension}", mime_type) for index in range(picture.count)]


def make(task: Task, index: int, raw_audio: str) -> bytes:
    """Return the bytes of one result; the same task always gives the same ones."""
    category = task.model["category"]
    if category == "video":
        return _film(task) if index == 0 else _last_frame(task)
    if category == "audio":
        heard = sound_of(task, raw_audio)
        seed = seed_of(0, task.prompt)
        return sound_file(heard, tune(seed, heard.seconds, heard.rate, heard.tempo, heard.key))
    photos = tuple(reference.file.content if reference.file else b"" for reference in task.references)
    return draw(frame_of(task), index, task.prompt, _caption(task), photos)


def frame_of(task: Task) -> Frame:
    """Return format, size and number of an image task's pictures."""
    planned = frame(task.model, task.params, _first_size(task.references))
    if task.picture_format is not None:
        planned = replace(planned, format=task.picture_format)
    if task.pixels is not None:
        planned = replace(planned, width=task.pixels[0], height=task.pixels[1])
    return planned


def film_of(task: Task) -> Film:
    """Return what a video task's film is like."""
    return film(task.model, task.params, _first_size(task.references))


def sound_of(task: Task, raw_audio: str) -> Sound:
    """Return what an audio task's sound is like."""
    return sound(task.model, task.params, task.prompt, "wav" if raw_audio == "wav" else "headerless")


def pixels_of(content: bytes, kind: str) -> tuple[int, int] | None:
    """Return width and height of an uploaded picture or video, where they can be read."""
    if kind == "image":
        return size_of(content)
    if kind == "video" and can_play() and (picture := first_picture(content)) is not None:
        return picture.size
    return None


def _first_size(references: Sequence[Reference]) -> tuple[int, int] | None:
    files = (reference.file for reference in references if reference.kind != "audio")
    return next((file.pixels for file in files if file), None)


def _caption(task: Task) -> str:
    return f"{task.model['name']}  ·  {task.id}"


def _film(task: Task) -> bytes:
    planned = film_of(task)
    samples = None
    if planned.sound:
        samples = tune(seed_of(0, task.prompt), planned.seconds, FILM_SOUND_RATE, DEFAULT_TEMPO, "Any")
    return film_file(planned, _scene(task, planned).frames(), samples)


def _last_frame(task: Task) -> bytes:
    out = io.BytesIO()
    _scene(task, film_of(task)).frame(1.0).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _scene(task: Task, planned: Film) -> Scene:
    """
    Give each reference its part.

    Where a run takes one or two pictures the film begins with the first and ends with the second, and a
    video to be edited is what the film begins with; further pictures are shown as photographs.
    """
    caption = _caption(task)
    pictures = [_picture(ref.file) for ref in task.references if ref.kind == "image"]
    videos = [_picture(ref.file) for ref in task.references if ref.kind == "video"]
    if videos:
        return Scene(planned, task.prompt, caption, videos[0], None, tuple(videos[1:] + pictures))
    limit = (task.model["reference"] or {}).get("max_files", FRAMES_OF_A_RUN + 1)
    way = defaults_of(task.model) | task.params
    framed = way.get("generationType") == FIRST_AND_LAST or way.get("generation_type") == "frame"
    if limit > FRAMES_OF_A_RUN and not framed:
        return Scene(planned, task.prompt, caption, None, None, tuple(pictures))
    opening = pictures[0] if pictures else None
    closing = pictures[1] if len(pictures) > 1 else None
    return Scene(planned, task.prompt, caption, opening, closing, tuple(pictures[FRAMES_OF_A_RUN:]))


def _picture(file: StoredFile | None) -> Image.Image | None:
    if file is None:
        return None
    return opened(file.content) if file.kind == "image" else first_picture(file.content)
