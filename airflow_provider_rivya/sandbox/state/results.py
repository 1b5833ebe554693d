"""Result files: their URLs, and the bytes behind them, made when first asked for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from typing import Any

from airflow_provider_rivya.sandbox.state.files import files_of, make
from airflow_provider_rivya.sandbox.state.store import State, Task, iso

CACHED_BYTES = 64 * 1024 * 1024
MADE_AT_ONCE = 2


class Gallery:
    """Makes results in threads, a few at once, and keeps the latest; any can be made again."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(MADE_AT_ONCE)
        self._cache: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()
        self._cached_bytes = 0
        self._locks: dict[tuple[str, int, str], asyncio.Lock] = {}

    def reset(self) -> None:
        self._cache.clear()
        self._cached_bytes = 0

    async def content(self, task: Task, index: int, raw_audio: str) -> bytes:
        """
        Return the bytes of one result.

        :param raw_audio: the switch of that name.
        """
        place = (task.id, index, raw_audio)
        async with self._locks.setdefault(place, asyncio.Lock()):
            content = self._cache.get(place)
            if content is None:
                async with self._gate:
                    content = await asyncio.to_thread(make, task, index, raw_audio)
                self._keep(place, content)
        if place in self._cache:
            self._cache.move_to_end(place)
        self._locks.pop(place, None)
        return content

    def _keep(self, place: tuple[str, int, str], content: bytes) -> None:
        self._cache[place] = content
        self._cached_bytes += len(content)
        while self._cached_bytes > CACHED_BYTES and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)


def signature(state: State, token: str, index: int, expires: str) -> str:
    text = f"{token}/{index}/{expires}".encode()
    return hmac.new(state.url_secret, text, hashlib.sha256).hexdigest()[:24]


def result_urls(task: Task, state: State, base_url: str) -> list[str]:
    """Return the URLs of a succeeded task as the switches want them; with a life time they start it again."""
    assumptions = state.assumptions
    host = (
        base_url.replace("127.0.0.1", "localhost")
        if assumptions.text("result_host") == "localhost"
        else base_url
    )
    life = assumptions.limit("result_url_ttl_seconds")
    urls = []
    for index, file in enumerate(files_of(task, assumptions.text("raw_audio"))):
        url = f"{host}/results/{task.result_token}/{file.name}"
        if life is not None:
            expires = str(int((state.now() + life) * 1000))
            url += f"?expires={expires}&signature={signature(state, task.result_token, index, expires)}"
        urls.append(url)
    return urls[::-1] if assumptions.text("result_order") == "reversed" else urls


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
