"""From the end of the waiting to the result: the gateway's verdict, the files, the record."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from airflow_provider_rivya import observability
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import (
    DownloadError,
    GatewayError,
    GenerationError,
    NotFoundError,
    OutputError,
)
from airflow_provider_rivya.landing.checks import STRUCTURE, Checks
from airflow_provider_rivya.landing.fetch import RETRIES, Retries
from airflow_provider_rivya.landing.land import land
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.result import GenerationResult
from airflow_provider_rivya.submission.decide import is_content_refusal
from airflow_provider_rivya.submission.record import EXPIRED
from airflow_provider_rivya.waiting.verdict import AskedToStopError, failure_of, not_ended

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace
    from airflow_provider_rivya.submission.context import Outcome, SubmissionContext
    from airflow_provider_rivya.submission.record import Record
    from airflow_provider_rivya.waiting.decide import Finished

log = logging.getLogger(__name__)

CLOCK_TOLERANCE: Final = 5.0
"""Seconds by which the gateway's clock, told by a header in whole seconds, may be ahead of what is known."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """
    A generation whose waiting has ended.

    :param model: as it was asked for.
    :param category: where the gateway keeps it.
    :param since: when this try began to wait, seconds since the epoch.
    :param outputs: how many results it can have; ``None``: what the catalogue knows of the model counts.
    """

    generation_id: str
    model: str
    category: str
    since: float | None = None
    outputs: int | None = None


class OutcomePolicy(Protocol):
    """What the end of a generation means to whoever waited for it: words, and what is recorded."""

    def unfinished(self, error: GenerationError, *, seen: bool) -> GenerationError:
        """
        Say what a waiting without the gateway's verdict costs and what a retry does.

        :param seen: whether the gateway has just shown the generation.
        """

    def failed(self, generation: Generation, conn_id: str) -> GenerationError:
        """Note the gateway's verdict, and put it into words."""

    def not_landed(self, generation: Generation) -> str:
        """Say what a retry does about a result that could not be landed."""

    def expired(self, generation: Generation) -> str:
        """Note that nobody can fetch the result any more, and say so."""

    def delivered(self, generation: Generation) -> None:
        """Note that the result is where it belongs."""


@dataclass(frozen=True)
class OwnOutcome:
    """
    The end of a generation that the task itself has submitted.

    :param record: as it was when the waiting ended.
    """

    context: SubmissionContext
    record: Record

    @property
    def _labels(self) -> Labels:
        return Labels(self.context.client.api.name, self.record.model)

    def unfinished(self, error: GenerationError, *, seen: bool) -> GenerationError:
        outcome: Outcome = "stopped" if isinstance(error, AskedToStopError) else "running"
        if isinstance(error, NotFoundError) and not seen:
            outcome = "unknown_there"
        return error.replace(fate=self.context.words.fate(outcome, self.record))

    def failed(self, generation: Generation, conn_id: str) -> GenerationError:
        cost, code = generation.credits_final, generation.failure.code if generation.failure else None
        self.context.records.save(self.record.failed(code, cost))
        observability.failed(self._labels, cost)
        words, record = self.context.words, self.record
        if cost is None or cost > 0:
            return failure_of(generation, conn_id, fate=words.fate("charged", record), final=True)
        if is_content_refusal(code):
            return failure_of(generation, conn_id, fate=words.fate("refused", record), final=True)
        return failure_of(generation, conn_id, fate=words.fate("refunded", record))

    def not_landed(self, generation: Generation) -> str:
        return self.context.words.fate("not_landed", self.record, credits=generation.credits_final)

    def expired(self, generation: Generation) -> str:
        # A clear then submits again: what was delivered it would only look for where results are reused.
        if not self.record.is_delivered or self.context.policy.on_rerun_after_delivery == "reuse":
            self.context.records.save(self.record.failed(EXPIRED, generation.credits_final))
        return self.context.words.fate("expired", self.record)

    def delivered(self, generation: Generation) -> None:
        self.context.records.save(self.record.delivered())
        if self.record.is_delivered:  # landed once more: it was counted then
            return
        cost = generation.credits_final
        observability.delivered(
            self._labels, generation.credits_reserved if cost is None else cost, self._duration(generation)
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


def finalize(
    client: GatewayClient,
    outcome: OutcomePolicy,
    awaited: Awaited,
    finished: Finished,
    place: OutputPlace | None,
    *,
    if_exists: IfExists = "overwrite",
    stop: Stop | None = None,
    retries: Retries = RETRIES,
    checks: Checks = STRUCTURE,
) -> GenerationResult:
    """
    Land a generation whose waiting has ended.

    :param finished: with the generation itself, if it has just been seen as ended; else it is read.
    :param place: where its files go; ``None`` hands on the URLs alone.
    :param stop: ends transfers.
    :param checks: how the files are looked at.
    :raises GenerationError: with what happened, what it cost and what a retry will do.
    """
    labels = Labels(client.api.name, awaited.model)
    if awaited.since is not None:
        observability.waited(labels, awaited.generation_id, awaited.since, finished.outcome)
    generation = finished.generation or _read(client, outcome, awaited, finished)
    if generation.failed:
        raise outcome.failed(generation, client.conn_id)
    if not generation.succeeded:
        error = not_ended(finished, awaited.generation_id, client.conn_id)
        raise outcome.unfinished(error, seen=True)
    try:
        with observability.span("download", labels, generation_id=generation.id) as span:
            outputs = land(
                client,
                _bounded(generation, awaited, client),
                place,
                if_exists=if_exists,
                stop=stop,
                retries=retries,
                checks=checks,
            )
            sizes = [output.size_bytes for output in outputs if output.size_bytes is not None]
            observability.annotate(span, outputs=len(outputs), bytes=sum(sizes))
    except OutputError as error:
        told = error.replace(generation_id=generation.id, conn_id=error.conn_id or client.conn_id)
        if has_expired(error, generation, time.time() + client.clock_skew):
            raise told.replace(advice=None, fate=outcome.expired(generation), final=True) from error.__cause__
        kept = _until(generation).removeprefix("; i")
        advice = " ".join(filter(None, (told.advice, f"I{kept}." if kept else "")))
        raise told.replace(advice=advice or None, fate=outcome.not_landed(generation)) from error.__cause__
    outcome.delivered(generation)
    log.info(
        "Generation %s succeeded: %d output(s), %s%s.",
        generation.id,
        len(outputs),
        in_credits(generation.credits_final),
        _until(generation),
    )
    return GenerationResult.of(generation, client.api.name, awaited.model, outputs)


def _bounded(generation: Generation, awaited: Awaited, client: GatewayClient) -> Generation:
    """Return a generation with no more results than its request can have."""
    from airflow_provider_rivya.catalog.bundled import outputs_of

    most = awaited.outputs or outputs_of(client.api.name, awaited.model)
    beyond = 0 if most is None else len(generation.urls) - most
    if beyond <= 0:
        return generation
    log.warning(
        "Generation %s lists %d result(s) more than its request can have: the first %d are stored. "
        "The others are at the gateway%s.",
        generation.id,
        beyond,
        most,
        _until(generation).removeprefix(";"),
    )
    return generation.model_copy(update={"urls": generation.urls[:most]})


def _until(generation: Generation) -> str:
    """Say how long the gateway keeps the result, where it tells that."""
    if generation.expires_at is None:
        return ""
    return f"; its URLs work until {generation.expires_at:%Y-%m-%d %H:%M:%S} UTC"


def _read(client: GatewayClient, outcome: OutcomePolicy, awaited: Awaited, finished: Finished) -> Generation:
    if finished.outcome == "stopped":
        raise outcome.unfinished(not_ended(finished, awaited.generation_id, client.conn_id), seen=True)
    try:
        return client.get_generation(awaited.generation_id, category=awaited.category)
    except GatewayError as error:
        # The waiting's own verdict is the better reason, where there is one.
        told: GenerationError = error
        if finished.outcome not in ("succeeded", "failed"):
            told = not_ended(finished, awaited.generation_id, client.conn_id, error)
        raise outcome.unfinished(told, seen=False) from None
