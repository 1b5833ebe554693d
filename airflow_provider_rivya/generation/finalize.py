"""From the end of the waiting to the result: the gateway's verdict, and the files."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from airflow_provider_rivya import observability
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import (
    DownloadError,
    GatewayError,
    GenerationError,
    NotFoundError,
    OutputError,
)
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.result import GenerationResult
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission.decide import EXPIRED, is_content_refusal
from airflow_provider_rivya.waiting.progress import failure_of

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.machine import Submitter
    from airflow_provider_rivya.submission.record import Record
    from airflow_provider_rivya.waiting.decide import Finished

log = logging.getLogger(__name__)

CLOCK_TOLERANCE: Final = 5.0
"""Seconds by which the gateway's clock, told by a header in whole seconds, may be ahead of what is known."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """
    What a deferral carries on to the resume: plain JSON, no key, no URL of a result.

    Templates render again on every resume, and no function of a decorator is called again; the model that
    was paid for and the place that was checked before paying are the ones that count.

    :param since: when this try began to wait, seconds since the epoch.
    :param category: of the model: where the gateway keeps the generation.
    :param inputs: the reference files' names for lineage.
    :param credits: reserved, where the gateway has told.
    """

    generation_id: str
    model: str
    output_path: str | None
    output_conn_id: str | None
    since: float | None = None
    category: str = "image"
    inputs: list[list[str]] = field(default_factory=list)
    credits: float | None = None


class Ending(Protocol):
    """What the end of a generation means to the task that waited for it."""

    @property
    def hook(self) -> GatewayClient: ...

    def unfinished(self, error: GenerationError, *, seen: bool) -> GenerationError:
        """
        Say what a waiting without the gateway's verdict costs and what a retry does.

        :param seen: whether the gateway has just shown the generation.
        """

    def failed(self, generation: Generation) -> GenerationError:
        """Note the gateway's verdict, and put it into words."""

    def not_landed(self, generation: Generation | None = None) -> str:
        """
        Say what a retry does about a result that could not be landed.

        :param generation: as the gateway has shown it, if it has by now.
        """

    def expired(self, generation: Generation) -> str:
        """Note that nobody can fetch the result any more, and say so."""

    def delivered(self, generation: Generation) -> None:
        """Note that the result is where it belongs."""


@dataclass(frozen=True)
class OwnEnding:
    """
    The end of a generation that this task submitted.

    :param record: as it was when the waiting ended.
    """

    submitter: Submitter
    record: Record

    @property
    def hook(self) -> GatewayClient:
        return self.submitter.hook

    @property
    def labels(self) -> Labels:
        return Labels(self.hook.api.NAME, self.record.model)

    def unfinished(self, error: GenerationError, *, seen: bool) -> GenerationError:
        lost = isinstance(error, NotFoundError) and not seen
        words = fate.unknown_there if lost else fate.still_running
        error.fate = words(self.submitter.situation(self.record))
        return error

    def failed(self, generation: Generation) -> GenerationError:
        error = failure_of(generation, self.hook.conn_id)
        self.submitter.records.note(self.record.failed(error.code, generation.credits_final))
        observability.failed(self.labels, generation.credits_final)
        situation = self.submitter.situation(self.record)
        if generation.credits_final is None or generation.credits_final > 0:
            error.fate = fate.failed_charged(situation)
            return without_retry(error)
        if is_content_refusal(error.code):
            error.fate = fate.refused_content(situation)
            return without_retry(error)
        error.fate = fate.failed_refunded(situation)
        return error

    def not_landed(self, generation: Generation | None = None) -> str:
        situation = self.submitter.situation(self.record)
        if generation is not None and generation.credits_final is not None:
            situation = replace(situation, credits=generation.credits_final)
        return fate.not_landed(situation)

    def expired(self, generation: Generation) -> str:
        if self.record.state != "delivered":  # a clear then submits anew, and not only where it was delivered
            self.submitter.records.note(self.record.failed(EXPIRED, generation.credits_final))
        return fate.expired(self.submitter.situation(self.record))

    def delivered(self, generation: Generation) -> None:
        self.submitter.records.note(self.record.delivered())
        if self.record.state == "delivered":  # landed once more: it was counted then
            return
        cost = generation.credits_final
        observability.delivered(
            self.labels,
            generation.credits_reserved if cost is None else cost,
            self._duration(generation),
        )

    def _duration(self, generation: Generation) -> timedelta | None:
        if generation.created_at is not None and generation.updated_at is not None:
            return generation.updated_at - generation.created_at
        begun = self.record.submitted_at
        return None if begun is None else timedelta(seconds=time.time() - begun)


def has_expired(error: OutputError, generation: Generation, now: float) -> bool:
    """
    Whether the gateway refuses a result whose time is over, so that no retry can fetch it. Pure.

    :param generation: as the gateway has just shown it.
    :param now: on the gateway's clock, seconds since the epoch.
    """
    return (
        isinstance(error, DownloadError)
        and error.http_status in (403, 404, 410)
        and generation.expires_at is not None
        and generation.expires_at.timestamp() <= now + CLOCK_TOLERANCE
    )


def conclude(
    ending: Ending,
    finished: Finished,
    pinned: Pinned,
    if_exists: Literal["overwrite", "fail", "skip"],
) -> dict[str, Any]:
    """
    Land a generation whose waiting has ended.

    :return: the result as a dict, for XCom.
    :raises GenerationError: with what happened, what it cost and what a retry will do.
    """
    from airflow_provider_rivya.landing.land import land
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.waiting.loop import not_ended

    hook = ending.hook
    labels = Labels(hook.api.NAME, pinned.model)
    if pinned.since is not None:
        observability.waited(labels, pinned.generation_id, pinned.since, finished.outcome)
    try:
        generation = hook.get_generation(pinned.generation_id, category=pinned.category)
    except GatewayError as error:
        # The waiting's own verdict is the better reason, where there is one.
        told: GenerationError = error
        if finished.outcome not in ("succeeded", "failed"):
            told = not_ended(finished, pinned.generation_id, hook.conn_id, error)
        raise ending.unfinished(told, seen=False) from None
    if generation.failed:
        raise ending.failed(generation)
    if not generation.succeeded:
        raise ending.unfinished(not_ended(finished, pinned.generation_id, hook.conn_id), seen=True)
    try:
        with observability.span("download", labels, generation_id=generation.id) as span:
            path = pinned.output_path
            place = None if path is None else OutputPlace(path, pinned.output_conn_id)
            outputs = land(hook, generation, place, if_exists=if_exists)
            sizes = [output.size_bytes for output in outputs if output.size_bytes is not None]
            observability.annotate(span, outputs=len(outputs), bytes=sum(sizes))
    except OutputError as error:
        error.generation_id, error.conn_id = generation.id, error.conn_id or hook.conn_id
        if has_expired(error, generation, time.time() + hook.clock_skew):
            error.advice, error.fate = None, ending.expired(generation)
            raise without_retry(error) from error.__cause__
        error.fate = ending.not_landed(generation)
        raise error from error.__cause__
    ending.delivered(generation)
    log.info(
        "Generation %s succeeded: %d output(s), %s.",
        generation.id,
        len(outputs),
        in_credits(generation.credits_final),
    )
    return GenerationResult.of(generation, hook.api.NAME, pinned.model, outputs).to_xcom()
