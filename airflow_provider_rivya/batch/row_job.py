"""One row at the gateway: submitted, looked at and landed as one generation is. Runs in threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.files.stored import StoredFiles
from airflow_provider_rivya.batch.ledger import Entry, RowResult
from airflow_provider_rivya.batch.progress import about
from airflow_provider_rivya.batch.records import RowRecords, Window
from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.gallery.extras import NO_EXTRAS, Extras
from airflow_provider_rivya.gallery.files import Beside
from airflow_provider_rivya.gallery.make import add_to_files
from airflow_provider_rivya.gallery.sidecar import MadeFrom
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.landing.checks import Checks
from airflow_provider_rivya.landing.fetch import RETRIES, Retries
from airflow_provider_rivya.stop import Stop
from airflow_provider_rivya.submission.context import (
    Submission,
    SubmissionContext,
    SubmissionPolicy,
    TryFacts,
    Words,
)
from airflow_provider_rivya.submission.identity import RowIdentity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.waiting.decide import PATIENCE, Finished, Patience, Sleep, Wait
from airflow_provider_rivya.waiting.durations import DURATIONS
from airflow_provider_rivya.waiting.loop import learn
from airflow_provider_rivya.waiting.schedule import schedule_for

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.batch.segments import Ledger
    from airflow_provider_rivya.batch.table.planned import Asked, PlannedRow
    from airflow_provider_rivya.request.prepare import Prepared
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace
    from airflow_provider_rivya.submission.context import Clock, Outcome
    from airflow_provider_rivya.submission.record import Record


_FATES: Final = {
    "refunded": "It is made again as often as row_attempts says, and after that by a clear of the task.",
    "charged": "A retry does not make it again, as that would pay again; a clear of the task does. Ask the "
    "gateway's support about the credits.",
    "refused": "A retry does not ask again, as the same content would be refused again; change the row and "
    "clear the task.",
}


class RowWords(TaskWords):
    """The sentences of a task, for one of many rows: what the log warns of is said once for all of them."""

    @property
    def risk(self) -> str:
        return ""

    def fate(self, outcome: Outcome, record: Record | None = None, **more: Any) -> str:
        return _FATES.get(outcome) or super().fate(outcome, record, **more)


@dataclass(frozen=True)
class BatchContext:
    """
    All that the rows of a batch are made with.

    :param batch: digest of whose rows these are.
    :param place: the folder of the outputs; ready to be used by many threads.
    :param beside: puts beside the files what ``extras`` says.
    :param facts: of the try; their epoch tells runs apart where runs share their rows.
    """

    client: GatewayClient
    ledger: Ledger
    batch: str
    holder: str
    asked: Asked
    place: OutputPlace
    facts: TryFacts
    policy: SubmissionPolicy
    words: Words
    stop: Stop
    clock: Clock
    if_exists: IfExists = "overwrite"
    patience: Patience = PATIENCE
    retries: Retries = RETRIES
    extras: Extras = NO_EXTRAS
    beside: Beside | None = None

    @cached_property
    def files(self) -> StoredFiles:
        """What stands at the place since before this try."""
        return StoredFiles(self.place, replace=self.if_exists == "overwrite")

    def stands(self, row: PlannedRow) -> bool:
        """Whether the files of a row stand where they were stored."""
        state = self.ledger.book.rows[row.key]
        return state.stored is not None and self.files.sight(state, row.stem) == "sound"

    @cached_property
    def looking(self) -> SubmissionPolicy:
        """With which nothing new is begun: what was sent is gone on with, or looked up."""
        if self.client.api.capabilities.replays_keys:
            return replace(self.policy, begins=False)
        return replace(self.policy, begins=False, on_uncertain_submission="fail")

    @property
    def epoch(self) -> int:
        return self.facts.epoch

    def job(
        self, row: PlannedRow, window: Window | None = None, policy: SubmissionPolicy | None = None
    ) -> GenerationJob:
        """Return the one generation of a row."""
        namespace = self.client.settings.idempotency_namespace
        context = SubmissionContext(
            client=self.client,
            records=RecordKeeper(RowRecords(self.ledger, row.key, row.price, window), self.client.conn_id),
            identity=RowIdentity(namespace, self.batch, row.key),
            words=self.words,
            facts=self.facts,
            policy=policy or self.policy,
            stopped=self.stop.is_set,
            clock=self.clock,
            holder=self.holder,
        )
        return GenerationJob(context, self.stop, self.patience, self.retries)

    def wait_for(self, row: PlannedRow, record: Record, deadline: float) -> Wait:
        """Return what decides when the row's generation is looked at."""
        settings = self.client.settings
        schedule = schedule_for(
            record.category or row.category,
            self.client.api.polling,
            first=settings.poll_first,
            interval=settings.poll_interval,
            maximum=settings.poll_max,
            loopback=settings.loopback,
        )
        begun = record.submitted_at or self.clock.time()
        likely = DURATIONS.likely(settings.base_url, record.model, record.category or row.category)
        return Wait(schedule, begun, deadline, record.generation_id or "", self.patience, likely)


@dataclass(slots=True)
class Flight:
    """
    A row at the gateway.

    :param due: when it is looked at next, seconds since the epoch.
    :param looking: a thread is at it.
    """

    row: PlannedRow
    record: Record
    wait: Wait
    due: float
    looking: bool = False
    known: Generation | None = field(default=None, repr=False)


def submit(
    context: BatchContext, row: PlannedRow, window: Window, policy: SubmissionPolicy
) -> Submission | GenerationError:
    """Submit a row, or find what was submitted for it; its first intent is its window's."""
    with about(row.key):
        try:
            job = context.job(row, window, policy)
            if row.references is None:
                return job.submit(_prepared(context, job, row, ""))
            with TemporaryDirectory(prefix="rivya-row-") as folder:
                return job.submit(_prepared(context, job, row, folder))
        except GenerationError as error:
            return error
        finally:
            window.leave(row.key)


def _prepared(context: BatchContext, job: GenerationJob, row: PlannedRow, folder: str) -> Prepared | None:
    """Check the request with its files; what an earlier try has paid for is landed whatever they are now."""
    try:
        prepared = job.prepare(row.arguments(context.asked), folder)
        if context.extras.sidecar and row.references is not None:
            context.ledger.note(Entry(row.key, references=list(prepared.request.reference_digests)))
        return prepared
    except GenerationError:
        if job.ruling_record() is None:
            raise
        return None


def look(
    context: BatchContext, flight: Flight, refresh: Callable[[], None]
) -> Sleep | GenerationError | None:
    """
    Look at a row's generation, and land it if it has succeeded; or find that its files stand there already.

    :param refresh: reads the connection again.
    :return: when to look again; why there is no result; ``None``: it is landed, and noted so.
    """
    row, record = flight.row, flight.record
    with about(row.key):
        stored = context.ledger.book.rows[row.key].result
        if stored is not None and (kept := context.files.kept(stored, row.stem)) is not None:
            _note(context, row, kept, stored.epoch)
            return None
        generation_id, category = record.generation_id or "", record.category or row.category
        seen: Generation | GatewayError
        try:
            seen = flight.known or context.client.get_generation(
                generation_id, category=category, repeat=False
            )
        except GatewayError as error:
            seen = error
        flight.known = None
        step = flight.wait.after(context.clock.time(), seen)
        if isinstance(step, Sleep):
            if step.refresh:
                refresh()
            return step
        just_ended = step.generation is not None and step.generation.succeeded and not record.is_delivered
        if step.generation is not None and just_ended and record.submitted_at:
            elapsed, gateway = context.clock.time() - record.submitted_at, context.client.settings.base_url
            learn(gateway, record.model, category, step.generation, elapsed, flight.wait.interval)
        return land(context, row, record, step)


def land(
    context: BatchContext, row: PlannedRow, record: Record, finished: Finished
) -> GenerationError | None:
    """Land what has ended, and note it in the ledger."""
    # Another file stands in the place of the row's own: that is known not to be what is to be kept.
    replaced = context.if_exists == "skip" and context.ledger.book.rows[row.key].result is not None
    try:
        result = context.job(row).land(
            Submission(record),
            finished,
            context.place.named(row.stem),
            if_exists="fail" if replaced else context.if_exists,
            checks=Checks.of(context.asked.verify, row.params),
        )
    except GenerationError as error:
        return error
    # Whoever has its URL has the file: that is in no ledger.
    outputs = tuple(replace(output, source_url="") for output in result.outputs)
    document = replace(result, outputs=outputs).to_xcom()
    for output in document["outputs"]:
        del output["source_url"]
    _note(context, row, document, context.epoch)
    return None


def _note(context: BatchContext, row: PlannedRow, document: dict[str, Any], epoch: int) -> None:
    """Put beside the files what is asked for, and note them in the ledger."""
    if context.beside is not None:
        state = context.ledger.book.rows[row.key]
        made_from = MadeFrom(row.prompt, row.params or {}, state.references if row.references else [])
        add_to_files(context.beside, document, context.extras, made_from, {"row_key": row.key})
    text = json.dumps(document, separators=(",", ":"))
    context.ledger.note(Entry(row.key, result=RowResult(epoch, text)))
