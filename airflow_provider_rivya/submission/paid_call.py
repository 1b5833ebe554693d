"""The paid call: the last look before it, the call, and what becomes of an answer that did not come."""

from __future__ import annotations

import logging
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
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.submission import decide as submission
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission.decide import Stop
from airflow_provider_rivya.submission.lookup import older_than_request
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stopping import (
    foreign,
    gone_on,
    left_behind,
    not_looked_up,
    overtaken,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.machine import Submitter

log = logging.getLogger(__name__)

CONFLICT_PATIENCE: Final = 60.0
"""
Seconds for which ``idempotency_conflict`` is taken for "the first request is still in progress".

What the code means is not documented; the same bytes under the same key are repeated meanwhile.
"""
CONFLICT_PAUSE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Undo:
    """What the record was before this try's intent."""

    before: Record | None


@dataclass(frozen=True)
class PaidCall:
    """
    One intent on its way to the gateway.

    :param task: whose it is.
    :param record: the intent, as it is stored and with this process as its holder.
    :param undo: how to take it back; ``None`` when it is an earlier try's, which may have been taken in.
    """

    task: Submitter
    record: Record
    undo: Undo | None

    def send(self) -> Generation | Record | None:
        """
        Send the recorded body.

        :return: the gateway's answer; the record of another process that got one meanwhile; or ``None``,
            and nothing was sent: another process has taken the intent over.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        task, record = self.task, self.record
        if task.retries_left == 0 and task.records.durable:
            log.warning(
                "This task has no retry left. Should its worker die from here on, the paid result is fetched "
                "only when somebody clears the task; retries=1 or more does it without a person."
            )
        if not self._still_mine():
            return None
        if task.killed():
            raise self._stopped()
        try:
            with observability.span("submit", Labels(task.hook.api.NAME, record.model)) as span:
                answer = self._create()
                observability.annotate(
                    span, generation_id=answer.generation_id if isinstance(answer, Record) else answer.id
                )
        except GatewayError as error:
            if task.replays_keys or not error.maybe_taken_in:
                raise self._refused(error) from None
            return self._looked_up(error)
        if not isinstance(answer, Record) and (older_by := self._foreign_by(answer)):
            task.records.take_back(self.undo.before if self.undo else None, record)
            raise foreign(answer, record, older_by)
        return answer

    def _stopped(self) -> GenerationError:
        """Return the error for a task that was asked to stop; an earlier try may have sent the request."""
        task, record = self.task, self.record
        if self.undo is not None:
            task.records.take_back(self.undo.before, record)
        return GenerationError(
            "The task was asked to stop before the request was sent",
            conn_id=task.hook.conn_id,
            fate=fate.uncertain(task.situation(record))
            if self.undo is None
            else fate.not_submitted(task.situation(), final=False, left=left_behind(self.undo.before)),
        )

    def _still_mine(self) -> bool:
        """
        Look whether the intent may still be sent by this process: the last thing before the paid call.

        While this one was stopped, or cut off from its worker, a try after it may have taken the intent
        over, taken it back, or gone on to another one.
        """
        if not self.task.records.durable:
            return True
        there = self.task.records.read()
        if there == self.record:
            return True
        self.task.records.held = None  # not this one's any more
        if there is None or there.state == "withdrawn":
            raise overtaken(None, self.task.hook.conn_id, self.task.situation())
        if there.key != self.record.key:
            raise gone_on(there, self.task.hook.conn_id, self.task.situation(there))
        return False

    def _create(self) -> Generation | Record:
        task, record = self.task, self.record
        patience = task.clock.monotonic() + CONFLICT_PATIENCE
        while True:
            try:
                return task.hook.create_generation(
                    record.body or "", record.key, category=record.category or "image"
                )
            except IdempotencyConflictError as error:
                if not task.replays_keys or task.killed() or task.clock.monotonic() >= patience:
                    raise
                log.warning("%s It may be in progress: asking again in %.0f s.", error, CONFLICT_PAUSE)
                task.clock.sleep(CONFLICT_PAUSE)
                meanwhile = self._recorded_meanwhile()
                if meanwhile is not None:
                    return meanwhile

    def _recorded_meanwhile(self) -> Record | None:
        """Return this submission, if another process has recorded its answer; a read error is no news."""
        try:
            there = self.task.records.read()
        except GenerationError as error:
            log.warning("%s", error.message)
            return None
        return there if there is not None and there.key == self.record.key and there.generation_id else None

    def _looked_up(self, error: GatewayError) -> Generation:
        """
        Look up what was sent, at a gateway that replays no keys.

        :raises GenerationError: it is not there, or could not be looked up.
        """
        task, record = self.task, self.record
        log.warning("%s Looking it up at the gateway, under the id %s.", error, record.key)
        try:
            finding = task.find(record, patiently=True)
        except GatewayError as failed:
            raise not_looked_up(error, record, task.situation(record), failed) from None
        if finding.ours is not None:
            return finding.ours
        step = submission.next_step(
            record,
            now=task.clock.time(),
            epoch=record.epoch,
            fingerprint=record.fingerprint,
            namespace=record.namespace,
            on_uncertain_submission=task.on_uncertain_submission,
            replays_keys=False,
            looked_up=finding.outcome,
        )
        if isinstance(step, Stop):
            raise task.stop(step, record, finding, error) from None
        # A new attempt is the next try's: Airflow counts those, and waits between them.
        error.fate = fate.uncertain(task.situation(record))
        raise error from None

    def _refused(self, error: GatewayError) -> GenerationError:
        task = self.task
        if error.maybe_taken_in or self.undo is None:
            error.fate = fate.uncertain(task.situation(self.record))
            return error
        # Certainly not taken in: the next try starts from nothing.
        task.records.take_back(self.undo.before, self.record)
        passing = isinstance(error, RateLimitedError | GatewayUnavailableError) or error.retryable
        left = left_behind(self.undo.before)
        error.fate = fate.not_submitted(task.situation(), final=not passing, left=left)
        return error if passing else without_retry(error)

    def _foreign_by(self, answer: Generation) -> float:
        """Return by how many seconds the answer's generation is older than the request; 0 if it is not."""
        if not self.task.records.durable:
            # Without a record an earlier try of this task may well have made it.
            return 0.0
        if not self.task.replays_keys:
            # Every creation makes its own generation: only the gateway's clock is wrong.
            return 0.0
        return older_than_request(answer, self.record, self.task.hook.clock_skew)
