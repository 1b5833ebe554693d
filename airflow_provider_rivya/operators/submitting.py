"""From a request to a task id at the gateway, once: the record around the paid call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya import observability
from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GenerationError,
    IdempotencyConflictError,
    RateLimitedError,
)
from airflow_provider_rivya.generation import fate, submission
from airflow_provider_rivya.generation.submission import (
    Begin,
    Identity,
    OnRerun,
    OnUncertain,
    Reattach,
    Record,
    Repeat,
)
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.operators.records import RecordTakenError
from airflow_provider_rivya.operators.stopping import foreign, in_words, stopped

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.generation.request import GenerationRequest
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.operators.records import SafeRecords

log = logging.getLogger(__name__)

CONFLICT_PATIENCE: Final = 60.0
"""
Seconds for which ``idempotency_conflict`` is taken for "the first request is still in progress".

What the code means is not documented; the same bytes under the same key are repeated meanwhile.
"""
CONFLICT_PAUSE: Final = 3.0

FOREIGN_TOLERANCE: Final = 300.0
"""Seconds by which an answer's generation may be older than its request, as clocks are never the same."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """
    A generation that exists at the gateway.

    :param record: in state ``submitted`` or ``delivered``.
    :param answer: what the create call returned; ``None`` when an earlier try had submitted it.
    """

    record: Record
    answer: Generation | None

    @property
    def generation_id(self) -> str:
        return self.record.generation_id or ""

    def category(self, gateway: str) -> str:
        """Where the gateway keeps it: ``image``, ``video`` or ``audio``."""
        from airflow_provider_rivya.catalog.spec import category_of

        return self.record.category or category_of(gateway, self.record.model)


@dataclass(frozen=True, slots=True)
class Undo:
    """What the record was before this try's intent."""

    before: Record | None


@dataclass(frozen=True)
class Submitter:
    """
    Submits a request, or finds what an earlier try has submitted.

    :param hook: of the connection.
    :param records: where the record is kept.
    :param identity: of the task instance.
    :param epoch: its ``max_tries``.
    :param retries_left: automatic retries that Airflow will still make.
    :param killed: whether the task was asked to stop; looked at right before the paid call.
    """

    hook: GatewayHook
    records: SafeRecords
    identity: Identity
    epoch: int
    retries_left: int
    on_rerun_after_delivery: OnRerun = "regenerate"
    on_uncertain_submission: OnUncertain = "resubmit"
    killed: Callable[[], bool] = lambda: False

    def situation(self, record: Record | None = None) -> fate.Situation:
        """Return what decides the sentences about cost and retry."""
        return fate.Situation(
            durable=self.records.durable,
            retries_left=self.retries_left,
            generation_id=record.generation_id if record else None,
            credits=record.credits if record else None,
        )

    def ruling_record(self) -> Record | None:
        """
        Return the record of an earlier try that rules over what the templates render now.

        That is so until somebody clears the task, and as long as something may have been paid for.
        """
        record = self.records.read()
        if record is None or record.epoch != self.epoch or record.state == "failed":
            return None
        return record

    def obtain(self, request: GenerationRequest | None, make_body: Callable[[str], str]) -> Submitted:
        """
        Return the one generation of this task instance.

        :param request: validated; ``None`` when it cannot be made any more, but :meth:`ruling_record`
            has one of an earlier try.
        :param make_body: uploads the references and returns the exact JSON text; called only when
            something new is submitted.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        record = self.records.read()
        step = submission.next_step(
            record,
            now=time.time(),
            epoch=self.epoch,
            fingerprint=request.fingerprint if request else record.fingerprint if record else "",
            namespace=self.identity.namespace,
            on_rerun_after_delivery=self.on_rerun_after_delivery,
            on_uncertain_submission=self.on_uncertain_submission,
        )
        if isinstance(step, Begin):
            if request is None:
                raise RuntimeError("nothing can be begun without a request")
            return self._begin(step, request, make_body, before=record)
        if isinstance(step, Repeat):
            log.warning(
                "Resumed after a try that ended between sending and recording: sending the same request "
                "under the same idempotency key %s.",
                step.record.key,
            )
            return self._post(step.record)
        if isinstance(step, Reattach):
            if step.record != record:
                self.records.note(step.record, adopt=True)
            return self._reattach(step)
        raise stopped(step, self.situation)

    def recorded(self, generation_id: str | None, model: str) -> Record:
        """
        Return what is recorded of this task instance when it goes on after a deferral.

        Where nothing outlives a try, or the record cannot be read now, a record is put together
        from what the deferral carried: the generation exists, whatever the record's place says.
        """
        try:
            record = self.records.read()
        except GenerationError as error:
            log.warning("Going on without the submission record: the generation exists. %s", error)
            record = None
        if record is not None and generation_id in (None, record.generation_id):
            return record
        return Record(
            state="submitted",
            epoch=self.epoch,
            attempt=0,
            fingerprint="",
            key="",
            begun_at=0.0,
            conn_id=self.hook.conn_id,
            model=model,
            generation_id=generation_id,
        )

    # -- the branches ------------------------------------------------------------------------------

    def _begin(
        self, step: Begin, request: GenerationRequest, make_body: Callable[[str], str], before: Record | None
    ) -> Submitted:
        if step.abandoned is not None:
            log.warning(
                "The task was cleared and asks for something else now. Left behind: %s.",
                in_words(step.abandoned),
            )
        key = submission.idempotency_key(self.identity, step.epoch, step.attempt, request.fingerprint)
        body = self._upload(lambda: make_body(key))
        record = Record(
            state="intent",
            epoch=step.epoch,
            attempt=step.attempt,
            fingerprint=request.fingerprint,
            key=key,
            begun_at=time.time(),
            conn_id=self.hook.conn_id,
            model=request.model,
            body=body,
            namespace=self.identity.namespace,
            category=request.category,
        )
        try:
            self.records.begin(record, before)
        except RecordTakenError:
            return self._follow()
        return self._post(record, Undo(before))

    def _follow(self) -> Submitted:
        """Another copy of this task instance was first: wait for what it records, and re-attach."""
        log.warning("Another process of this task is submitting right now; waiting for its record.")
        patience = time.monotonic() + CONFLICT_PATIENCE
        while True:
            record = self.records.read()
            if record is not None and record.state != "intent":
                return self._reattach(Reattach(record))
            if record is not None and time.monotonic() >= patience:
                # It died in between: its bytes under its key, as after any crash.
                return self._post(record)
            if record is None and time.monotonic() >= patience:
                raise GenerationError(
                    "Another process of this task took its submission back",
                    conn_id=self.hook.conn_id,
                    fate=fate.not_submitted(self.situation(), final=False),
                    retryable=True,
                )
            time.sleep(CONFLICT_PAUSE)

    def _upload(self, make_body: Callable[[], str]) -> str:
        try:
            return make_body()
        except GatewayError as error:
            final = not error.retryable
            error.fate = fate.not_submitted(self.situation(), final=final)
            raise without_retry(error) if final else error from None

    def _post(self, record: Record, undo: Undo | None = None) -> Submitted:
        """
        Send the recorded body.

        :param undo: how to take the intent back; ``None`` when it is an earlier try's, which may
            have been taken in.
        """
        if self.killed():
            if undo:
                self.records.take_back(undo.before, record)
            raise GenerationError(
                "The task was asked to stop before the request was sent",
                conn_id=self.hook.conn_id,
                fate=fate.not_submitted(self.situation(), final=False),
            )
        if self.retries_left == 0 and self.records.durable:
            log.warning(
                "This task has no retry left. Should its worker die from here on, the paid result is fetched "
                "only when somebody clears the task; retries=1 or more does it without a person."
            )
        labels = Labels(self.hook.api.NAME, record.model)
        try:
            with observability.span("submit", labels) as span:
                answer = self._create(record)
                observability.annotate(
                    span, generation_id=answer.generation_id if isinstance(answer, Record) else answer.id
                )
        except GatewayError as error:
            raise self._refused(error, record, undo) from None
        if isinstance(answer, Record):
            return self._reattach(Reattach(answer))
        if older_by := self._is_foreign(answer, record):
            self.records.take_back(undo.before if undo else None, record)
            raise foreign(answer, record, older_by)
        record = record.submitted(answer.id, answer.credits_reserved, time.time())
        self.records.note(record, adopt=undo is None)
        observability.submitted(labels)
        log.info(
            "Submitted generation %s: model %s, %s, connection %s.",
            answer.id,
            record.model,
            self.situation(record).paid,
            record.conn_id,
        )
        return Submitted(record, answer)

    def _create(self, record: Record) -> Generation | Record:
        """Return the gateway's answer, or the record of another process that got one meanwhile."""
        patience = time.monotonic() + CONFLICT_PATIENCE
        while True:
            try:
                return self.hook.create_generation(
                    record.body or "", record.key, category=record.category or "image"
                )
            except IdempotencyConflictError as error:
                if time.monotonic() >= patience:
                    raise
                log.warning("%s It may be in progress: asking again in %.0f s.", error, CONFLICT_PAUSE)
                time.sleep(CONFLICT_PAUSE)
                meanwhile = self.records.read()
                if meanwhile is not None and meanwhile.key == record.key and meanwhile.generation_id:
                    return meanwhile

    def _refused(self, error: GatewayError, record: Record, undo: Undo | None) -> GenerationError:
        if error.maybe_taken_in or undo is None:
            error.fate = fate.uncertain(self.situation(record))
            return error
        # Certainly not taken in: the next try starts from nothing.
        self.records.take_back(undo.before, record)
        passing = isinstance(error, RateLimitedError | GatewayUnavailableError) or error.retryable
        error.fate = fate.not_submitted(self.situation(), final=not passing)
        return error if passing else without_retry(error)

    def _is_foreign(self, answer: Generation, record: Record) -> float:
        """Return by how many seconds the answer's generation is older than the request; 0 if it is not."""
        if answer.created_at is None or not self.records.durable:
            # Without a record an earlier try of this task may well have made it.
            return 0.0
        begun_there = record.begun_at + self.hook.clock_skew
        older_by = begun_there - answer.created_at.timestamp()
        return older_by if older_by > FOREIGN_TOLERANCE else 0.0

    def _reattach(self, step: Reattach) -> Submitted:
        record = step.record
        observability.reattached(Labels(self.hook.api.NAME, record.model))
        log.info(
            "Resumed after an earlier try: re-attaching to generation %s (%s); nothing is submitted again.",
            record.generation_id,
            self.situation(record).paid,
        )
        if step.changed:
            log.warning(
                "The request renders otherwise than when generation %s was submitted; the submitted one "
                "rules. Clear the task to have the new request generated.",
                record.generation_id,
            )
        return Submitted(record, None)
