"""A gateway's client for many threads: a bounded number at once, and each reference file once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.request.references import UPLOADS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow_provider_rivya.api.call import FilePart
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.gateway import GatewayApi, GatewayClient
    from airflow_provider_rivya.api.schemas import Balance, Generation, UploadedFile

UPLOADS_KEPT: Final = 1_000
UPLOADS_FRESH: Final = 1_800.0
"""Seconds. An assumption: no page tells how long a gateway keeps what was uploaded."""


class _Uploads:
    """What was uploaded by this try, by content; who asks for what is on its way waits for that."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, ...], tuple[float, Future[UploadedFile]]] = {}
        self._guard = threading.Lock()
        self._gate = threading.Semaphore(UPLOADS_AT_ONCE)

    def once(self, key: tuple[str | None, ...], send: Callable[[], UploadedFile]) -> UploadedFile:
        upload, mine = self._upload(key)
        if mine:
            try:
                with self._gate:
                    upload.set_result(send())
            except BaseException as error:
                upload.set_exception(error)
        return upload.result()

    def _upload(self, key: tuple[str | None, ...]) -> tuple[Future[UploadedFile], bool]:
        """Return the upload of a content, and whether the caller is to make it."""
        with self._guard:
            begun_at, upload = self._known.pop(key, (0.0, None))
            fresh = upload is not None and time.monotonic() - begun_at <= UPLOADS_FRESH
            if upload is None or not fresh or (upload.done() and upload.exception() is not None):
                begun_at, upload, mine = time.monotonic(), Future(), True
            else:
                mine = False
            while len(self._known) >= UPLOADS_KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = begun_at, upload
            return upload, mine


class GatedClient:
    """
    See :class:`~airflow_provider_rivya.api.gateway.GatewayClient`. A window has a hundred threads; queued
    here they cost nothing, and a pool of connections looks through all that wait each time one is free.
    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client
        self._gate = threading.Semaphore(client.settings.max_in_flight)
        self._uploads = _Uploads()
        self.conn_id = client.conn_id

    @property
    def api(self) -> GatewayApi:
        return self._client.api

    @property
    def settings(self) -> ConnectionSettings:
        return self._client.settings

    @property
    def clock_skew(self) -> float:
        return self._client.clock_skew

    def create_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation:
        with self._gate:
            return self._client.create_generation(body, idempotency_key, category=category)

    def get_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True, within: float | None = None
    ) -> Generation:
        with self._gate:
            return self._client.get_generation(generation_id, category=category, repeat=repeat, within=within)

    async def aget_generation(self, generation_id: str, **more: Any) -> Generation:
        return await self._client.aget_generation(generation_id, **more)

    async def aget_generations(self, generation_ids: Sequence[str], **more: Any) -> Mapping[str, Generation]:
        return await self._client.aget_generations(generation_ids, **more)

    def find_generation(self, key: str, *, category: str = "image") -> Generation | None:
        with self._gate:
            return self._client.find_generation(key, category=category)

    def get_credits(self) -> Balance:
        with self._gate:
            return self._client.get_credits()

    def send_file(self, part: FilePart, kind: str, model: str | None = None) -> UploadedFile:
        def send() -> UploadedFile:
            with self._gate:
                return self._client.send_file(part, kind, model)

        # The same bytes under another name are another file to a gateway that goes by names.
        key = (part.sha256, part.name.rpartition(".")[2], kind, model)
        return send() if part.sha256 is None else self._uploads.once(key, send)

    def downloader(self) -> Downloader:
        return self._client.downloader()

    def refresh(self) -> None:
        self._client.refresh()

    async def arefresh(self) -> None:
        await self._client.arefresh()
