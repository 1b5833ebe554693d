"""A gateway's client for many threads: no more of them are in it at once than its connection has sockets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_rivya.api.call import FilePart
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.gateway import GatewayApi, GatewayClient
    from airflow_provider_rivya.api.schemas import Balance, Generation, UploadedFile


class GatedClient:
    """
    See :class:`~airflow_provider_rivya.api.gateway.GatewayClient`. A window has a hundred threads; queued
    here they cost nothing, and a pool of connections looks through all that wait each time one is free.
    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client
        self._gate = threading.Semaphore(client.settings.max_in_flight)
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
        with self._gate:
            return self._client.send_file(part, kind, model)

    def downloader(self) -> Downloader:
        return self._client.downloader()

    def refresh(self) -> None:
        self._client.refresh()

    async def arefresh(self) -> None:
        await self._client.arefresh()
