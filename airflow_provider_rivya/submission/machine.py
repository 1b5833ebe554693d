"""From a request to a task id at the gateway, once: the record around the paid call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_provider_rivya import observability
from airflow_provider_rivya.credits import reserved
from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.submission import decide
from airflow_provider_rivya.submission.context import Submission, SubmissionContext
from airflow_provider_rivya.submission.decide import Asked, Begin, Finding, LookUp, Reattach, Repeat, Stop
from airflow_provider_rivya.submission.errors import (
    NothingBegunError,
    cannot_begin,
    interrupted,
    not_looked_up,
    not_the_only_row,
    overtaken,
    sent_elsewhere,
    stopped,
)
from airflow_provider_rivya.submission.identity import is_later, made_at
from airflow_provider_rivya.submission.lookup import look_up
from airflow_provider_rivya.submission.messages import why_begun
from airflow_provider_rivya.submission.paid_call import PaidCall, Undo, not_submitted
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import RecordTakenError

if TYPE_CHECKING:
    from airflow_provider_rivya.request.request import GenerationRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What is asked for now.

    :param request: validated; ``None`` when it cannot be made any more.
    :param make_body: gets the key that it will be sent under, which some gateways want in the body;
        uploads the references and returns the exact JSON text; called only when something new is submitted.
    """

    request: GenerationRequest | None
    make_body: Callable[[str], str]


@dataclass(frozen=True)
class Submitter:
    """Submits a request, or finds what an earlier try has submitted."""

    context: SubmissionContext

    def ruling_record(self) -> Record | None:
        """
        Return the record of an earlier try that rules over what the templates render now.

        That is so until somebody clears the task, and as long as something may have been paid for.
        """
        record = self.context.records.load()
        return record if record is not None and record.rules(self.context.facts.epoch) else None

    def ensure_submitted(self, wanted: Wanted) -> Submission:
        """
        Return the one generation of this task instance.

        :param wanted: without a request where :meth:`ruling_record` has one of an earlier try.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        return self._go_on(self.context.records.load(), wanted)

    def _go_on(self, record: Record | None, wanted: Wanted, finding: Finding | None = None) -> Submission:
        """
        Do what the record asks for.

        :param record: as it is stored.
        :param finding: of a look-up of this very record.
        """
        context, request = self.context, wanted.request
        step = decide.next_step(
            record,
            Asked(
                request.fingerprint if request else record.fingerprint if record else "",
                context.identity.namespace,
                context.client.conn_id,
                context.replays_keys,
                context.identity.row_key,
            ),
            context.facts,
            context.policy,
            now=context.clock.time(),
            looked_up=finding.outcome if finding else None,
        )
        if isinstance(step, Begin):
            return self._begin(step, wanted, before=record)
        if isinstance(step, Repeat):
            return self._repeat(step, record, wanted)
        if isinstance(step, LookUp):
            return self._look_up(step, wanted)
        if isinstance(step, Reattach):
            if record is not None:
                context.records.adopt(step.record, record)
            return self._reattach(step)
        raise self.stop(step, record, finding)

    def stop(
        self, step: Stop, record: Record | None, finding: Finding | None, error: GatewayError | None = None
    ) -> GenerationError:
        """
        Return the error for a record that only a person can go on from, and note that one was asked.

        :param error: what this very try got in the place of an answer.
        """
        context = self.context
        if step.reason == "outlived":
            return overtaken(step.record, context.client.conn_id, context.words)
        if step.reason == "twin":
            return not_the_only_row(step.record, context.identity.row_key, context.client.conn_id)
        if step.reason == "elsewhere":
            return sent_elsewhere(step.record, context.client.conn_id, context.words)
        if record is not None:
            context.records.adopt(step.record, record)
        return stopped(step, context.words, finding, error)

    # -- the branches ------------------------------------------------------------------------------

    def _begin(self, step: Begin, wanted: Wanted, before: Record | None) -> Submission:
        context, request = self.context, wanted.request
        if request is None:
            raise cannot_begin(step.abandoned, context.client.conn_id, context.words)
        if not context.policy.begins:
            fate = context.words.fate("not_submitted", left=step.abandoned)
            raise NothingBegunError("A new generation is needed", conn_id=context.client.conn_id, fate=fate)
        if said := why_begun(
            before,
            step.abandoned,
            fingerprint=request.fingerprint,
            cleared=before is not None and before.cleared_since(context.facts.epoch),
            first_try=context.facts.try_number <= 1 or not context.records.durable,
        ):
            log.log(*said)
        key = context.identity.key(step.epoch, step.attempt, request.fingerprint)
        try:
            body = wanted.make_body(key)
        except GatewayError as error:
            raise not_submitted(context, error, before) from None
        record = Record(
            state="intent",
            epoch=step.epoch,
            attempt=step.attempt,
            fingerprint=request.fingerprint,
            key=key,
            begun_at=context.clock.time(),
            conn_id=context.client.conn_id,
            model=request.model,
            body=body,
            namespace=context.identity.namespace,
            category=request.category,
            outputs=request.outputs,
            holder=context.holder,
            try_id=context.facts.try_id,
            not_before=made_at(context.facts.try_id),
        )
        try:
            context.records.claim(record, before)
        except RecordTakenError:
            return self._follow(before)
        submission = self._post(record, Undo(before))
        if self._is_an_earlier_failure(submission):
            log.warning(
                "Generation %s is an earlier try's, which had failed and cost nothing: a new one is "
                "submitted.",
                submission.generation_id,
            )
            return self._begin(Begin(step.epoch, step.attempt + 1), wanted, before)
        return submission

    def _repeat(self, step: Repeat, record: Record | None, wanted: Wanted) -> Submission:
        """
        Send a request again; who may be sending it now has the time to record its answer before.

        :param record: as it is stored.
        """
        context = self.context
        if step.after > 0:
            log.warning(
                "Another try may be sending its request (key %s) at this moment: waiting up to %.0f s for "
                "its answer, before the same request is sent again under the same key.",
                step.record.key,
                step.after,
            )
        patience = context.clock.monotonic() + step.after
        while (left := patience - context.clock.monotonic()) > 0:
            self._pause(min(left, context.policy.conflict_pause))
            if (there := context.records.load()) != record:
                return self._go_on(there, wanted)
        log.warning(
            "Resumed after a try that ended between sending and recording: sending the same request "
            "under the same idempotency key %s.",
            step.record.key,
        )
        return self._take_over(step.record, before=record)

    def _pause(self, seconds: float) -> None:
        """:raises GatewayError: the task was asked to stop."""
        self.context.clock.sleep(seconds)
        if self.context.stopped():
            raise interrupted(None, self.context.client.conn_id, self.context.words)

    def _take_over(self, record: Record, before: Record | None) -> Submission:
        """Send what another process has, or may have, sent: from now on this one may, and that one not."""
        mine = replace(record, holder=self.context.holder)
        try:
            self.context.records.claim(mine, before)
        except RecordTakenError:
            return self._follow(before)
        return self._post(mine)

    def _look_up(self, step: LookUp, wanted: Wanted) -> Submission:
        """Ask the gateway what became of an earlier try's request, which nobody sends from now on."""
        context = self.context
        log.warning(
            "Resumed after a try that ended between sending and recording: looking its request up at the "
            "gateway, under the id %s.",
            step.record.key,
        )
        mine = replace(step.record, holder=context.holder)
        try:
            context.records.claim(mine, step.record)
        except RecordTakenError:
            return self._follow(step.record)
        try:
            finding = look_up(context, mine, patiently=step.patiently)
        except GatewayError as error:
            raise not_looked_up(error, mine, context.words) from None
        if finding.ours is None:
            return self._go_on(mine, wanted, finding)
        found = mine.submitted(finding.ours.id, finding.ours.credits_reserved, context.clock.time())
        context.records.save(found)
        latest = None
        with suppress(GenerationError):  # what was found is known all the same
            latest = context.records.load()
        # Another process may have gone further with it meanwhile.
        return self._go_on(latest or found, wanted)

    def _follow(self, before: Record | None) -> Submission:
        """
        Another copy of this task instance was first: wait for what it records, and re-attach.

        :param before: what was recorded before; there again, it says that the other one has given up.
        """
        context = self.context
        log.warning("Another process of this task is submitting right now; waiting for its record.")
        patience = context.clock.monotonic() + context.policy.conflict_patience
        while True:
            record = context.records.load()
            if record is not None and record.generation_id and record != before:
                return self._join(record)
            if context.clock.monotonic() < patience:
                self._pause(context.policy.conflict_pause)
                continue
            if record is None or record.is_withdrawn or record == before:
                raise overtaken(None, context.client.conn_id, context.words)
            here = record.conn_id == context.client.conn_id
            if context.replays_keys and here and not is_later(record.try_id, context.facts.try_id):
                # It died in between: its bytes under its key, as after any crash.
                return self._take_over(record, record)
            if not here:
                raise sent_elsewhere(record, context.client.conn_id, context.words)
            # The clear that this try came after is none to the next one.
            context.records.adopt(record.adopted(context.facts.epoch, context.facts.try_id), record)
            raise overtaken(record, context.client.conn_id, context.words)

    def _post(self, record: Record, undo: Undo | None = None) -> Submission:
        """
        Send the recorded body, and record the answer.

        :param undo: how to take the intent back; ``None`` when it is an earlier try's, which may
            have been taken in.
        """
        context = self.context
        answer = PaidCall(context, record, undo, self.stop).send()
        if answer is None:
            return self._follow(undo.before if undo else None)
        if isinstance(answer, Record):
            return self._join(answer)
        record = record.submitted(answer.id, answer.credits_reserved, context.clock.time())
        context.records.save(record)
        observability.submitted(Labels(context.client.api.name, record.model))
        log.info(
            "Submitted generation %s: model %s, %s, connection %s.",
            answer.id,
            record.model,
            reserved(record.credits),
            record.conn_id,
        )
        return Submission(record, answer)

    def _join(self, record: Record) -> Submission:
        """Go on with what another process of this task has submitted meanwhile."""
        mine = record.adopted(self.context.facts.epoch, self.context.facts.try_id)
        self.context.records.adopt(mine, record)
        return self._reattach(Reattach(mine))

    def _reattach(self, step: Reattach) -> Submission:
        context = self.context
        record = context.records.current = step.record
        observability.reattached(Labels(context.client.api.name, record.model))
        log.info(
            "Resumed after an earlier try: re-attaching to generation %s (%s); nothing is submitted again.",
            record.generation_id,
            reserved(record.credits),
        )
        if step.changed:
            log.warning(
                "The request renders differently from when generation %s was submitted; the submitted one "
                "is used. Clear the task to have the new request generated; if it was cleared while it ran, "
                "Airflow may have made a retry of that: clear it again when it has ended.",
                record.generation_id,
            )
        return Submission(record)

    def _is_an_earlier_failure(self, submission: Submission) -> bool:
        """
        Whether a gateway that replays keys has answered with what an earlier try of this task came to.

        Where no record outlives a try, every try begins with the same key.
        """
        context, record = self.context, submission.record
        if (
            context.records.durable
            or not context.replays_keys
            or record.attempt + 1 >= context.facts.try_number
        ):
            return False
        # The answer may be a copy of the first one, of before it failed.
        with suppress(GatewayError):
            seen = context.client.get_generation(
                submission.generation_id, category=record.category or "image"
            )
            refused = decide.is_content_refusal(seen.failure.code if seen.failure else None)
            return seen.failed and seen.credits_final == 0 and not refused
        return False
