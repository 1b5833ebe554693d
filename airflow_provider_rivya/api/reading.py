"""
From the JSON of an answer to a :class:`~airflow_provider_rivya.api.schemas.Generation`, for all gateways.

After a paid call only the id matters, after a success only the URLs: every field is read for itself, and
none that cannot be read loses the others. It is taken as unknown, which is said once.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Final

from airflow_provider_rivya.api.schemas import (
    MAX_RESULTS,
    UNKNOWN,
    Generation,
    GenerationFailure,
    UploadedFile,
    name_field,
    url_field,
    urls,
)

log = logging.getLogger(__name__)

# What a gateway, or something in front of it, may wrap an object in. The last ones are also fields.
_ENVELOPES: Final = ("data", "task", "generation", "job")
_FIELDS_TOO: Final = ("result", "response", "output")

_ID: Final = ("id", "task_id", "generation_id")
_STATUS: Final = ("status", "state", "task_status")
# In the answer's own object images may be what was sent: only in its result are they what was made.
_LISTS: Final = ("urls", "result_urls", "outputs", "results", "data", "output")
_RESULT: Final = ("result", "task_result", "response", "content")
_LISTS_OF_RESULT: Final = (*_LISTS, "images", "videos", "audios", "files")
_SINGLE: Final = (
    "primary_url",
    "url",
    "image_url",
    "video_url",
    "audio_url",
    "file_url",
    "download_url",
    "uri",
    "src",
    "href",
)
_SINGLE_OF_RESULT: Final = (*_SINGLE, "image", "video", "audio", "file")

_DEEPEST, _MOST_INSIDE = 2, 10
"""Of lists in lists of results, and of entries in such a one."""
_MOST_ENTRIES: Final = 5 * MAX_RESULTS
"""Of a list, whatever is in them; an event loop stands still while they are looked through."""

_CREDITS: Final = {
    "credits_reserved": ("reserved_credits", "credits_reserved"),
    "credits_final": ("final_credits", "credits_final"),
}
_TIMES: Final = {
    "created_at": ("created_at",),
    "updated_at": ("updated_at", "completed_at"),
    "expires_at": ("expires_at",),
}
_FIELDS: Final = {
    "model": ("model",),
    **_TIMES,
    "progress": ("progress",),
    "trace_id": ("client_request_id",),
}


def read_generation(
    document: Any,
    failure: Callable[[dict[str, Any]], GenerationFailure | None],
    *,
    asked: str | None = None,
    needs_id: bool = False,
    own_id: str | None = None,
    by_own_id: bool = False,
    in_credits: bool = False,
) -> Generation:
    """
    Read a generation.

    :param failure: reads why it failed, in the gateway's vocabulary.
    :param asked: the id that was asked for; an answer need not repeat it, unless it ``needs_id``.
    :param own_id: name of the field with an id of the caller's own.
    :param by_own_id: it may be that one that was asked for, and an answer need not repeat it.
    :param in_credits: the gateway tells what it costs.
    :raises ValueError: the answer has no id, or is about another generation.
    :raises TypeError: it is not an object.
    """
    task = _task(document)
    names = [name for each in _ID if (name := name_field(_field(task, each))) is not None]
    # Beside the id that was asked for there may be one of a request, or of a row in the gateway's database.
    found = asked if asked in names else next(iter(names), None)
    given = name_field(_field(task, own_id)) if own_id else None
    others = found is not None and asked not in (None, found, given)
    if others and not (by_own_id and given is None):
        raise ValueError("it is about another generation than the one that was asked for")
    known_as = found if needs_id or _worth(task) == 0 else found or asked
    if known_as is None:
        raise ValueError("it has no readable id")
    fields = {**_FIELDS, **_CREDITS} if in_credits else _FIELDS
    raw = {name: _field(task, *spellings) for name, spellings in fields.items()}
    raw["status"] = _status(task)
    made = _results(task)
    made = tuple(dict.fromkeys((*made, *_last_frames(task)))) if made else ()
    generation = Generation(id=known_as, urls=made, failure=failure(task), **raw)
    unread = [
        name for name, value in raw.items() if value not in (None, "") and getattr(generation, name) is None
    ]
    if generation.status == UNKNOWN != raw["status"]:
        unread.append("status")
    if unread:
        _say(known_as, f"cannot be read in part and is taken as unknown there ({', '.join(sorted(unread))})")
    if len(made) > MAX_RESULTS:
        _say(known_as, f"lists more than {MAX_RESULTS} results; the first {MAX_RESULTS} are taken")
    return generation


def read_file(document: Any) -> UploadedFile:
    """
    Read an uploaded file.

    :raises ValueError: it has no URL.
    :raises TypeError: it is not an object.
    """
    for place in _objects(document, (*_ENVELOPES, *_FIELDS_TOO, "file")):
        if (url := url_field(_field(place, "url"))) is not None:
            return UploadedFile(
                id=_field(place, "id", "file_id"), url=url, duration_token=_field(place, "duration_token")
            )
    raise ValueError("it has no readable URL")


def _task(document: Any) -> dict[str, Any]:
    """Return the object that has an id and a status: the document itself, or what it wraps."""
    objects = list(_objects(document, _ENVELOPES))
    if not objects:
        raise TypeError("not an object")
    best = max(objects, key=_worth)  # the first of those that are worth the same
    if _worth(best) < _HAS_ID:
        inner = islice(_objects(document, _FIELDS_TOO), 1, None)
        best = next((each for each in inner if _worth(each) > _HAS_ID), best)
    return best


_HAS_ID: Final = 2


def _status(task: dict[str, Any]) -> Any:
    """Return the first status that is a text, as a number beside it may be that of HTTP."""
    said = [value for name in _STATUS if (value := _field(task, name)) is not None]
    return next((value for value in said if isinstance(value, str)), said[0] if said else None)


def _worth(task: dict[str, Any]) -> int:
    has_id = any(name_field(value) for value in (_field(task, *_ID), task.get("task_id")))
    return _HAS_ID * has_id + (_field(task, *_STATUS) is not None)


def _objects(document: Any, envelopes: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield the document, or the first object of a list, and the objects that it wraps."""
    own = _first(document)
    if own is None:
        return
    yield own
    for name in envelopes:
        if (inner := _first(_field(own, name))) is not None:
            yield inner


class _Object(dict[str, Any]):
    """An object of an answer, whose spellings are looked through once: most fields are not in it."""

    _folded: dict[str, Any] | None = None

    @property
    def folded(self) -> dict[str, Any]:
        if self._folded is None:
            few = islice(self.items(), 200)
            self._folded = {_fold(key): value for key, value in few if len(key) <= _LONGEST_NAME}
        return self._folded


def _first(value: Any) -> _Object | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _object(value) if isinstance(value, dict) else None


def _object(value: Any) -> Any:
    return _Object(value) if type(value) is dict else value


def _field(task: dict[str, Any], *names: str) -> Any:
    """Return the first field that says something, also where its name is spelled ``likeThis``."""
    for name in names:
        if task.get(name) not in (None, ""):
            return task[name]
    folded = _object(task).folded
    for name in names:
        if (value := folded.get(_fold(name))) not in (None, ""):
            return value
    return None


_LONGEST_NAME: Final = 40


@functools.lru_cache(maxsize=1024)  # answers name the same fields again and again
def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _results(task: dict[str, Any]) -> tuple[str, ...]:
    """
    Return the result URLs: of a list, else a single one, which beside a list is a convenience.

    A signature that differs must not make a second output of it.
    """
    result = _object(_unpacked(_field(task, *_RESULT)))
    for candidates in (
        _of_entry(result if isinstance(result, list) else None),
        _of_lists(result, _LISTS_OF_RESULT),
        _of_lists(task, _LISTS),
        _of_entry(task, _SINGLE),
        _of_entry(result),
    ):
        made = tuple(dict.fromkeys(islice(candidates, MAX_RESULTS + 1)))
        if made:
            return made
    return ()


def _unpacked(value: Any) -> Any:
    """Return a value that was packed as JSON into a text."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _last_frames(task: dict[str, Any]) -> Iterator[str]:
    """
    Yield the last frames of videos, which were asked for and are outputs of their own.

    The source is https://docs.toapis.com/docs/cn/api-reference/tasks/video-status.
    """
    result = _unpacked(_field(task, *_RESULT))
    inner = _field(result, "data") if isinstance(result, dict) else result
    for place in (result, inner, *(islice(inner, MAX_RESULTS) if isinstance(inner, list) else ())):
        if isinstance(place, dict):
            yield from urls([_field(place, "last_frame_url")])


def _of_lists(place: Any, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(place, dict):
        for name in names:
            if found := list(islice(_of_entry(_unpacked(_field(place, name))), MAX_RESULTS + 1)):
                yield from found
                return


def _of_entry(entry: Any, names: tuple[str, ...] = _SINGLE_OF_RESULT, depth: int = 0) -> Iterator[str]:
    """Yield the URLs of a result: a text, an object that has it, or a list of these."""
    if isinstance(entry, list):
        if depth < _DEEPEST:
            entries = islice(entry, _MOST_ENTRIES if depth == 0 else _MOST_INSIDE)
            yield from chain.from_iterable(_of_entry(each, names, depth + 1) for each in entries)
        return
    if isinstance(entry, dict):
        entry = _object(entry)
        values = (_field(entry, name) for name in names)
        entry = next((value for value in values if value is not None), None)
        if isinstance(entry, dict):
            entry = entry.get("url")
    if entry is not None:
        yield from urls([entry])


@functools.lru_cache(maxsize=1024)
def _say(generation_id: str, what: str) -> None:
    log.warning("Generation %s: the gateway's answer %s.", generation_id, what)
