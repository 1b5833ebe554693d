"""
One generation from a request to landed files: prepare, submit, wait, land. No Airflow in here.

The operators, the sensors, the hooks' ``generate`` and the command line are doors to it: they turn what they
are given into plain values, and its results and errors into what is wanted there.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.generation.finalize import Awaited, OwnOutcome, finalize
from airflow_provider_rivya.landing.checks import STRUCTURE, Checks
from airflow_provider_rivya.landing.fetch import RETRIES, Retries
from airflow_provider_rivya.request.body import BodyMaker
from airflow_provider_rivya.request.budget import surprise
from airflow_provider_rivya.request.prepare import prepare_request
from airflow_provider_rivya.stop import Stop, StopFlag
from airflow_provider_rivya.submission.context import Submission, SubmissionContext
from airflow_provider_rivya.submission.identity import is_later
from airflow_provider_rivya.submission.machine import Submitter, Wanted
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.turn import SHORT
from airflow_provider_rivya.waiting import memory
from airflow_provider_rivya.waiting.decide import PATIENCE, Finished, Patience
from airflow_provider_rivya.waiting.durations import DURATIONS, Likely
from airflow_provider_rivya.waiting.loop import LAST_LOOK, Target, watch
from airflow_provider_rivya.waiting.progress import Narrator, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.exceptions import Fault
    from airflow_provider_rivya.request.prepare import Prepared, RequestArguments
    from airflow_provider_rivya.result import GenerationResult
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace

log = logging.getLogger(__name__)

MOST: Final = 0.8
"""Of the generations that run now: that this share ends within a deferral's own cost is worth waiting for."""


@dataclass(frozen=True)
class GenerationJob:
    """
    The one generation of a task, a command or a call.

    :param context: facts of the try, a policy, and the ports.
    :param stop: set when the task is asked to stop: waits, transfers and repeats then end.
    :param patience: with faults while it waits.
    :param retries: of a transfer, when it lands files.
    :param narrator: tells how the waiting goes: made with the generation's id and when it was submitted.
    :param tell: is told where the generation stands: with each line of the log, when somebody else goes on
        with the waiting, and when that is over.
    :param remembers: this process is one of many with one generation each: what they learn is handed on.
    """

    context: SubmissionContext
    stop: Stop = field(default_factory=StopFlag)
    patience: Patience = PATIENCE
    retries: Retries = RETRIES
    narrator: Callable[[str, float], Narrator] = Narrator
    tell: Callable[[Standing], None] = lambda standing: None
    remembers: bool = False

    # -- prepare and submit ------------------------------------------------------------------------

    def prepare(self, arguments: RequestArguments, folder: str, faults: Sequence[Fault] = ()) -> Prepared:
        """
        Check request, files and output place, before anything is sent.

        :param folder: for files that are fetched or converted; must outlive :meth:`submit`.
        :param faults: what is known to be wrong already.
        :raises InvalidRequestError: with every fault.
        """
        return prepare_request(arguments, self.context.client, folder, faults, self.stop)

    def submit(self, prepared: Prepared | None) -> Submission:
        """
        Submit the request, or find what an earlier try has submitted.

        :param prepared: ``None`` when the request cannot be made any more, but an earlier try's rules.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        client = self.context.client
        request = prepared.request if prepared else None
        submission = Submitter(self.context).ensure_submitted(Wanted(request, BodyMaker(client, prepared)))
        if submission.answer is not None and prepared is not None:
            said = surprise(submission.answer.credits_reserved, prepared.spec, prepared.budget)
            if said:
                log.warning("%s", said)
        return submission

    def ruling_record(self) -> Record | None:
        """Return the record of an earlier try that rules over what is asked for now."""
        return Submitter(self.context).ruling_record()

    def resume(
        self,
        generation_id: str | None,
        model: str,
        credits: float | None = None,
        carried: Record | None = None,
    ) -> Submission:
        """
        Go on after a deferral with what was submitted before it.

        Where nothing outlives a try, or the record cannot be read now, a record is put together from what the
        deferral has carried: the generation exists, whatever the record's place says.

        :param credits: reserved for it, where the gateway has told.
        :param carried: the record, if it was certainly stored before the deferral: then it is not read.
        """
        context = self.context
        record = carried
        if record is None:
            try:
                record = context.records.load()
            except GenerationError as error:
                log.warning("Going on without the submission record: the generation exists. %s", error)
        later = record is not None and is_later(record.try_id, context.facts.try_id)
        if record is not None and record.unanswered and generation_id and not later:
            # The answer came, and could not be recorded then.
            record = record.submitted(generation_id, credits, context.clock.time())
            context.records.save(record)
        if record is None or generation_id not in (None, record.generation_id):
            record = Record(
                state="submitted",
                epoch=context.facts.epoch,
                attempt=0,
                fingerprint="",
                key="",
                begun_at=0.0,
                conn_id=context.client.conn_id,
                model=model,
                generation_id=generation_id,
                credits=credits,
            )
        context.records.current = record
        return Submission(record)

    def category(self, submission: Submission) -> str:
        """Where the gateway keeps a generation: ``image``, ``video`` or ``audio``."""
        from airflow_provider_rivya.catalog.bundled import category_of

        return submission.record.category or category_of(
            self.context.client.api.name, submission.record.model
        )

    # -- wait --------------------------------------------------------------------------------------

    def wait(self, submission: Submission, *, deadline: float, here: float) -> Finished | None:
        """
        Look once, and wait as long as this process is to wait.

        :param deadline: when this try gives up, seconds since the epoch.
        :param here: seconds for this process to wait.
        :return: ``None``: the rest is the triggerer's.
        """
        if (ended := self._look(submission, deadline)) is not None:
            return ended
        here = max(here, self._worth_waiting(submission))
        if here > 0:
            finished = self._watch(submission, min(time.time() + here, deadline))
            if finished.outcome != "timeout" or time.time() >= deadline:
                return finished
        self.tell(self._standing(submission, submission.answer, deadline, "in the triggerer"))
        return None

    def _worth_waiting(self, submission: Submission) -> float:
        """Return the seconds to wait here for what is likely to end sooner than a deferral takes."""
        record, settings = submission.record, self.context.client.settings
        if settings.loopback:
            return 0.0  # at a sandbox everything is short, and deferrals are what is tried out there
        if self.remembers:
            memory.recall()
        likely = self._likely(submission)
        elapsed = max(0.0, time.time() - (record.submitted_at or 0.0))
        return SHORT if likely is not None and likely.ended_by(MOST, elapsed) - elapsed <= SHORT else 0.0

    def _likely(self, submission: Submission) -> Likely | None:
        return DURATIONS.likely(
            self.context.client.settings.base_url, submission.record.model, self.category(submission)
        )

    def wait_here(self, submission: Submission, *, deadline: float) -> Finished:
        """
        Look once, and wait to the end, where no triggerer takes over.

        :param deadline: when to give up, seconds since the epoch.
        """
        return self._look(submission, deadline) or self._watch(submission, deadline)

    def _look(self, submission: Submission, deadline: float) -> Finished | None:
        """Return the end of a generation that has ended by now."""
        known = submission.answer
        if known is None:
            # An earlier try's generation may have ended long ago.
            with suppress(GatewayError):
                known = self.context.client.get_generation(
                    submission.generation_id,
                    category=self.category(submission),
                    repeat=False,  # it is asked for again anyway
                    within=max(LAST_LOOK, deadline - time.time()),
                )
        return Finished.of(known) if known is not None and known.ended else None

    def _watch(self, submission: Submission, deadline: float) -> Finished:
        client = self.context.client
        target = Target.of(
            submission.generation_id,
            client.api,
            client.settings,
            self.category(submission),
            max(0.0, deadline - time.time()),
            submission.record.submitted_at,
            self.patience,
            self.narrator,
            model=submission.record.model,
            told=lambda seen: self.tell(self._standing(submission, seen, deadline, "on the worker")),
        )
        return watch(client, target, self.stop)

    def _standing(
        self,
        submission: Submission,
        seen: Generation | GatewayError | Finished | None,
        deadline: float | None = None,
        waits: Literal["on the worker", "in the triggerer"] | None = None,
    ) -> Standing:
        record, likely = submission.record, self._likely(submission)
        status = seen.outcome if isinstance(seen, Finished) else getattr(seen, "status", "unknown")
        return Standing(
            submission.generation_id,
            record.model,
            status,
            waits,
            time.time(),
            record.submitted_at,
            deadline,
            getattr(seen, "progress", None),
            likely.usual if likely is not None else None,
            record.credits,
        )

    # -- land --------------------------------------------------------------------------------------

    def land(
        self,
        submission: Submission,
        finished: Finished,
        place: OutputPlace | None,
        *,
        if_exists: IfExists = "overwrite",
        since: float | None = None,
        checks: Checks = STRUCTURE,
    ) -> GenerationResult:
        """
        Land the files of a generation whose waiting has ended.

        :param place: ``None`` hands on the URLs alone.
        :param since: when this try began to wait, seconds since the epoch.
        :param checks: how the files are looked at.
        :raises GenerationError: with what happened, what it cost and what a retry will do.
        """
        record = submission.record
        self.tell(self._standing(submission, finished))
        result = finalize(
            self.context.client,
            OwnOutcome(self.context, record),
            Awaited(submission.generation_id, record.model, self.category(submission), since, record.outputs),
            finished,
            place,
            if_exists=if_exists,
            stop=self.stop,
            retries=self.retries,
            checks=checks,
        )
        if self.remembers:
            self._remember(submission, result)
        return result

    def _remember(self, submission: Submission, result: GenerationResult) -> None:
        """Note how long the generation took, by the gateway's times, if these can be right."""
        record, settings = submission.record, self.context.client.settings
        if settings.loopback or not (result.created_at and result.finished_at and record.submitted_at):
            return
        begun, ended = map(datetime.fromisoformat, (result.created_at, result.finished_at))
        seconds = (ended - begun).total_seconds()
        if 0.0 < seconds <= time.time() - record.submitted_at + 1.0:
            memory.remember(settings.base_url, record.model, self.category(submission), seconds)
