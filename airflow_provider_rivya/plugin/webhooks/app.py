"""
The receiver of ToAPIs' webhooks, if it is turned on: it wakes the tasks that wait for a generation.

Airflow authenticates nobody for an app of a plugin. The signature is the authentication: before it is found
right nothing but the secrets is read, and a refusal tells nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeVar

from airflow.configuration import conf
from fastapi import FastAPI, Request, Response

from airflow_provider_rivya import observability
from airflow_provider_rivya.plugin.webhooks.delivery import Envelope, Seen, generation_of
from airflow_provider_rivya.plugin.webhooks.secrets import Secrets
from airflow_provider_rivya.plugin.webhooks.waiting import Waiting
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger

log = logging.getLogger(__name__)

T = TypeVar("T")

OPTION: Final = "toapis_webhook_conn_ids"
MOST_BYTES: Final = 256 * 1024
ACT_WITHIN: Final = 8.0
"""Seconds that all else may take: ToAPIs waits 10 for the answer, and comes again."""
_SAID_EVERY: Final = 60.0

TAKEN, REFUSED, TOO_SLOW, TOO_LARGE, LATER = 204, 401, 408, 413, 503


@cache
def app() -> FastAPI:
    """Return the app."""
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    secrets = Secrets(conn_ids(), _extra_of)
    made.add_api_route("/toapis", Receiver(secrets, Waiting(ToApisTaskTrigger)).receive, methods=["POST"])
    return made


def conn_ids() -> list[str]:
    """Return the connections whose webhooks are taken; none: the receiver is off."""
    given = conf.get("rivya", OPTION, fallback="") or ""
    return list(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))


def _extra_of(conn_id: str) -> Mapping[str, Any]:
    from airflow_provider_rivya.hooks.toapis import ToApisHook

    extra: Mapping[str, Any] = ToApisHook.get_connection(conn_id).extra_dejson
    return extra


class Receiver:
    """
    Takes deliveries.

    :param secrets: what they are signed with.
    :param waiting: who waits.
    :param read_within: seconds that a body may take.
    """

    def __init__(self, secrets: Secrets, waiting: Waiting, read_within: float = 5.0) -> None:
        self._secrets = secrets
        self._waiting = waiting
        self._read_within = read_within
        self._seen = Seen()
        # Two threads: whatever comes, the database and the rest of the API server have peace.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="rivya-webhooks")
        self._said_at = -_SAID_EVERY

    async def receive(self, request: Request) -> Response:
        """Answer one delivery: with 2xx when it was taken, so that it does not come again."""
        status = await self._status(request)
        outcome = {TAKEN: "taken", LATER: "later"}.get(status, "refused")
        observability.webhook_came("toapis", outcome)
        return Response(status_code=status)

    async def _status(self, request: Request) -> int:
        envelope = Envelope.read(request.headers.raw)
        if envelope is None:
            return self._refuse("its headers are missing or have another form")
        try:
            async with asyncio.timeout(self._read_within):
                body = await _bounded(request)
        except Exception:  # it did not come in time, or the caller has gone
            return TOO_SLOW
        if body is None:
            return TOO_LARGE
        try:
            async with asyncio.timeout(ACT_WITHIN):
                return await self._take(envelope, body)
        except Exception as error:  # the database is away, or slow
            log.warning("A webhook could not be handled; ToAPIs sends it again: %s", type(error).__name__)
            return LATER

    async def _take(self, envelope: Envelope, body: bytes) -> int:
        signers = envelope.signers(body, await self._in_thread(self._secrets.current))
        if not signers:
            return self._refuse("it is signed with none of the secrets")
        event_id = envelope.event_id
        if not envelope.is_fresh(time.time()) and not self._seen.came_in_time(event_id, signers):
            return self._refuse("it is new here, and its time is more than five minutes off")
        if self._seen.was_taken(event_id, signers):
            return TAKEN
        self._seen.note(event_id, signers, taken=False)
        generation_id = generation_of(body)
        if generation_id is None:
            log.info("The event %s of ToAPIs is not about the end of a generation.", clean(event_id, 80))
        else:
            woken = await self._in_thread(lambda: self._waiting.wake(signers, generation_id, event_id))
            log.info("ToAPIs reports the end of %s: %d waiting task(s) look now.", generation_id, woken)
        self._seen.note(event_id, signers, taken=True)
        return TAKEN

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _refuse(self, reason: str) -> int:
        """Say why in the server's own log, now and then: anybody may call."""
        now = time.monotonic()
        if now - self._said_at >= _SAID_EVERY:
            self._said_at = now
            log.warning("A call of the receiver of ToAPIs' webhooks was refused: %s.", reason)
        return REFUSED


async def _bounded(request: Request) -> bytes | None:
    """Return the bytes as they are received; ``None``: there are more than any event has."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
