"""The paid call: the last look before it, the call, and what becomes of an answer that did not come."""

from __future__ import annotations

import logging
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
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.submission import decide
from airflow_provider_rivya.submission.decide import Asked, Stop
from airflow_provider_rivya.submission.errors import gone_on, not_looked_up, not_ours, overtaken
from airflow_provider_rivya.submission.lookup import look_up, of_another_request, older_than_request
from airflow_provider_rivya.submission.messages import when
from airflow_provider_rivya.submission.record import Record

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.context import SubmissionContext
    from airflow_provider_rivya.submission.decide import Finding

log = logging.getLogger(__name__)

_SLACK: Final = 2.0
"""Seconds: the gateway's clock is known by whole ones, and an answer is on its way for some time."""


def made_by_repeat(made: float, *, begun: float, sent_at: float) -> bool:
    """
    Tell whether a generation was made when its request was repeated, and not when it was first sent.

    Where the two were sent shortly one after the other, their times cannot be told apart: the answer is no.

    :param made: when the generation was made, by our clock; all times are seconds since the epoch.
    """
    return made >= max(sent_at - _SLACK, begun + 2 * _SLACK)


@dataclass(frozen=True, slots=True)
class Undo:
    """What the record was before this try's intent."""

    before: Record | None


@dataclass(frozen=True)
class PaidCall:
    """
    One intent on its way to the gateway.

    :param record: the intent, as it is stored and with this process as its holder.
    :param undo: how to take it back; ``None`` when it is an earlier try's, which may have been taken in.
    :param stop: makes the error for a request that only a person can go on from, and notes that.
    """

    context: SubmissionContext
    record: Record
    undo: Undo | None
    stop: Callable[[Stop, Record, Finding, GatewayError], GenerationError]

    def send(self) -> Generation | Record | None:
        """
        Send the recorded body.

        :return: the gateway's answer; the record of another process that got one meanwhile; or ``None``,
            and nothing was sent: another process has taken the intent over.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        context, record = self.context, self.record
        if context.words.risk:
            log.warning("%s", context.words.risk)
        if not self._still_mine():
            return None
        if context.stopped():
            raise self._asked_to_stop()
        try:
            sent_at = context.clock.time()
            with observability.span("submit", Labels(context.client.api.name, record.model)) as span:
                answer = self._create()
                observability.annotate(
                    span, generation_id=answer.generation_id if isinstance(answer, Record) else answer.id
                )
        except GatewayError as error:
            if context.replays_keys or not error.maybe_taken_in:
                raise self._refused(error) from None
            return self._looked_up(error)
        if isinstance(answer, Record):
            return answer
        if why := self._why_foreign(answer):
            context.records.withdraw(self.undo.before if self.undo else None, record)
            raise not_ours(answer, record, why, context.words)
        if self.undo is None:
            self._tell_repeat(answer, sent_at)
        return answer

    def _tell_repeat(self, answer: Generation, sent_at: float) -> None:
        """Name what may have been paid twice: the gateway made it now, and not when it was first asked to."""
        begun, made = self.record.begun_at, answer.created_at
        if made is None or not made_by_repeat(
            made.timestamp() - self.context.client.clock_skew, begun=begun, sent_at=sent_at
        ):
            return
        log.warning(
            "Generation %s was made by this repeat, %.0f s after its request was first sent. Either that one "
            "never arrived, or the gateway does not know the key %s any more and both are paid for: look at "
            "the account for a generation of about %s.",
            answer.id,
            sent_at - begun,
            self.record.key,
            when(begun),
        )

    def _asked_to_stop(self) -> GenerationError:
        """Return the error for a task that was asked to stop; an earlier try may have sent the request."""
        context, record = self.context, self.record
        if self.undo is not None:
            context.records.withdraw(self.undo.before, record)
        return GenerationError(
            "The task was asked to stop before the request was sent",
            conn_id=context.client.conn_id,
            fate=context.words.fate("uncertain", record)
            if self.undo is None
            else context.words.fate("not_submitted", left=_pending(self.undo.before)),
        )

    def _still_mine(self) -> bool:
        """
        Look whether the intent may still be sent by this process: the last thing before the paid call.

        While this one was stopped, or cut off from its worker, a try after it may have taken the intent
        over, taken it back, or gone on to another one.
        """
        context = self.context
        there = context.records.look_again(self.record)
        if there == self.record:
            return True
        context.records.current = None  # not this one's any more
        if there is None or there.is_withdrawn:
            raise overtaken(None, context.client.conn_id, context.words)
        if there.key != self.record.key:
            raise gone_on(there, context.client.conn_id, context.words)
        return False

    def _create(self) -> Generation | Record:
        context, record = self.context, self.record
        patience = context.clock.monotonic() + context.policy.conflict_patience
        while True:
            try:
                return context.client.create_generation(
                    record.body or "", record.key, category=record.category or "image"
                )
            except IdempotencyConflictError as error:
                waits = context.replays_keys and not error.other_request and not context.stopped()
                if not waits or context.clock.monotonic() >= patience:
                    raise
                pause = context.policy.conflict_pause
                log.warning("%s It may be in progress: asking again in %.0f s.", error, pause)
                context.clock.sleep(pause)
                meanwhile = self._recorded_meanwhile()
                if meanwhile is not None:
                    return meanwhile

    def _recorded_meanwhile(self) -> Record | None:
        """Return this submission, if another process has recorded its answer; a read error is no news."""
        try:
            there = self.context.records.load()
        except GenerationError as error:
            log.warning("%s", error.message)
            return None
        return there if there is not None and there.key == self.record.key and there.generation_id else None

    def _looked_up(self, error: GatewayError) -> Generation:
        """
        Look up what was sent, at a gateway that replays no keys.

        :raises GenerationError: it is not there, or could not be looked up.
        """
        context, record = self.context, self.record
        log.warning("%s Looking it up at the gateway, under the id %s.", error, record.key)
        try:
            finding = look_up(context, record, patiently=True)
        except GatewayError as failed:
            raise not_looked_up(error, record, context.words, failed) from None
        if finding.ours is not None:
            return finding.ours
        step = decide.next_step(
            record,
            Asked(record.fingerprint, record.namespace, record.conn_id, replays_keys=False),
            context.facts,
            context.policy,
            now=context.clock.time(),
            looked_up=finding.outcome,
        )
        if isinstance(step, Stop):
            raise self.stop(step, record, finding, error) from None
        # A new attempt is the next try's: Airflow counts those, and waits between them.
        raise error.replace(fate=context.words.fate("uncertain", record)) from None

    def _refused(self, error: GatewayError) -> GenerationError:
        context = self.context
        if error.maybe_taken_in or self.undo is None:
            context.records.adopt(self.record.released(), self.record)
            if isinstance(error, IdempotencyConflictError) and error.other_request:
                return error.replace(fate=context.words.impasse("other_request", self.record), final=True)
            return error.replace(fate=context.words.fate("uncertain", self.record))
        # Certainly not taken in: the next try starts from nothing.
        context.records.withdraw(self.undo.before, self.record)
        return not_submitted(context, error, self.undo.before)

    def _why_foreign(self, answer: Generation) -> str:
        """Say what shows that the answer's generation was not made by the request; empty if nothing does."""
        context, client = self.context, self.context.client
        if not context.replays_keys:
            # Every creation makes its own generation: only the gateway's clock is wrong.
            return ""
        if context.records.durable:  # else an earlier try of this task may well have made it
            tolerance = context.policy.foreign_tolerance
            own = self.undo is not None
            if older_by := older_than_request(answer, self.record, client, tolerance, own=own):
                return f"was created {older_by:.0f} s before this request was made"
        return of_another_request(answer, self.record, client)


def not_submitted(context: SubmissionContext, error: GatewayError, before: Record | None) -> GatewayError:
    """
    Return the error for a request that was certainly not taken in.

    :param before: what an earlier try has left.
    """
    passing = isinstance(error, RateLimitedError | GatewayUnavailableError) or error.retryable
    fate = context.words.fate("not_submitted", final=not passing, left=_pending(before))
    return error.replace(fate=fate, final=not passing)


def _pending(record: Record | None) -> Record | None:
    """Return what an earlier try has left, if that may run or be paid for without a result."""
    return record if record is not None and record.pending else None
