"""
What an observation of a generation means for whoever waits for it. Pure: time is passed in.

The worker, the trigger and the sensor wait through the same :class:`Wait`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    NotFoundError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.waiting.durations import Likely
    from airflow_provider_rivya.waiting.schedule import Schedule

Outcome = Literal["succeeded", "failed", "timeout", "not_found", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class Patience:
    """
    For how long faults are waited out that may pass.

    :param refused: seconds for which a 401 or 403 pauses the polling: a key may be being replaced.
    :param not_found: seconds for which a 404 on a known task id is tolerated.
    """

    refused: float = 600.0
    not_found: float = 60.0


PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Sleep:
    """Ask again after ``seconds``. ``refresh`` asks to read the connection again first."""

    seconds: float
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """
    The waiting is over.

    :param outcome: ``succeeded`` and ``failed`` are the gateway's verdict; ``timeout`` is our
        deadline; ``not_found`` and ``refused`` are errors that outlasted their grace; ``stopped``: the task
        was asked to stop.
    :param code: the gateway's error code, where there is one.
    :param generation: as the gateway has just shown it, if it has ended.
    """

    outcome: Outcome
    code: str | None = None
    generation: Generation | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, generation: Generation) -> Finished:
        """Return the end of a generation that has ended."""
        if generation.succeeded:
            return cls("succeeded", generation=generation)
        return cls("failed", generation.failure.code if generation.failure else None, generation)


class Wait:
    """
    The waiting for one generation.

    :param schedule: when to poll.
    :param submitted_at: when it was submitted, seconds since the epoch.
    :param deadline: when to give up, seconds since the epoch. Absolute, so that a restart of the
        triggerer does not prolong it.
    :param seed: spreads the polls of many tasks; the task id.
    :param patience: with faults that may pass.
    :param likely: when generations of its model end, where that is known.
    :param dated: ``submitted_at`` is known; else the waiting began then, and the gateway may tell better.
    """

    def __init__(
        self,
        schedule: Schedule,
        submitted_at: float,
        deadline: float,
        seed: str,
        patience: Patience = PATIENCE,
        likely: Likely | None = None,
        *,
        dated: bool = True,
    ) -> None:
        self.likely = likely
        self.dated = dated
        self._patience = patience
        self._schedule = schedule
        self.submitted_at = submitted_at
        self._deadline = deadline
        self._seed = seed
        self._looked_at = submitted_at
        self.interval = 0.0
        """Seconds between the last look and the one before."""
        self._refused_since: float | None = None
        self._missing_since: float | None = None

    def first(self, now: float) -> Sleep:
        """Return the wait before the first observation; none for a generation that is not new."""
        elapsed = now - self.submitted_at
        new = elapsed < max(self._schedule.first, self._schedule.early(self.likely) if self.likely else 0.0)
        early = self._schedule.delay(elapsed, seed=self._seed, likely=self.likely) if new else 0.0
        return Sleep(self._until_deadline(early, now))

    def first_of_many(self, now: float) -> Sleep:
        """Return the same for a triggerer, which after a restart begins with all at the same moment."""
        step = self.first(now)
        if step.seconds > 0:
            return step
        return Sleep(
            self._until_deadline(self._schedule.after_restart(now - self.submitted_at, seed=self._seed), now)
        )

    def date(self, now: float, seen: Generation | GatewayError) -> None:
        """Take over when it was submitted, where only the gateway knows that."""
        created = None if self.dated else getattr(seen, "created_at", None)
        if created is not None and created.timestamp() <= now:
            self.submitted_at = self._looked_at = created.timestamp()
            self.dated = True

    def after(self, now: float, seen: Generation | GatewayError) -> Sleep | Finished:
        """
        Decide what follows from an observation.

        After submission nothing is final but the gateway's own verdict: a fault of the network,
        5xx, 429 or an answer that cannot be read are waited out until the deadline.

        :param seen: what the gateway answered, or the error in its place.
        """
        hint, queued = None, False
        self.interval, self._looked_at = now - self._looked_at, now
        if isinstance(seen, GatewayError):
            over = self._grace_over(now, seen)
            if over is not None:
                return over
            hint = seen.retry_after
        else:
            self._refused_since = self._missing_since = None
            if seen.ended:
                return Finished.of(seen)
            queued = seen.queued
        if now >= self._deadline:
            return Finished("timeout")
        delay = self._schedule.delay(
            now - self.submitted_at, seed=self._seed, hint=hint, queued=queued, likely=self.likely
        )
        return Sleep(self._until_deadline(delay, now), refresh=self._refused_since is not None)

    def _grace_over(self, now: float, error: GatewayError) -> Finished | None:
        if isinstance(error, AuthenticationError | PermissionDeniedError):
            self._refused_since = now if self._refused_since is None else self._refused_since
            if now - self._refused_since >= self._patience.refused:
                return Finished("refused", error.code)
        elif isinstance(error, NotFoundError):
            self._missing_since = now if self._missing_since is None else self._missing_since
            if now - self._missing_since >= self._patience.not_found:
                return Finished("not_found", error.code)
        return None

    def _until_deadline(self, delay: float, now: float) -> float:
        """The last observation is at the deadline, not up to one interval before it."""
        return max(0.0, min(delay, self._deadline - now))
