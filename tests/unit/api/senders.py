"""Both senders against one wire, and what they send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from airflow_provider_rivya.api.call import ApiCall
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import AsyncSender, SyncSender
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from tests.unit.api.wire import Pauses, answer

KEY = "rvya_sk_test_0123456789"
DONE = answer(200, {"id": "task_1", "status": "queued"})
BUSY = answer(503, {"error": {"code": "busy", "message": "later"}}, retry_after="0")
LIMITED = answer(429, {"error": {"code": "rate_limited"}}, retry_after="0")
CONFLICT = answer(409, {"error": {"code": "idempotency_conflict"}})
REFUSED = answer(401, {"error": {"code": "api_key_revoked"}})
CREATE = rivya.create_generation('{"model":"z"}', "key-1")
CREATE_AT_TOAPIS = toapis.create_generation('{"model":"z","client_business_id":"key-1"}', "key-1")
CREATE_WITHOUT_REPLAY = {
    "rivya": rivya.create_generation('{"model":"z"}', None),
    "toapis": CREATE_AT_TOAPIS,
    "toapis-video": toapis.create_generation("{}", None, "video"),
}
GET = rivya.get_generation("task_1")

Send = Callable[..., Any]


def settings(url: str, **kwargs: Any) -> ClientSettings:
    values: dict[str, Any] = {"connect_timeout": 5.0, "read_timeout": 5.0, "retries": 2, **kwargs}
    return ClientSettings(base_url=url, api_key=KEY, conn_id="rivya_test", **values)


def send_sync(
    url: str, call: ApiCall[Any], *, repeat: bool = True, within: float | None = None, **kwargs: Any
) -> Any:
    with SyncSender(settings(url, **kwargs), Pauses()) as sender:
        return sender.send(call, repeat=repeat, within=within)


def send_async(
    url: str, call: ApiCall[Any], *, repeat: bool = True, within: float | None = None, **kwargs: Any
) -> Any:
    async def run() -> Any:
        sender = AsyncSender(settings(url, **kwargs))
        try:
            return await sender.send(call, repeat=repeat, within=within)
        finally:
            await sender.aclose()

    return asyncio.run(run())
