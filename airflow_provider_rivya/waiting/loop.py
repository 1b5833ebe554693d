"""The polling loop, blocking and async. What an observation means is decided in ``waiting.decide``."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya import observability
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.waiting.decide import PATIENCE, Finished, Patience, Sleep, Wait
from airflow_provider_rivya.waiting.durations import DURATIONS, took
from airflow_provider_rivya.waiting.poller import joined
from airflow_provider_rivya.waiting.progress import Narrator
from airflow_provider_rivya.waiting.schedule import schedule_for, share

if TYPE_CHECKING:
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.gateway import GatewayApi, GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.stop import Stop

log = logging.getLogger(__name__)

LAST_LOOK: Final = 10.0
"""Seconds that a look may take which begins at the deadline, or shortly before it."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    What is waited for.

    :param category: ``image``, ``audio`` or ``video``.
    :param wait: decides after each observation.
    :param narrator: decides what is logged.
    :param deadline: seconds since the epoch.
    :param model: its model, if it is known before the gateway tells.
    :param gateway: the gateway's address.
    :param told: is called with what was seen whenever a line is logged.
    """

    generation_id: str
    conn_id: str
    category: str
    wait: Wait
    narrator: Narrator
    deadline: float
    model: str | None = None
    gateway: str = ""
    told: Callable[[Generation | GatewayError], None] = lambda seen: None

    @classmethod
    def of(
        cls,
        generation_id: str,
        api: GatewayApi,
        settings: ConnectionSettings,
        category: str,
        timeout: float,
        submitted_at: float | None = None,
        patience: Patience = PATIENCE,
        narrator: Callable[[str, float], Narrator] = Narrator,
        model: str | None = None,
        told: Callable[[Generation | GatewayError], None] = lambda seen: None,
    ) -> Target:
        """
        Put a target together.

        :param api: whose guidance on polling counts.
        :param timeout: seconds from now.
        :param submitted_at: seconds since the epoch, where that is known.
        """
        now = time.time()
        begun = now if submitted_at is None else submitted_at
        schedule = schedule_for(
            category,
            api.polling,
            first=settings.poll_first,
            interval=settings.poll_interval,
            maximum=settings.poll_max,
            loopback=settings.loopback,
        )
        return cls(
            generation_id=generation_id,
            conn_id=settings.conn_id,
            category=category,
            wait=Wait(
                schedule,
                begun,
                now + timeout,
                generation_id,
                patience,
                # Of what may be older than this waiting nobody knows how long it still takes.
                DURATIONS.likely(settings.base_url, model, category) if submitted_at is not None else None,
                dated=submitted_at is not None,
            ),
            narrator=narrator(generation_id, begun),
            deadline=now + timeout,
            model=model,
            gateway=settings.base_url,
            told=told,
        )

    def within(self, after: float = 0.0) -> float:
        """Return the seconds that a look may take that begins so many seconds from now."""
        return max(self.deadline - time.time() - after, LAST_LOOK)

    def observe(self, seen: Generation | GatewayError) -> Sleep | Finished:
        """Log what is new and decide what follows; learn from an end how long its model takes."""
        now = time.time()
        model = self.model or getattr(seen, "model", None)
        self.wait.date(now, seen)
        likely = DURATIONS.likely(self.gateway, model, self.category)
        self.wait.likely = likely if self.wait.dated else None
        self.narrator.usual = likely.usual if likely else None
        line = self.narrator.tell(now, seen)
        if line is not None:
            log.log(*line)
            self.told(seen)
        step = self.wait.after(now, seen)
        ended = step.generation if isinstance(step, Finished) and self.wait.dated else None
        if ended is not None and ended.succeeded:
            elapsed = now - self.wait.submitted_at
            learn(self.gateway, model, self.category, ended, elapsed, self.wait.interval)
        return step


def learn(
    gateway: str, model: str | None, category: str, generation: Generation, elapsed: float, interval: float
) -> None:
    """Note how long a generation that has succeeded took; see :func:`took`."""
    likely = DURATIONS.likely(gateway, model, category)
    seconds = took(generation, elapsed, interval, likely, share(generation.id, elapsed))
    if model is not None and seconds is not None:
        DURATIONS.note(gateway, model, category, seconds)


def watch(client: GatewayClient, target: Target, stop: Stop) -> Finished:
    """
    Poll until the waiting is over, blocking.

    :param stop: ends it at once, with the outcome ``stopped``.
    """
    step: Sleep | Finished = target.wait.first(time.time())
    while isinstance(step, Sleep):
        if stop.wait(step.seconds):
            return Finished("stopped")
        if step.refresh:
            client.refresh()
        seen: Generation | GatewayError
        try:
            seen = client.get_generation(
                target.generation_id, category=target.category, repeat=False, within=target.within()
            )
        except GatewayError as error:
            seen = error
        observability.polled(_labels(client, seen), triggerer=False)
        step = target.observe(seen)
        if stop.is_set() and isinstance(step, Sleep):
            return Finished("stopped")
    return step


async def awatch(client: GatewayClient, target: Target, *, at_once: bool = False) -> Finished:
    """
    Poll until the waiting is over, on an event loop, by the poller of all who wait there through it.

    :param at_once: somebody has told of an end: the first look does not wait.
    """
    step: Sleep | Finished = Sleep(0.0) if at_once else target.wait.first_of_many(time.time())
    with joined(client) as poller:
        while isinstance(step, Sleep):
            if step.refresh:
                await asyncio.sleep(step.seconds)
                await client.arefresh()
            seen = await poller.look(
                target.generation_id,
                target.category,
                after=0.0 if step.refresh else step.seconds,
                within=target.within(0.0 if step.refresh else step.seconds),
            )
            observability.polled(_labels(client, seen), triggerer=True)
            step = target.observe(seen)
    return step


def _labels(client: GatewayClient, seen: Generation | GatewayError) -> Labels:
    return Labels(client.api.name, getattr(seen, "model", None))
