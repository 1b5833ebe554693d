"""The polling loop, blocking and async. What an observation means is decided in ``generation.waiting``."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya import observability
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayError,
    GenerationError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
)
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.waiting.decide import Finished, Sleep, Wait
from airflow_provider_rivya.waiting.progress import Narrator, failure_of
from airflow_provider_rivya.waiting.schedule import schedule_for

if TYPE_CHECKING:
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation

log = logging.getLogger(__name__)


BAD_CONNECTION: Final = "connection"
"""Code of a waiting that ended because its connection could not be used."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    What is waited for.

    :param category: ``image``, ``audio`` or ``video``.
    :param wait: decides after each observation.
    :param narrator: decides what is logged.
    :param deadline: seconds since the epoch.
    """

    generation_id: str
    conn_id: str
    category: str
    wait: Wait
    narrator: Narrator
    deadline: float

    @classmethod
    def of(
        cls,
        generation_id: str,
        settings: ConnectionSettings,
        category: str,
        timeout: float,
        submitted_at: float | None = None,
    ) -> Target:
        """
        Put a target together.

        :param timeout: seconds from now.
        :param submitted_at: seconds since the epoch; now, if not given.
        """
        now = time.time()
        begun = now if submitted_at is None else submitted_at
        schedule = schedule_for(
            category,
            gateway=settings.gateway,
            first=settings.poll_first,
            interval=settings.poll_interval,
            maximum=settings.poll_max,
            loopback=settings.loopback,
        )
        return cls(
            generation_id=generation_id,
            conn_id=settings.conn_id,
            category=category,
            wait=Wait(schedule, begun, now + timeout, generation_id),
            narrator=Narrator(generation_id, begun),
            deadline=now + timeout,
        )

    def observe(self, seen: Generation | GatewayError) -> Sleep | Finished:
        """Log what is new and decide what follows."""
        now = time.time()
        line = self.narrator.tell(now, seen)
        if line is not None:
            log.log(*line)
        return self.wait.after(now, seen)


def watch(hook: GatewayClient, target: Target) -> Finished:
    """Poll until the waiting is over, blocking."""
    step: Sleep | Finished = target.wait.first(time.time())
    while isinstance(step, Sleep):
        time.sleep(step.seconds)
        if step.refresh:
            hook.refresh()
        seen: Generation | GatewayError
        try:
            seen = hook.get_generation(target.generation_id, category=target.category, repeat=False)
        except GatewayError as error:
            seen = error
        observability.polled(_labels(hook, seen), triggerer=False)
        step = target.observe(seen)
    return step


async def awatch(hook: GatewayClient, target: Target) -> Finished:
    """Poll until the waiting is over, on an event loop."""
    step: Sleep | Finished = target.wait.first(time.time())
    while isinstance(step, Sleep):
        await asyncio.sleep(step.seconds)
        if step.refresh:
            await hook.arefresh()
        seen: Generation | GatewayError
        try:
            seen = await hook.aget_generation(target.generation_id, category=target.category, repeat=False)
        except GatewayError as error:
            seen = error
        observability.polled(_labels(hook, seen), triggerer=True)
        step = target.observe(seen)
    return step


def _labels(hook: GatewayClient, seen: Generation | GatewayError) -> Labels:
    return Labels(hook.api.NAME, getattr(seen, "model", None))


def verdict(finished: Finished, generation: Generation, target: Target) -> Generation:
    """
    Return a succeeded generation, or raise what happened instead.

    :raises GenerationFailedError: it failed at the gateway.
    :raises GenerationTimeoutError: the deadline passed.
    """
    if generation.succeeded:
        return generation
    if generation.failed:
        raise failure_of(generation, target.conn_id)
    raise not_ended(finished, target.generation_id, target.conn_id)


def not_ended(
    finished: Finished, generation_id: str, conn_id: str, last: GatewayError | None = None
) -> GenerationError:
    """
    Describe a waiting that ended without the gateway's verdict.

    :param last: what the gateway answered after it, if that was an error: it tells what the key lacks.
    """
    if finished.code == BAD_CONNECTION:
        return ConnectionConfigError(
            "The triggerer could not use the connection while the generation was waited for",
            generation_id=generation_id,
            conn_id=conn_id,
            advice="The triggerer's log says why: mend the connection, or make it readable there.",
            retryable=True,
        )
    if finished.outcome == "refused":
        kept_refusing = "The gateway kept refusing the key while the generation was waited for"
        if isinstance(last, AuthenticationError | PermissionDeniedError):
            last.message, last.retryable = f"{kept_refusing}: {last.message}", True
            return last
        return AuthenticationError(
            kept_refusing,
            generation_id=generation_id,
            conn_id=conn_id,
            code=finished.code,
            advice="Put a valid key into the connection.",
            retryable=True,
        )
    if finished.outcome == "not_found":
        return NotFoundError(
            "The gateway took the generation in, but no longer knows its task id",
            generation_id=generation_id,
            conn_id=conn_id,
            code=finished.code,
            advice="Its support can tell what became of it.",
        )
    return GenerationTimeoutError(
        "The generation did not end within the timeout; it may still be running at the gateway",
        generation_id=generation_id,
        conn_id=conn_id,
        retryable=True,
    )
