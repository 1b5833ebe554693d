"""Result files: their URLs, and the pictures behind them, drawn when first asked for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from typing import Any

from airflow_provider_rivya.sandbox.draw import Picture, draw
from airflow_provider_rivya.sandbox.framing import EXTENSION, MIME_TYPE, Frame, frame
from airflow_provider_rivya.sandbox.state import State, Task, iso

CACHED_BYTES = 64 * 1024 * 1024
DRAWN_AT_ONCE = 2


class Gallery:
    """Draws in threads, a few at once, and keeps the latest pictures; any can be drawn again."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(DRAWN_AT_ONCE)
        self._cache: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._cached_bytes = 0
        self._locks: dict[tuple[str, int], asyncio.Lock] = {}

    def reset(self) -> None:
        self._cache.clear()
        self._cached_bytes = 0

    async def picture(self, task: Task, index: int) -> bytes:
        """Return the file of one result."""
        place = (task.id, index)
        async with self._locks.setdefault(place, asyncio.Lock()):
            content = self._cache.get(place)
            if content is None:
                async with self._gate:
                    content = await asyncio.to_thread(_drawn, task, index)
                self._keep(place, content)
        self._cache.move_to_end(place)
        self._locks.pop(place, None)
        return content

    def _keep(self, place: tuple[str, int], content: bytes) -> None:
        self._cache[place] = content
        self._cached_bytes += len(content)
        while self._cached_bytes > CACHED_BYTES and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)


def _drawn(task: Task, index: int) -> bytes:
    photos = tuple(reference.file.content if reference.file else b"" for reference in task.references)
    caption = f"{task.model['name']}  ·  {task.id}"
    return draw(Picture(frame_of(task), index, task.prompt, caption, photos))


def frame_of(task: Task) -> Frame:
    """Return format, size and number of a task's pictures."""
    first = next((reference.file for reference in task.references if reference.file), None)
    return frame(task.model, task.params, first.pixels if first else None)


def file_names(task: Task) -> list[str]:
    """Return the last parts of a task's result URLs, in the order in which the pictures are made."""
    picture = frame_of(task)
    return [f"{index}.{EXTENSION[picture.format]}" for index in range(picture.count)]


def signature(state: State, token: str, index: int, expires: str) -> str:
    text = f"{token}/{index}/{expires}".encode()
    return hmac.new(state.url_secret, text, hashlib.sha256).hexdigest()[:24]


def result_urls(task: Task, state: State, base_url: str) -> list[str]:
    """Return the URLs of a succeeded task as the switches want them; with a life time they start it anew."""
    assumptions = state.assumptions
    host = (
        base_url.replace("127.0.0.1", "localhost")
        if assumptions.text("result_host") == "localhost"
        else base_url
    )
    life = assumptions.limit("result_url_ttl_seconds")
    urls = []
    for index, name in enumerate(file_names(task)):
        url = f"{host}/results/{task.result_token}/{name}"
        if life is not None:
            expires = str(int((state.now() + life) * 1000))
            url += f"?expires={expires}&signature={signature(state, task.result_token, index, expires)}"
        urls.append(url)
    return urls[::-1] if assumptions.text("result_order") == "reversed" else urls


def mime_type_of(task: Task) -> str:
    return MIME_TYPE[frame_of(task).format]


def public_generation(task: Task, state: State, base_url: str) -> dict[str, Any]:
    """Return the generation as the status endpoint shows it, https://rivya.ai/docs/api-generation-status."""
    now = state.now()
    status = task.status_at(now)
    result = None
    if status == "succeeded":
        urls = result_urls(task, state, base_url)
        result = {"primary_url": urls[0], "urls": urls}
        if not state.assumptions.flag("result_primary"):
            del result["primary_url"]
    answer: dict[str, Any] = {
        "id": task.id,
        "status": status,
        "model": task.model["id"],
        "reserved_credits": task.credits,
        "final_credits": task.final_credits(now),
        "created_at": iso(task.created),
        "updated_at": iso(task.updated_at(now)),
        "result": result,
        "error": task.failure.error if status == "failed" and task.failure else None,
    }
    if state.assumptions.flag("client_request_id_echo"):
        answer["client_request_id"] = task.client_request_id
    return answer
