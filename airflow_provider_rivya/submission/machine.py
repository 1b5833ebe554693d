"""From a request to a task id at the gateway, once: the record around the paid call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airflow_provider_rivya import observability
from airflow_provider_rivya.exceptions import (
    GatewayError,
    GenerationError,
)
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.submission import decide as submission
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission import identity as identities
from airflow_provider_rivya.submission.anew import why_anew
from airflow_provider_rivya.submission.decide import (
    Begin,
    LookUp,
    OnRerun,
    OnUncertain,
    Reattach,
    Repeat,
    Stop,
)
from airflow_provider_rivya.submission.identity import Identity, is_later
from airflow_provider_rivya.submission.lookup import (
    Clock,
    Finding,
    InterruptedLookUpError,
    look_up,
)
from airflow_provider_rivya.submission.paid_call import CONFLICT_PATIENCE, CONFLICT_PAUSE, PaidCall, Undo
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.resuming import is_an_earlier_failure
from airflow_provider_rivya.submission.stopping import (
    cannot_begin,
    interrupted,
    left_behind,
    not_looked_up,
    overtaken,
    sent_elsewhere,
    stopped,
)
from airflow_provider_rivya.submission.stores import RecordTakenError
from airflow_provider_rivya.submission.submitted import Submitted, Wanted

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.request.request import GenerationRequest
    from airflow_provider_rivya.submission.stores import SafeRecords

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submitter:
    """
    Submits a request, or finds what an earlier try has submitted.

    :param hook: of the connection.
    :param records: where the record is kept.
    :param identity: of the task instance.
    :param epoch: its ``max_tries``.
    :param retries_left: automatic retries that Airflow will still make.
    :param try_number: of this try, from 1.
    :param first_since_clear: no try was between the last clear, if there was one, and this one.
    :param killed: whether the task was asked to stop; looked at right before the paid call.
    :param holder: this process, in the intents that it may send.
    :param try_id: this try; later ones have greater ones. ``None``: their order is not known.
    """

    hook: GatewayClient
    records: SafeRecords
    identity: Identity
    epoch: int
    retries_left: int
    on_rerun_after_delivery: OnRerun = "regenerate"
    on_uncertain_submission: OnUncertain = "resubmit"
    try_number: int = 1
    first_since_clear: bool = True
    killed: Callable[[], bool] = lambda: False
    clock: Clock = time
    holder: str = field(default_factory=identities.new_holder)
    try_id: str | None = None

    @property
    def replays_keys(self) -> bool:
        """Whether the gateway answers a repeated key with the generation it has made of it."""
        return self.hook.api.REPLAYS_KEYS

    def situation(self, record: Record | None = None) -> fate.Situation:
        """Return what decides the sentences about cost and retry."""
        return fate.Situation(
            durable=self.records.durable,
            retries_left=self.retries_left,
            generation_id=record.generation_id if record else None,
            credits=record.credits if record else None,
            replays_keys=self.replays_keys,
            resubmits=self.on_uncertain_submission == "resubmit",
        )

    def ruling_record(self) -> Record | None:
        """
        Return the record of an earlier try that rules over what the templates render now.

        That is so until somebody clears the task, and as long as something may have been paid for.
        """
        record = self.records.read()
        if record is None or record.epoch != self.epoch or record.state in ("failed", "withdrawn"):
            return None
        return record

    def obtain(self, request: GenerationRequest | None, make_body: Callable[[str], str]) -> Submitted:
        """
        Return the one generation of this task instance.

        :param request: validated; ``None`` when it cannot be made any more, but :meth:`ruling_record`
            has one of an earlier try.
        :param make_body: gets the key that it will be sent under, which some gateways want in the body;
            uploads the references and returns the exact JSON text; called only when something new is
            submitted.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        return self._go_on(self.records.read(), Wanted(request, make_body))

    def _go_on(self, record: Record | None, wanted: Wanted, finding: Finding | None = None) -> Submitted:
        """
        Do what the record asks for.

        :param record: as it is stored.
        :param finding: of a look-up of this very record.
        """
        request = wanted.request
        step = submission.next_step(
            record,
            now=self.clock.time(),
            epoch=self.epoch,
            fingerprint=request.fingerprint if request else record.fingerprint if record else "",
            namespace=self.identity.namespace,
            on_rerun_after_delivery=self.on_rerun_after_delivery,
            on_uncertain_submission=self.on_uncertain_submission,
            replays_keys=self.replays_keys,
            looked_up=finding.outcome if finding else None,
            try_id=self.try_id,
            conn_id=self.hook.conn_id,
            first_since_clear=self.first_since_clear,
        )
        if isinstance(step, Begin):
            return self._begin(step, wanted, before=record)
        if isinstance(step, Repeat):
            return self._repeat(step, before=record)
        if isinstance(step, LookUp):
            return self._look_up(step, wanted)
        if isinstance(step, Reattach):
            if record is not None:
                self.records.adopt(step.record, record)
            return self._reattach(step)
        raise self.stop(step, record, finding)

    def find(self, record: Record, *, patiently: bool) -> Finding:
        """
        Look up what became of a request.

        :raises GatewayError: the gateway could not be asked, or the task was asked to stop.
        """
        try:
            return look_up(
                self.hook,
                record,
                patiently=patiently,
                clock=self.clock,
                killed=self.killed,
            )
        except InterruptedLookUpError:
            raise interrupted(record, self.situation(record)) from None

    def stop(
        self, step: Stop, record: Record | None, finding: Finding | None, error: GatewayError | None = None
    ) -> GenerationError:
        """
        Return the error for a record that only a person can go on from, and note that one was asked.

        :param error: what this very try got in the place of an answer.
        """
        if step.reason == "outlived":
            return overtaken(step.record, self.hook.conn_id, self.situation(step.record))
        if step.reason == "elsewhere":
            return sent_elsewhere(step.record, self.hook.conn_id)
        if record is not None:
            self.records.adopt(step.record, record)
        return stopped(step, self.situation(step.record), finding, error)

    # -- the branches ------------------------------------------------------------------------------

    def _begin(self, step: Begin, wanted: Wanted, before: Record | None) -> Submitted:
        request = wanted.request
        if request is None:
            raise cannot_begin(step.abandoned, self.hook.conn_id)
        if said := why_anew(
            before,
            step.abandoned,
            fingerprint=request.fingerprint,
            cleared=before is not None and before.epoch != self.epoch,
            first_try=self.try_number <= 1 or not self.records.durable,
        ):
            log.log(*said)
        key = identities.idempotency_key(self.identity, step.epoch, step.attempt, request.fingerprint)
        record = Record(
            state="intent",
            epoch=step.epoch,
            attempt=step.attempt,
            fingerprint=request.fingerprint,
            key=key,
            begun_at=0.0,
            conn_id=self.hook.conn_id,
            model=request.model,
            body=self._upload(wanted, key, before),
            namespace=self.identity.namespace,
            category=request.category,
            holder=self.holder,
            try_id=self.try_id,
        )
        record = replace(record, begun_at=self.clock.time())
        try:
            self.records.begin(record, before)
        except RecordTakenError:
            return self._follow(before)
        submitted = self._post(record, Undo(before))
        if is_an_earlier_failure(self, submitted):
            log.warning(
                "Generation %s is an earlier try's, which had failed and cost nothing: a new one is "
                "submitted.",
                submitted.generation_id,
            )
            return self._begin(Begin(step.epoch, step.attempt + 1), wanted, before)
        return submitted

    def _repeat(self, step: Repeat, before: Record | None) -> Submitted:
        log.warning(
            "Resumed after a try that ended between sending and recording: sending the same request "
            "under the same idempotency key %s.",
            step.record.key,
        )
        return self._take_over(step.record, before)

    def _take_over(self, record: Record, before: Record | None) -> Submitted:
        """Send what another process has, or may have, sent: from now on this one may, and that one not."""
        mine = replace(record, holder=self.holder)
        try:
            self.records.begin(mine, before)
        except RecordTakenError:
            return self._follow(before)
        return self._post(mine)

    def _look_up(self, step: LookUp, wanted: Wanted) -> Submitted:
        """Ask the gateway what became of an earlier try's request, which nobody sends from now on."""
        log.warning(
            "Resumed after a try that ended between sending and recording: looking its request up at the "
            "gateway, under the id %s.",
            step.record.key,
        )
        mine = replace(step.record, holder=self.holder)
        try:
            self.records.begin(mine, step.record)
        except RecordTakenError:
            return self._follow(step.record)
        try:
            finding = self.find(mine, patiently=step.patiently)
        except GatewayError as error:
            raise not_looked_up(error, mine, self.situation(mine)) from None
        if finding.ours is None:
            return self._go_on(mine, wanted, finding)
        found = mine.submitted(finding.ours.id, finding.ours.credits_reserved, self.clock.time())
        self.records.note(found)
        latest = None
        with suppress(GenerationError):  # what was found is known all the same
            latest = self.records.read()
        # Another process may have gone further with it meanwhile.
        return self._go_on(latest or found, wanted)

    def _follow(self, before: Record | None) -> Submitted:
        """
        Another copy of this task instance was first: wait for what it records, and re-attach.

        :param before: what was recorded before; there again, it says that the other one has given up.
        """
        log.warning("Another process of this task is submitting right now; waiting for its record.")
        patience = self.clock.monotonic() + CONFLICT_PATIENCE
        while True:
            record = self.records.read()
            if record is not None and record.generation_id and record != before:
                return self._join(record)
            if self.clock.monotonic() < patience:
                self.clock.sleep(CONFLICT_PAUSE)
                continue
            if record is None or record.state == "withdrawn" or record == before:
                raise overtaken(None, self.hook.conn_id, self.situation())
            here = record.conn_id == self.hook.conn_id
            if self.replays_keys and here and not is_later(record.try_id, self.try_id):
                # It died in between: its bytes under its key, as after any crash.
                return self._take_over(record, record)
            if not here:
                raise sent_elsewhere(record, self.hook.conn_id)
            # The clear that this try came after is none to the next one.
            self.records.adopt(record.adopted(self.epoch, self.try_id), record)
            raise overtaken(record, self.hook.conn_id, self.situation(record))

    def _upload(self, wanted: Wanted, key: str, before: Record | None) -> str:
        try:
            return wanted.make_body(key)
        except GatewayError as error:
            final = not error.retryable
            error.fate = fate.not_submitted(self.situation(), final=final, left=left_behind(before))
            raise without_retry(error) if final else error from None

    def _post(self, record: Record, undo: Undo | None = None) -> Submitted:
        """
        Send the recorded body, and record the answer.

        :param undo: how to take the intent back; ``None`` when it is an earlier try's, which may
            have been taken in.
        """
        answer = PaidCall(self, record, undo).send()
        if answer is None:
            return self._follow(undo.before if undo else None)
        if isinstance(answer, Record):
            return self._join(answer)
        record = record.submitted(answer.id, answer.credits_reserved, self.clock.time())
        self.records.note(record)
        observability.submitted(Labels(self.hook.api.NAME, record.model))
        log.info(
            "Submitted generation %s: model %s, %s, connection %s.",
            answer.id,
            record.model,
            self.situation(record).paid,
            record.conn_id,
        )
        return Submitted(record, answer)

    def _join(self, record: Record) -> Submitted:
        """Go on with what another process of this task has submitted meanwhile."""
        mine = record.adopted(self.epoch, self.try_id)
        self.records.adopt(mine, record)
        return self._reattach(Reattach(mine))

    def _reattach(self, step: Reattach) -> Submitted:
        record = self.records.held = step.record
        observability.reattached(Labels(self.hook.api.NAME, record.model))
        log.info(
            "Resumed after an earlier try: re-attaching to generation %s (%s); nothing is submitted again.",
            record.generation_id,
            self.situation(record).paid,
        )
        if step.changed:
            log.warning(
                "The request renders otherwise than when generation %s was submitted; the submitted one "
                "rules. Clear the task to have the new request generated; if it was cleared while it ran, "
                "Airflow may have made a retry of that: clear it again when it has ended.",
                record.generation_id,
            )
        return Submitted(record, None)
