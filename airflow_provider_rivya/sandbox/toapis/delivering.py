"""Delivers the events of webhooks, when they are due on the sandbox's clock."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.state.webhooks import Event
from airflow_provider_rivya.sandbox.toapis.webhooks import content_of, headers_of, note_answer

WITHIN = 10
MOST_OF_ANSWER = 4096
MOMENT = 0.05
"""Seconds after which it is looked again whether something is due: the clock can be moved."""


async def deliver(gateway: Gateway) -> None:
    """Deliver until it is cancelled."""
    webhooks = gateway.webhooks
    running: set[asyncio.Task[None]] = set()
    while True:
        if not webhooks.events:
            webhooks.changed.clear()
            await webhooks.changed.wait()
        now = gateway.state.now()
        for event in webhooks.events:
            if event.due <= now and not event.on_its_way:
                event.on_its_way = True
                task = asyncio.create_task(_deliver(event, gateway))
                running.add(task)
                task.add_done_callback(running.discard)
        await asyncio.sleep(MOMENT)


async def _deliver(event: Event, gateway: Gateway) -> None:
    address = gateway.webhooks.addresses.get(event.account)
    status = None
    if address is not None:
        gateway.state.settle()
        body = content_of(event, gateway.state, gateway.base_url)
        headers = headers_of(event, body, address, gateway.state)
        status = await asyncio.to_thread(_post, event.url, body, headers)
    note_answer(event, status, gateway)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """Send a delivery; redirects are not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WITHIN)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read(MOST_OF_ANSWER)
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
